"""A set of names that can be sampled."""

from __future__ import annotations

import random
from collections.abc import Iterator


class Roster:
    """Names without duplicates: adding, removing and sampling cost the same however many.

    The order depends only on the calls made, never on hashes, so that samples are repeatable.
    """

    __slots__ = ("_names", "_places")

    def __init__(self) -> None:
        self._names: list[str] = []
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def copy(self) -> Roster:
        """Another one with the same names in the same order."""
        twin = Roster()
        twin._names, twin._places = self._names.copy(), self._places.copy()
        return twin

    def add(self, name: str) -> None:
        """Add a name, if it is not there."""
        if name not in self._places:
            self._places[name] = len(self._names)
            self._names.append(name)

    def discard(self, name: str) -> None:
        """Remove a name, if it is there; the last one takes its place."""
        place = self._places.pop(name, None)
        if place is None:
            return
        last = self._names.pop()
        if last != name:
            self._names[place] = last
            self._places[last] = place

    def sample(self, rng: random.Random, count: int, excluding: str) -> list[str]:
        """Up to ``count`` different names in random order, never ``excluding``."""
        names = self._names
        others = len(names) - (excluding in self._places)
        if others <= count:
            found = [name for name in names if name != excluding]
            rng.shuffle(found)
            return found
        found = []
        while len(found) < count:
            name = names[int(rng.random() * len(names))]
            if name != excluding and name not in found:
                found.append(name)
        return found
