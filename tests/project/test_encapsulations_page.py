"""docs/encapsulations.md: its output is real, its code runs, and its tables leave nothing out."""

from __future__ import annotations

import dataclasses
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from fenced_blocks import Typed, blocks_of, typed_in
from test_documents import first_untrue_line

from overlaysim.cli.main import main
from overlaysim.overlay.encapsulation import DeviceSettings, Encapsulation

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "encapsulations.md"
TYPED = [typed for block in blocks_of(PAGE, "console") for typed in typed_in(block)]


@pytest.mark.parametrize("typed", TYPED, ids=lambda typed: typed.command)
def test_output_is_real(typed: Typed, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(shlex.split(typed.command)[1:]) == 0
    real = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert first_untrue_line(typed.shown, real) is None, f"line {typed.line}; see make readme"


def test_code_runs_and_prints_what_is_said(tmp_path: Path) -> None:
    """In a process of its own: what it registers is nobody else's."""
    code = "\n".join(block.text for block in blocks_of(PAGE, "python"))
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    shown = "".join(block.text for block in blocks_of(PAGE, "text")).splitlines()
    assert len(shown) > 10
    assert first_untrue_line(shown, done.stdout.rstrip().splitlines()) is None


def test_the_picture_is_what_the_command_draws(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["headers", "vxlan", "--svg", "-"]) == 0
    drawn = capsys.readouterr().out
    picture = (ROOT / "docs" / "vxlan-headers.svg").read_text(encoding="utf-8")
    assert picture == drawn, "overlaysim headers vxlan --svg docs/vxlan-headers.svg"


@pytest.mark.parametrize(
    ("title", "kind"),
    [("of an encapsulation", Encapsulation), ("of `DeviceSettings`", DeviceSettings)],
)
def test_tables_have_every_field(title: str, kind: type) -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = text.partition(f"| {title} |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", table, re.MULTILINE)
    named = [name for cell in cells for name in re.findall(r"\w+", cell)]
    assert sorted(named) == sorted(field.name for field in dataclasses.fields(kind))
