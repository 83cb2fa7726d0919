"""LaTeX tables: structure, escaping, and a real LaTeX where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from overlaysim.report.latex import escape, latex_document, latex_table
from overlaysim.report.table import Table

EVIL = 'a_b&c %$#{}~^\\<>|"é日\x1b'
TABLE = Table(
    ("bytes, IMIX", "wire B", "switches see", "± here"),
    (("vxlan", "433.17", "every flow", "1.0 ± 0.1"), (EVIL, "1", "one_flow", "-")),
    left=(0, 2), notes=("100 % of it & more",),
)  # fmt: skip


def balanced(text: str) -> bool:
    """Whether environments and braces close in the order in which they open."""
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            opened.append(name)
        elif not opened or opened.pop() != name:
            return False
    bare = re.sub(r"\\[{}]", "", text)
    return not opened and bare.count("{") == bare.count("}")


def test_every_row_has_as_many_cells_as_there_are_columns() -> None:
    text = latex_table(TABLE, "tab:1")
    columns = re.search(r"\\begin\{tabular\}\{(\w+)\}", text)
    assert columns is not None
    assert columns[1] == "lrlr"
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 3
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {3}
    assert balanced(text)
    assert [rule for rule in ("toprule", "midrule", "bottomrule") if text.count(rule) == 1] == [
        "toprule", "midrule", "bottomrule",
    ]  # fmt: skip
    assert r"\caption{bytes, IMIX}" in text
    assert r"100 \% of it \& more" in text


def test_names_of_users_print_as_they_are() -> None:
    assert escape("a_b&c") == r"a\_b\&c"
    assert escape(r"\input{x}") == r"\textbackslash{}input\{x\}"
    assert escape("100 % $x^2$ #1 ~") == (r"100 \% \$x\textasciicircum{}2\$ \#1 \textasciitilde{}")
    assert escape("é ± 日\x1b") == r"é $\pm$ U+65E5\textbackslash{}x1b"


def test_a_document_numbers_its_tables_and_comments_its_notes() -> None:
    text = latex_document([TABLE, TABLE], ["5 % of it\nsecond"])
    assert re.findall(r"\\label\{(.*?)\}", text) == ["tab:1", "tab:2"]
    assert "% 5 % of it\\nsecond\n" in text
    assert text.startswith("% Needs \\usepackage{booktabs}")
    assert balanced(text)
    assert latex_document([TABLE] * 17).count(r"\clearpage") == 2


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no LaTeX")
def test_a_real_latex_takes_it(tmp_path: Path) -> None:
    (tmp_path / "tables.tex").write_text(latex_document([TABLE] * 60), encoding="utf-8")
    document = (
        "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\\input{tables}\n"
        "\\end{document}\n"
    )
    (tmp_path / "paper.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if "booktabs.sty' not found" in done.stdout:
        pytest.skip("this LaTeX has no booktabs")
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Output written on paper.pdf" in done.stdout
