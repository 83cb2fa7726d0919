"""Reading ``packets.csv`` of a run folder back, or what another program wrote in its form.

Packets are not trace events: there are too many of them, and one row says all about one. The audit
of packets (:func:`overlaysim.measure.fates.judge_packets`) needs both files.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from overlaysim.errors import quote
from overlaysim.measure.log import LARGEST, lines_of, refuse
from overlaysim.measure.packets import NO_PARTS, PacketRow, Parts
from overlaysim.sim import PARTS

NEEDED = ("kind", "protocol", "source", "intended", "reached", "reason", "where", "born_ps",
          "ended_ps")  # fmt: skip
"""Columns without which a row cannot be judged."""
PART_COLUMNS = tuple(f"{part.replace('-', '_')}_ps" for part in PARTS)


def read_packets(path: Path) -> Iterator[PacketRow]:
    """Read a table of packets that ended, one at a time.

    Columns may be in any order and others may be there; without those of the parts a packet is
    taken to have left the moment it was born.

    Raises:
        InputError: the file cannot be read, has not the columns, or a row is wrong; with its line.
    """
    reader = csv.DictReader(lines_of(path), strict=True)
    try:
        missing = [column for column in NEEDED if column not in (reader.fieldnames or ())]
        if missing:
            refuse(path, 1, missing[0], "there is no such column")
        for cells in reader:
            yield _row(path, reader.line_num, cells)
    except csv.Error as error:
        refuse(path, reader.line_num + 1, "", str(error))  # it had not counted the line yet


def _row(path: Path, line: int, cells: Mapping[str, str]) -> PacketRow:
    if None in cells or None in cells.values():
        refuse(path, line, "", "has not as many cells as the first line")

    def number(column: str) -> int:
        text = cells[column]
        if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST):
            refuse(path, line, column, f"{quote(text)} is not a whole number of picoseconds")
        return int(text)

    word = {column: _bare(cells[column]) for column in NEEDED if not column.endswith("_ps")}
    if bool(word["reached"]) == bool(word["reason"]):
        refuse(path, line, "reached", "a packet has either reached somebody or a reason of its end")
    born, ended = number("born_ps"), number("ended_ps")
    if ended < born:
        refuse(path, line, "ended_ps", "a packet cannot end before it is born")
    parts: Parts = NO_PARTS
    if all(column in cells for column in PART_COLUMNS):
        a, b, c, d, e, f, g = map(number, PART_COLUMNS)
        parts = (a, b, c, d, e, f, g)
    return PacketRow(
        line, word["kind"], word["protocol"], word["source"], word["intended"], word["reached"],
        word["reason"], word["where"], None, 0, born, ended, parts,
    )  # fmt: skip


def _bare(cell: str) -> str:
    """A text without the apostrophe that keeps spreadsheets from running it."""
    return cell[1:] if cell[:1] == "'" and cell[1:].lstrip()[:1] in tuple("=+-@") else cell
