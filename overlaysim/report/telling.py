"""Which of several names says most, and how a list of names reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def is_short_id(name: str) -> bool:
    """Whether a name is a container's short id, which is the least telling of its names."""
    return len(name) == 12 and all(char in "0123456789abcdef" for char in name)


def most_telling(names: Iterable[str]) -> str:
    """The one of several names for the same thing that people know it by: no id, and short."""
    return min(names, key=lambda name: (is_short_id(name), len(name), name))


def natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts ``host-2`` before ``host-10``."""
    return [
        (int(piece), "") if piece.isdecimal() and piece.isascii() else (-1, piece)
        for piece in re.split(r"([0-9]+)", name)
        if piece
    ]


def listing(names: Sequence[str], most: int = 4) -> str:
    """``a, b and c``, or the first few ``and 12 more``."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
