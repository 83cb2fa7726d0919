"""Headers as a vector drawing: boxes on a grid 32 bits wide, a colour for each layer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Final

from overlaysim.report import palette
from overlaysim.report.headers.anatomy import (
    LINK,
    NETWORK,
    PAYLOAD,
    TRANSPORT,
    TUNNEL,
    Box,
    Field,
    Section,
    Sheet,
)
from overlaysim.report.headers.canvas import Canvas, text_width
from overlaysim.report.headers.grid import WIDTH, Row, Span, label_rows, rows_of
from overlaysim.report.headers.labels import counted, fitting
from overlaysim.report.table import wrap

_PAGE: Final = (190.0, 277.0)
"""Millimetres: A4 with margins of 10 and 10."""
_WIDTH: Final = 760
_BIT: Final = 16
_LEFT: Final = 52
_RIGHT: Final = _LEFT + WIDTH * _BIT
_ROW: Final = 29
_GAP: Final = 11
_SMALLEST: Final = 46
"""Height of what is said beside a section."""
_BAR: Final = 26
"""Height of the bar that stands for the whole packet,"""
_LEAST: Final = 42.0
"""and the least width of a section in it."""

_COLOURS: Final = {
    LINK: (palette.YELLOW, "#fcfade", "link"),
    NETWORK: (palette.BLUE, "#d9eaf5", "network"),
    TRANSPORT: (palette.GREEN, "#d9f1ea", "transport"),
    TUNNEL: (palette.VERMILION, "#fbe4d4", "tunnel"),
    PAYLOAD: (palette.GREY, "#f4f4f4", "payload"),
}
"""The colour of each layer, the same mixed with white to write on, and its name."""

_LABEL: Final = 10.5
_SMALL_LABEL: Final = 8
_VALUE: Final = 11.5
_WORDS: Final = 10.5


def svg_of(sheet: Sheet) -> str:
    """Draw a sheet as an SVG document, the same bytes for the same sheet.

    It fits on a page of A4; the field under a pointer tells its width, value and default.
    """
    canvas = Canvas()
    y = _head(canvas, sheet)
    y = _frame(canvas, sheet, y)
    y = _ruler(canvas, y)
    for section in sheet.sections:
        y = _section(canvas, section, y) + _GAP
    y = _key(canvas, y)
    return canvas.document(_WIDTH, y, _PAGE, f"{sheet.title}: {sheet.total}")


# ---- above the headers ------------------------------------------------------------------------


def _head(canvas: Canvas, sheet: Sheet) -> float:
    """Title and facts; returns where to go on."""
    y = 26.0
    canvas.text(12, y, sheet.title, 19, bold=True)
    canvas.text(_WIDTH - 12, y, sheet.total, 12.5, anchor="end")
    y += 8
    for word, text in sheet.facts:
        for number, line in enumerate(wrap(text, 108, indent="")):
            y += 14.5
            if number == 0:
                canvas.text(12, y, word, _WORDS, bold=True)
            canvas.text(92, y, line, _WORDS)
    return y + 16


def _frame(canvas: Canvas, sheet: Sheet, y: float) -> float:
    """The whole packet as one bar, each section as wide as it has bytes where that is enough."""
    widths, to_scale = _widths(sheet)
    x = 12.0
    for section, width in zip(sheet.sections, widths, strict=True):
        _segment(canvas, section, x, y, width)
        x = round(x + width, 2)
    note = "bytes of each header; underlined: added" if sheet.added else "bytes of each header"
    if not to_scale:
        note += "; small ones are drawn larger than they are"
    canvas.text(_WIDTH - 12, y + _BAR + 28, note, 9, anchor="end", fill="#555555")
    return y + _BAR + 46


def _widths(sheet: Sheet) -> tuple[list[float], bool]:
    """How wide each section is in the bar, and whether they are all to scale."""
    room = _WIDTH - 24.0
    sizes = [len(section.data) for section in sheet.sections]
    small = [size * room < _LEAST * sheet.length for size in sizes]
    rest = sum(size for size, is_small in zip(sizes, small, strict=True) if not is_small)
    scale = (room - _LEAST * sum(small)) / rest if rest else 0.0
    widths = [_LEAST if is_small else round(size * scale, 2)
              for size, is_small in zip(sizes, small, strict=True)]  # fmt: skip
    return widths, not any(small)


def _segment(canvas: Canvas, section: Section, x: float, y: float, width: float) -> None:
    """A section in the bar: its name and number of bytes."""
    solid, light, _ = _COLOURS[section.role]
    canvas.begin(f"{section.title}: {section.extent}")
    canvas.rect(x, y, width, _BAR, light)
    canvas.rect(x, y, width, 5, solid)
    canvas.path([f"M{x:g} {y:g}h{width:g}v{_BAR}h{-width:g}z"])
    canvas.text(x + width / 2, y + 19, _short(section, width - 4), 9, anchor="middle")
    canvas.text(x + width / 2, y + _BAR + 14, str(len(section.data)), 9.5, anchor="middle")
    if section.added:
        canvas.path([f"M{x:g} {y + _BAR + 4:g}h{width:g}"], 3)
    canvas.end()


def _short(section: Section, room: float) -> str:
    """A section's title, or as much of it as there is room for in the bar."""
    words = section.title.split()
    word = words[-1] if section.is_trailer else words[0]
    capitals = "".join(filter(str.isupper, word))
    forms = (section.title, word, capitals if len(capitals) > 1 else word[:3])
    return next((form for form in forms if text_width(form, 9) <= room), "")


def _ruler(canvas: Canvas, y: float) -> float:
    canvas.text(_LEFT - 8, y, "byte", 9, anchor="end", fill="#555555")
    for bit in range(WIDTH):
        x = _LEFT + (bit + 0.5) * _BIT
        canvas.text(x, y, str(bit), 8.5, anchor="middle", fill="#555555")
    return y + 5


def _key(canvas: Canvas, y: float) -> float:
    """What the colours mean."""
    x = float(_LEFT)
    for solid, light, name in _COLOURS.values():
        canvas.rect(x, y, 22, 12, light)
        canvas.rect(x, y, 5, 12, solid)
        canvas.path([f"M{x:g} {y:g}h22v12h-22z"], 0.7)
        canvas.text(x + 28, y + 10, name, 9.5)
        x += 94
    return y + 24


# ---- a header ---------------------------------------------------------------------------------


def _section(canvas: Canvas, section: Section, y: float) -> float:
    """Draw a section from ``y`` downwards; returns where it ends."""
    rows = rows_of([box.bits for box in section.boxes], section.column)
    labels = label_rows(rows)
    solid, light, _ = _COLOURS[section.role]
    owners = [field for field in section.fields for _ in field.boxes]
    canvas.rect(5, y, 6, len(rows) * _ROW, solid)
    for place, row in enumerate(rows):
        top = y + place * _ROW
        if not row.gap:
            offset = section.offset + max(0, row.index * 4 - section.column // 8)
            canvas.text(_LEFT - 8, top + 19, str(offset), _LABEL, anchor="end", fill="#555555")
        for span in row.spans:
            field, box = owners[span.box], section.boxes[span.box]
            canvas.begin(_hint(field))
            canvas.rect(_x(span.start), top, span.width * _BIT, _ROW, light)
            if labels[span.box] == place:
                _name(canvas, span, row, field, box, top)
            canvas.end()
    canvas.path(list(_outlines(rows, y)), 1.6 if section.added else 0.8)
    for x, top in _open_sides(rows, y):
        canvas.path([f"M{x:g} {top:g}v{_ROW}"], 2.4, dashed=True)
    _beside(canvas, section, y)
    return y + max(len(rows) * _ROW, _SMALLEST)


def _x(bit: int) -> int:
    return _LEFT + bit * _BIT


def _name(canvas: Canvas, span: Span, row: Row, field: Field, box: Box, top: float) -> None:
    """Label and value of a box, as much of them as there is room for."""
    middle, room = _x(span.start) + span.width * _BIT / 2, span.width * _BIT - 2
    if row.gap:
        label = f"{box.label}, {counted(box.bits // 8, 'byte')}"
        canvas.text(middle, top + 19, label, _LABEL, anchor="middle")
        return
    small = text_width(box.label, _LABEL) > room >= text_width(box.label, _SMALL_LABEL)
    letters = _SMALL_LABEL if small else _LABEL
    label = fitting(box.label, room, partial(text_width, size=letters))
    canvas.text(middle, top + 12, label, letters, anchor="middle", fill="#444444")
    size = partial(text_width, size=_VALUE, bold=True)
    forms = [f"{box.value} ({field.origin})"] if field.origin and len(field.boxes) == 1 else []
    value = next((form for form in (*forms, box.value) if size(form) <= room), "")
    canvas.text(middle, top + 25, value, _VALUE, anchor="middle", bold=True)


def _hint(field: Field) -> str:
    width = counted(field.bits // 8, "byte") if field.raw else counted(field.bits, "bit")
    words = f"{field.name}: {width}, {field.value}; default: {field.default}"
    return f"{words}; {field.note}" if field.note else words


def _beside(canvas: Canvas, section: Section, y: float) -> None:
    """What header it is, where it stands, and how one knows."""
    canvas.text(_RIGHT + 12, y + 12, section.title, 12.5, bold=True)
    canvas.text(_RIGHT + 12, y + 26, section.extent, _WORDS)
    if section.announced:
        canvas.text(_RIGHT + 12, y + 40, section.announced, _WORDS, fill="#444444")


def _outlines(rows: tuple[Row, ...], y: float) -> Iterator[str]:
    """Lines wherever one box ends and another, or nothing, begins."""
    for place, (above, below) in enumerate(pairwise((None, *rows, None))):
        top = y + place * _ROW
        over = [above.box_at(bit) if above else None for bit in range(WIDTH)]
        under = [below.box_at(bit) if below else None for bit in range(WIDTH)]
        bit = 0
        while bit < WIDTH:
            end = bit
            while end < WIDTH and over[end] != under[end]:
                end += 1
            if end > bit:
                yield f"M{_x(bit):g} {top:g}h{(end - bit) * _BIT:g}"
            bit = end + 1
        if below is not None and not below.gap:
            edges = {span.start for span in below.spans}
            edges |= {span.start + span.width for span in below.spans}
            for edge in sorted(edges):
                yield f"M{_x(edge):g} {top:g}v{_ROW}"


def _open_sides(rows: tuple[Row, ...], y: float) -> Iterator[tuple[float, float]]:
    """Both sides of rows that stand for several."""
    for place, row in enumerate(rows):
        if row.gap:
            yield from ((x, y + place * _ROW) for x in (_LEFT, _RIGHT))
