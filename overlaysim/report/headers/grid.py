"""Where the boxes of a header stand on a grid 32 bits wide, for text and vector drawings alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 32
"""Bits of a row."""

_WHOLE = 4
"""Rows of one and the same box that are all drawn; of more, the first and the last."""


@dataclass(frozen=True)
class Span:
    """The part of a box in one row: number of the box, first bit and width."""

    box: int
    start: int
    width: int


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        index: which row of 32 bits it is, from 0.
        spans: the boxes in it, from left to right.
        gap: whether it stands for several rows of the one box in it.
    """

    index: int
    spans: tuple[Span, ...]
    gap: bool = False

    def box_at(self, bit: int) -> int | None:
        """The number of the box at a bit; None beside all boxes."""
        return next((s.box for s in self.spans if s.start <= bit < s.start + s.width), None)


def rows_of(widths: Sequence[int], column: int = 0) -> tuple[Row, ...]:
    """Lay out boxes of these many bits one after the other, beginning at bit ``column``.

    Boxes of no bits are left out, and the middle of long ones is folded into one row.
    """
    rows: dict[int, list[Span]] = {}
    place = column
    for box, width in enumerate(widths):
        end = place + width
        while place < end:
            index, start = divmod(place, WIDTH)
            size = min(WIDTH - start, end - place)
            rows.setdefault(index, []).append(Span(box, start, size))
            place += size
    return tuple(_folded([Row(index, tuple(spans)) for index, spans in rows.items()]))


def _folded(rows: Sequence[Row]) -> list[Row]:
    """Replace all but the ends of a long run of rows that hold nothing but one box."""
    found: list[Row] = []
    place = 0
    while place < len(rows):
        end = place + 1
        while end < len(rows) and _alone(rows[place]) and rows[end].spans == rows[place].spans:
            end += 1
        run = list(rows[place:end])
        if len(run) > _WHOLE:
            run = [run[0], Row(run[1].index, run[1].spans, gap=True), run[-1]]
        found += run
        place = end
    return found


def _alone(row: Row) -> bool:
    return row.spans[0].width == WIDTH


def label_rows(rows: Sequence[Row]) -> dict[int, int]:
    """Say for each box in which row its label has most room, as a place in ``rows``.

    Of several it is the one in the middle; the gap of a folded box comes first.
    """
    choices: dict[int, list[tuple[int, int]]] = {}
    for place, row in enumerate(rows):
        for span in row.spans:
            room = WIDTH + 1 if row.gap else span.width
            choices.setdefault(span.box, []).append((room, place))
    chosen = {}
    for box, options in choices.items():
        widest = [place for room, place in options if room == max(options)[0]]
        chosen[box] = widest[(len(widest) - 1) // 2]
    return chosen
