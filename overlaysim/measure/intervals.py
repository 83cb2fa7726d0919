"""What held when: facts that begin and end, to be asked about any instant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable
from typing import Generic, TypeVar

Fact = TypeVar("Fact", bound=Hashable)


class Intervals(Generic[Fact]):
    """The times at which facts held: from the instant they begin to just before they end."""

    def __init__(self) -> None:
        self._turns: dict[Fact, list[int]] = {}  # begins, ends, begins again, …: in time order

    def begin(self, at: int, fact: Fact) -> None:
        """From ``at`` on the fact holds, if it does not already."""
        turns = self._turns.setdefault(fact, [])
        if len(turns) % 2 == 0:
            turns.append(at)

    def end(self, at: int, fact: Fact) -> None:
        """From ``at`` on the fact no longer holds, if it does."""
        turns = self._turns.get(fact, [])
        if len(turns) % 2:
            turns.append(at)

    def holds(self, fact: Fact, at: int) -> bool:
        """Whether the fact holds at an instant."""
        return bisect_right(self._turns.get(fact, ()), at) % 2 == 1
