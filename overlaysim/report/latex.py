"""Tables for a paper: LaTeX with booktabs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from overlaysim.errors import visible
from overlaysim.report.table import Table

_ESCAPED = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$",
    "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''",
    "±": r"$\pm$", "·": r"$\cdot$", "µ": r"$\mu$", "…": r"\ldots{}",
}  # fmt: skip
_LETTERS = range(0xC0, 0x100)
"""Accented letters of Latin-1, which every LaTeX can set."""

_FLOATS = 8

PREAMBLE = (
    "% Needs \\usepackage{booktabs}; each table floats by itself.",
    "% Written by overlaysim; a line of comment per note.",
)


def escape(text: str) -> str:
    """Text of a user as LaTeX that prints just that; what no font has becomes its code point."""
    return "".join(map(_character, visible(text)))


def _character(char: str) -> str:
    if char in _ESCAPED:
        return _ESCAPED[char]
    if char.isascii() or ord(char) in _LETTERS:
        return char
    return f"U+{ord(char):04X}"


def latex_table(table: Table, label: str) -> str:
    """One ``table`` environment; its caption is the table's title."""
    columns = "".join("l" if place in table.left else "r" for place in range(len(table.head)))
    title, *heads = table.head
    lines = [
        r"\begin{table}[htbp]",
        r"  \centering\footnotesize",
        rf"  \caption{{{escape(title)}}}",
        rf"  \label{{{label}}}",
        rf"  \begin{{tabular}}{{{columns}}}",
        r"    \toprule",
        f"    {_row(['', *heads])}",
        r"    \midrule",
        *(f"    {_row(row)}" for row in table.rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        *(rf"  \par\smallskip {{\scriptsize {escape(note)}}}" for note in table.notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def latex_document(tables: Sequence[Table], notes: Iterable[str] = (), prefix: str = "tab") -> str:
    """Tables to be read with ``\\input``, with notes as comments in front of them.

    Every few tables a page ends: LaTeX does not take any number of floats without text.
    """
    comments = [*PREAMBLE, *(f"% {visible(note)}" for note in notes)]
    blocks = []
    for number, table in enumerate(tables, start=1):
        page_end = "\\clearpage\n" if number % _FLOATS == 0 and number < len(tables) else ""
        blocks.append(latex_table(table, f"{prefix}:{number}") + page_end)
    return "\n".join(["\n".join(comments) + "\n", *blocks])


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(escape, cells)) + r" \\"
