"""Headers as the standards draw them, in characters, for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from overlaysim.errors import visible
from overlaysim.report.headers.anatomy import PAYLOAD, Field, Section, Sheet
from overlaysim.report.headers.grid import WIDTH, Row, label_rows, rows_of
from overlaysim.report.headers.labels import counted, fitting, label_of
from overlaysim.report.table import Table, wrap

COLUMNS = 80

_GAP = "  "
_MARGIN = 6
"""Characters left of the drawing: offsets."""
_TENS = "".join(f"{bit // 10 if bit % 10 == 0 else ' '} " for bit in range(WIDTH)).rstrip()
_ONES = " ".join(str(bit % 10) for bit in range(WIDTH))


def text_of(sheet: Sheet) -> str:
    """Draw a sheet: what it is, all headers in a table, then each with its bits and fields."""
    blocks = [_wrapped(f"{sheet.title}: {sheet.total}", COLUMNS)]
    if sheet.facts:
        blocks.append(_facts(sheet.facts))
    blocks.append(_overview(sheet))
    blocks += [section_lines(section) for section in sheet.sections]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _facts(facts: Sequence[tuple[str, str]]) -> list[str]:
    size = max(len(word) for word, _ in facts)
    lines = []
    for word, text in facts:
        first, *more = _wrapped(text, COLUMNS - size - 2 * len(_GAP))
        lines.append(f"{_GAP}{word:<{size}}{_GAP}{first}")
        lines += [f"{_GAP}{'':<{size}}{_GAP}{line}" for line in more]
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    """Break a text of whatever origin into lines of at most ``width`` characters."""
    return wrap(visible(text), width + 2, indent="")


def _overview(sheet: Sheet) -> list[str]:
    rows = tuple(
        (str(section.offset), str(len(section.data)), section.title,
         "added" if section.added else "", section.announced)
        for section in sheet.sections
    )  # fmt: skip
    rows += ((str(sheet.length), "", "end", "", ""),)
    table = Table(("at", "bytes", "header", "", ""), rows, left=(2, 3, 4))
    return [f"{_GAP}{line}" for line in table.lines(COLUMNS - len(_GAP))]


def section_lines(section: Section) -> list[str]:
    """Draw a section: a title, the bits, the boxes with their bytes, and a line for each field."""
    lines = [_title(section), *_drawing(section)]
    return lines if section.role == PAYLOAD else [*lines, *_legend(section.fields)]


def _title(section: Section) -> str:
    words = (f"{section.title}: {section.extent}", section.announced)
    return visible("; ".join(filter(None, words)))


# ---- the drawing ------------------------------------------------------------------------------


def _drawing(section: Section) -> Iterator[str]:
    rows = rows_of([box.bits for box in section.boxes], section.column)
    labels = label_rows(rows)
    margin = " " * _MARGIN
    yield f"{margin} {_TENS}"
    yield f"{margin} {_ONES}"
    for place, row in enumerate(rows):
        yield f"{margin}{_edge(rows[place - 1] if place else None, row)}"
        named = {box for box, home in labels.items() if home == place}
        yield _row(section, row, named)
    yield f"{margin}{_edge(rows[-1], None)}"


def _row(section: Section, row: Row, named: set[int]) -> str:
    """One row: the offset of its first byte, its boxes, and its bytes."""
    line = [" "] * (2 * WIDTH + 1)
    side = "~" if row.gap else "|"
    for span in row.spans:
        left, right = 2 * span.start, 2 * (span.start + span.width)
        line[left] = line[right] = side
        if span.box in named:
            box = section.boxes[span.box]
            room = right - left - 1
            label = f"{box.label}, {counted(box.bits // 8, 'byte')}" if row.gap else box.label
            line[left + 1 : right] = fitting(label, room).center(room)
    if row.gap:
        return " " * _MARGIN + "".join(line)
    first = row.index * 4 - section.column // 8
    data = section.data[max(first, 0) : first + 4]
    offset = section.offset + max(first, 0)
    digits = "  " * max(-first, 0) + data.hex()
    return f"{offset:>{_MARGIN - 1}} {''.join(line)} {digits}".rstrip()


def _edge(above: Row | None, below: Row | None) -> str:
    """The line between two rows: open where one box goes on, with a corner where lines meet."""
    over = [above.box_at(bit) if above else None for bit in range(WIDTH)]
    under = [below.box_at(bit) if below else None for bit in range(WIDTH)]
    closed = [a != b for a, b in zip(over, under, strict=True)]
    line = []
    for bit in range(WIDTH + 1):
        meeting = any(closed[max(bit - 1, 0) : bit + 1]) or any(
            (side[bit - 1] if bit else None) != (side[bit] if bit < WIDTH else None)
            for side in (over, under)
        )
        line.append("+" if meeting else " ")
        line.append("-" if bit < WIDTH and closed[bit] else " ")
    return "".join(line).rstrip()


# ---- the fields -------------------------------------------------------------------------------

_HEAD = ("field", "width", "value", "default", "")
_WIDTHS = ((20, 22), (8, 9), (17, 18), (8, 8))
"""Least and most characters of a column: those of most headers stand in line."""


def _legend(fields: Sequence[Field]) -> Iterator[str]:
    rows = [_HEAD, *map(_cells, fields)]
    sizes = [
        min(most, max(least, *(len(row[column]) for row in rows)))
        for column, (least, most) in enumerate(_WIDTHS)
    ]
    for *cells, note in rows:
        yield from _field_lines(cells, note, sizes)


def _field_lines(cells: Sequence[str], note: str, sizes: Sequence[int]) -> Iterator[str]:
    """The cells in one line, and the note beside it if they are not too long for that."""
    column = _MARGIN + sum(sizes) + len(_GAP) * len(sizes)
    padded = [cell.ljust(size) for cell, size in zip(cells, sizes, strict=True)]
    line = f"{' ' * _MARGIN}{_GAP.join(padded)}{_GAP}"
    beside = len(line) == column
    first, *more = [*([] if beside else [""]), *_wrapped(note, COLUMNS - column)]
    yield f"{line}{first}".rstrip()
    yield from (f"{' ' * column}{rest}" for rest in more if rest)


def _cells(field: Field) -> tuple[str, ...]:
    width = counted(field.bits // 8, "byte") if field.raw else counted(field.bits, "bit")
    return visible(_name(field)), width, field.value, field.default, field.note


def _name(field: Field) -> str:
    """The name in Python, and the label in the drawing where that is another one."""
    label = field.boxes[0].label
    if len(field.boxes) > 1 or not field.bits:
        return field.name
    drawn = fitting(label, 2 * min(field.bits, WIDTH) - 1)
    return field.name if drawn == label_of(field.name) else f"{field.name} ({drawn})"
