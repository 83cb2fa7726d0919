"""A set of numbers kept as ranges: which bytes of a stream are there, or acknowledged."""

from __future__ import annotations

from bisect import bisect_left, bisect_right


class Ranges:
    """Disjoint ranges ``[start, end)`` in ascending order; neighbours that touch are one."""

    __slots__ = ("_ends", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._starts)

    def __iter__(self) -> zip[tuple[int, int]]:
        return zip(self._starts, self._ends, strict=True)

    def add(self, start: int, end: int) -> tuple[int, int]:
        """Add a range and return the one that it is part of now."""
        starts, ends = self._starts, self._ends
        first = bisect_left(ends, start)  # the first that reaches up to it
        behind = bisect_right(starts, end)  # the first that begins beyond it
        if first < behind:
            start, end = min(start, starts[first]), max(end, ends[behind - 1])
        starts[first:behind] = [start]
        ends[first:behind] = [end]
        return start, end

    def covered_until(self, number: int) -> int:
        """The end of the range that ``number`` is in; ``number`` itself if it is in none."""
        place = bisect_right(self._starts, number)
        return max(number, self._ends[place - 1]) if place else number

    def remove_below(self, number: int) -> None:
        """Take out everything below ``number``."""
        starts, ends = self._starts, self._ends
        place = bisect_right(ends, number)
        del starts[:place], ends[:place]
        if starts and starts[0] < number:
            starts[0] = number

    def top(self, ranges: int, size: int) -> int:
        """Where the set has been left behind from above by so many ranges or more than ``size``.

        The start of the range at which, counted from the top, either is reached; -1 if neither is.
        """
        for count, place in enumerate(range(len(self._starts) - 1, -1, -1), start=1):
            size -= self._ends[place] - self._starts[place]
            if count == ranges or size < 0:
                return self._starts[place]
        return -1
