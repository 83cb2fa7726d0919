"""A table as data, and how it looks as text; the HTML report shows the same tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from overlaysim.errors import visible

WIDTH = 100
"""Columns of text that a report may use."""

_GAP = 2
MIN_CUT = 8
"""Characters below which what is left of a name says nothing."""


@dataclass(frozen=True)
class Table:
    """A titled table of text cells.

    Attributes:
        head: one title per column; the first is the title of the whole table.
        rows: the cells; a row has as many as ``head``.
        left: indices of the columns that are text and stand to the left; the others are numbers.
        notes: sentences below the table.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: tuple[int, ...] = (0,)
    notes: tuple[str, ...] = ()

    def lines(self, width: int = WIDTH) -> list[str]:
        """The table as lines of at most ``width`` characters; long text cells are cut.

        Numbers are never cut: with many numeric columns the text columns get shorter, the widest
        first, down to six characters.
        """
        cells = [tuple(visible(cell) for cell in row) for row in (self.head, *self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.head))]
        while sum(widths) + _GAP * (len(widths) - 1) > width:
            widest = max(self.left, key=lambda i: widths[i])
            if widths[widest] <= 6:
                break
            widths[widest] -= 1
        lines = [self._line(row, widths) for row in cells]
        return lines + [f"  {line}" for note in self.notes for line in wrap(visible(note), width)]

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        parts = [
            cut(cell, size).ljust(size) if i in self.left else cell.rjust(size)
            for i, (cell, size) in enumerate(zip(row, widths, strict=True))
        ]
        return (" " * _GAP).join(parts).rstrip()


ARROW = " -> "


def cut(text: str, width: int) -> str:
    """Shorten text in its middle, where names differ least; both ends of an arrow keep theirs."""
    if len(text) <= width:
        return text
    start, arrow, end = text.partition(ARROW)
    room = width - len(ARROW)
    if arrow and room >= 2 * MIN_CUT:
        first = max(room // 2, room - len(end))
        return f"{cut(start, first)}{ARROW}{cut(end, room - min(first, len(start)))}"
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[-tail:] if tail else ''}"


def wrap(text: str, width: int, indent: str = "  ") -> list[str]:
    """Break a sentence into lines; continuation lines are indented; long words are cut."""
    lines = [""]
    for word in text.split(" "):
        room = width - 2 - len(indent)
        piece = cut(word, room)
        if lines[-1] and len(lines[-1]) + 1 + len(piece) > width - 2:
            lines.append(indent + piece)
        else:
            lines[-1] = f"{lines[-1]} {piece}" if lines[-1] else piece
    return lines


def side_by_side(left: Sequence[str], right: Sequence[str], width: int = WIDTH) -> list[str]:
    """Put two blocks of lines next to one another if they fit, else one below the other."""
    size = max((len(line) for line in left), default=0) + 3 * _GAP
    if size + max((len(line) for line in right), default=0) > width:
        return [*left, "", *right]
    rows = max(len(left), len(right))
    padded = [[*block, *[""] * (rows - len(block))] for block in (left, right)]
    return [f"{a:<{size}}{b}".rstrip() for a, b in zip(*padded, strict=True)]
