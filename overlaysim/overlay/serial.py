"""Numbers handed out one after the other: how Docker picks addresses and VNIs."""

from __future__ import annotations


class SerialPool:
    """Whole numbers from ``first`` to ``last``; a dynamic one is the next free after the last.

    A released number is therefore not given again before all above it have been, and the search
    has wrapped to the beginning. Asking for a certain number does not move the place of the
    search. Source: moby ``daemon/libnetwork/bitmap/sequence.go``, serial allocation.
    """

    def __init__(self, first: int, last: int) -> None:
        if first > last:
            raise ValueError(f"no numbers from {first} to {last}")
        self.first, self.last = first, last
        self._used: set[int] = set()
        self._within = 0  # how many of the used ones lie between first and last
        self._next = first

    def __contains__(self, number: int) -> bool:
        return number in self._used

    def allocate(self) -> int | None:
        """Return the next free number and mark it as used; None if there is none."""
        if self._within > self.last - self.first:
            return None
        number = self._next
        while number in self._used:
            number = number + 1 if number < self.last else self.first
        self._next = number + 1 if number < self.last else self.first
        self.take(number)
        return number

    def take(self, number: int) -> bool:
        """Mark ``number``, which may lie outside of the range, as used; False if it was already."""
        if number in self._used:
            return False
        self._used.add(number)
        self._within += self.first <= number <= self.last
        return True

    def release(self, number: int) -> bool:
        """Mark ``number`` as free; False if it was free already."""
        if number not in self._used:
            return False
        self._used.remove(number)
        self._within -= self.first <= number <= self.last
        return True
