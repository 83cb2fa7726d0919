"""The exceptions that reach a user.

OverlaysimError
├── InputError      something the user wrote is wrong: exit status 2
│   └── UnitError   a quantity without a unit, or with a wrong one
└── ModelError      the simulator contradicts itself: a bug, never the user's fault
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_LONGEST_QUOTE = 60
"""Characters of the user's text that a message repeats."""


class OverlaysimError(Exception):
    """Base of everything this package raises on purpose."""


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in an input file: where it is and what is wrong.

    ``line`` and ``column`` count from 1; 0 means that the place is not known.
    """

    file: str
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return visible(": ".join(part for part in (place, self.key, self.message) if part))


class InputError(OverlaysimError):
    """What the user wrote cannot be used; carries every problem that was found."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        self.problems: tuple[Problem, ...] = () if isinstance(problems, str) else tuple(problems)
        super().__init__(
            problems if isinstance(problems, str) else "\n".join(map(str, self.problems))
        )


class UnitError(InputError):
    """A quantity without a unit, with an unknown unit, or out of range."""


class ModelError(OverlaysimError):
    """Two parts of the model disagree (for example: packets do not add up)."""


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Return ``"; did you mean X?"`` for the closest allowed spelling, or an empty string."""
    if len(word) > _LONGEST_QUOTE:  # nobody mistypes that much, and comparing takes its time
        return ""
    spellings = {spelling.lower(): spelling for spelling in sorted(allowed)}
    close = difflib.get_close_matches(word.lower(), list(spellings), n=1, cutoff=0.6)
    return f"; did you mean {spellings[close[0]]}?" if close else ""


def visible(text: str) -> str:
    """Escape what a terminal would obey or hide: control characters, direction marks, surrogates.

    Names come from files that somebody else wrote, so no message passes them on as they are.
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def quote(text: str) -> str:
    """Put what the user wrote between double quotes for a message: visible, and cut when long."""
    cut = text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"
    return f'"{visible(cut)}"'
