"""A recorded trace, sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from os import PathLike

import numpy as np

from overlaysim.traffic.schedule.chance import Indices, Purpose, Times
from overlaysim.traffic.schedule.chunks import HORIZON
from overlaysim.traffic.schedule.sizes import check_payload
from overlaysim.traffic.schedule.trace import read_trace


class Replay:
    """Packets at recorded instants with recorded sizes; usable as gaps, as sizes, or as both.

    As sizes with other gaps it begins again at its end.

    Args:
        times: picoseconds since the start, never decreasing.
        sizes: payload of each packet, bytes.

    Attributes:
        payloads: the sizes that occur, ascending.

    Raises:
        ValueError: for no packets, not as many sizes as times, or impossible ones of either.
    """

    def __init__(self, times: Sequence[int] | Times, sizes: Sequence[int] | Times) -> None:
        if not len(times) == len(sizes) > 0:
            raise ValueError(f"{len(times)} times and {len(sizes)} sizes make no trace")
        self._times = np.array(times, np.int64)
        if self._times[0] < 0 or self._times.max() >= HORIZON:
            raise ValueError(f"times must be from 0 to {HORIZON - 1} ps")
        if (self._times[1:] < self._times[:-1]).any():
            raise ValueError("times must not decrease")
        payloads, which = np.unique(np.array(sizes, np.int64), return_inverse=True)
        self.payloads: tuple[int, ...] = tuple(payloads.tolist())
        self._which = which.astype(np.uint16)
        check_payload(self.payloads[0])
        check_payload(self.payloads[-1])

    @classmethod
    def from_csv(cls, path: str | PathLike[str]) -> Replay:
        """Read a trace; :func:`read_trace` says from what, and what is raised."""
        return cls(*read_trace(path))

    def births(self, stream: Purpose, counts: Iterator[int]) -> Iterator[Times]:
        """Yield the recorded instants."""
        first = 0
        for count in counts:
            yield self._times[first : first + count]
            first += count
            if first >= len(self._times):
                return

    def drawing(self, stream: Purpose) -> Callable[[int], Indices]:
        """Return a function that says which sizes the next packets have: the recorded ones."""
        first = 0

        def draw(count: int) -> Indices:
            nonlocal first
            places = np.arange(first, first + count)
            first += count
            return self._which.take(places, mode="wrap")

        return draw
