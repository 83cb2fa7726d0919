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
        """Up to ``count`` different names in random order, never ``excluding``.

        One name too many is drawn, so that one can be left out; what remains is still uniform.
        """
        drawn = rng.sample(self._names, min(count + 1, len(self._names)))
        return [name for name in drawn if name != excluding][:count]
