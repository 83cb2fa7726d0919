"""A text block of commands as single commands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from overlaysim.scenario.nodes import Row


def split_commands(rows: Iterable[Row]) -> Iterator[Row]:
    """Give each command of a text block with the place where it begins.

    One command a line, as a shell reads it: lines that are empty or begin with ``#`` are left out,
    and a backslash at the end joins a line with the next one.
    """
    joined: Row | None = None
    for row in rows:
        text = row.text.strip()
        if joined is None:
            if not text or text.startswith("#"):
                continue
            indent = len(row.text) - len(row.text.lstrip())
            joined = replace(row, text=text, column=row.column + indent if row.column else 0)
        else:
            joined = replace(joined, text=f"{joined.text[:-1].rstrip()} {text}")
        if not joined.text.endswith("\\"):
            yield joined
            joined = None
    if joined is not None:
        yield joined
