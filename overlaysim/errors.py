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
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


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
    close = difflib.get_close_matches(word.lower(), sorted(allowed), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""
