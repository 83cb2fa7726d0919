"""Reading a trace from a table of times and sizes."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Sequence
from os import PathLike
from typing import BinaryIO

from overlaysim.errors import InputError, Problem, UnitError, nearest, quote
from overlaysim.traffic.schedule.sizes import check_payload
from overlaysim.units import SECOND, parse_duration, parse_size

_LONGEST_LINE = 4096
_PLAIN_SECONDS = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,12}))?")
_PLAIN_BYTES = re.compile(r"[0-9]{1,5}")
_MOST_PROBLEMS = 10
"""Problems that are reported of one file; more would say no more."""


def read_trace(path: str | PathLike[str]) -> tuple[list[int], list[int]]:
    """Read the times (picoseconds) and payloads (bytes) of packets from comma-separated values.

    The first line names the columns; ``time`` and ``size`` are read, others are not. A time counts
    from the start of the flow, in seconds or with a unit (``0.25``, ``250 us``); times never
    decrease. A size is UDP payload, in bytes or with a unit. Empty lines and lines that begin
    with ``#`` are skipped.

    Raises:
        InputError: with file and line, for what is not such a table, and if it cannot be read.
    """
    reader = _Reader(str(path))
    try:
        with open(path, "rb") as file:
            reader.read(file)
    except OSError as error:
        reader.report("", f"cannot be read: {error.strerror}", line=0)
    if not reader.times and not reader.problems:
        reader.report("", "holds no packets", line=0)
    if reader.problems:
        raise InputError(reader.problems)
    return reader.times, reader.sizes


def _cells(line: bytes) -> list[str]:
    """Take a line apart; raise ValueError or csv.Error for what is no line of such a table."""
    if len(line) > _LONGEST_LINE:
        raise ValueError(len(line))
    row = next(csv.reader([line.removeprefix(codecs.BOM_UTF8).decode()]), [])
    return [cell.strip() for cell in row]


class _Reader:
    """Collects packets and problems.

    Attributes:
        line: the line that is being read, counted from 1.
    """

    def __init__(self, name: str) -> None:
        self.times: list[int] = []
        self.sizes: list[int] = []
        self.problems: list[Problem] = []
        self.line = 0
        self._name = name
        self._columns: tuple[int, int] | None = None

    def read(self, file: BinaryIO) -> None:
        """Read all lines, or until there are problems enough."""
        lines = iter(lambda: file.readline(_LONGEST_LINE + 1), b"")
        for self.line, line in enumerate(lines, start=1):
            try:
                cells = _cells(line)
            except (ValueError, csv.Error):
                self.report("", f"is not a line of UTF-8 text of at most {_LONGEST_LINE} bytes")
                return
            if any(cells) and not cells[0].startswith("#"):
                self._read_row(cells)
            if len(self.problems) >= _MOST_PROBLEMS or (self.problems and not self._columns):
                return

    def report(self, key: str, message: str, *, line: int | None = None) -> None:
        """Note what is wrong, in the present line unless told otherwise."""
        number = self.line if line is None else line
        self.problems.append(Problem(self._name, number, 1 if number else 0, key, message))

    def _read_row(self, cells: Sequence[str]) -> None:
        if self._columns is None:
            self._columns = self._read_head([cell.lower() for cell in cells])
            return
        if len(cells) <= max(self._columns):
            self.report("", f"{len(cells)} columns are too few for a time and a size")
            return
        text, payload = (cells[column] for column in self._columns)
        time = self._quantity("time", text, _parse_time)
        size = self._quantity("size", payload, _parse_payload)
        if time is None or size is None:
            return
        if self.times and time < self.times[-1]:
            self.report("time", f"{quote(text)} is before the packet above it")
            return
        self.times.append(time)
        self.sizes.append(size)

    def _read_head(self, cells: Sequence[str]) -> tuple[int, int] | None:
        for name in ("time", "size"):
            if name not in cells:
                hint = next((f"; is it {quote(c)}?" for c in cells if nearest(c, [name])), "")
                self.report("", f"names no column {name}; the first line is: time,size{hint}")
        return None if self.problems else (cells.index("time"), cells.index("size"))

    def _quantity(self, key: str, text: str, parse: Callable[[str], int]) -> int | None:
        try:
            return parse(text)
        except (UnitError, ValueError) as error:
            self.report(key, str(error))
            return None


def _parse_time(text: str) -> int:
    if plain := _PLAIN_SECONDS.fullmatch(text):  # most are, and there may be millions
        return int(plain[1]) * SECOND + int((plain[2] or "").ljust(12, "0"))
    return parse_duration(text + " s" if text[-1:].isdigit() else text)


def _parse_payload(text: str) -> int:
    if _PLAIN_BYTES.fullmatch(text):
        size = int(text)
    else:
        size = parse_size(text + " B" if text[-1:].isdigit() else text)
    check_payload(size)
    return size
