"""The packets of one flow, handed out as arrays or one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import repeat

import numpy as np

from overlaysim.traffic.schedule.chance import Indices, Times

_PIECE = 64
"""Packets made into plain integers at a time: these take much memory, and flows are many."""


class Emissions:
    """Packets in the order of their births, each handed out once.

    What they are does not depend on how they are asked for; the ways may be mixed. No more is held
    than a few thousand packets and what one call hands out.

    Args:
        births: arrays of instants that never decrease, picoseconds; empty ones are skipped.
        draw: says for the next so many packets which of ``sizes`` each has.
        sizes: payload sizes, bytes.

    Attributes:
        sizes: as given; packets refer to them by index.
    """

    def __init__(
        self,
        births: Iterator[Times],
        draw: Callable[[int], Indices],
        sizes: tuple[int, ...],
    ) -> None:
        self.sizes = sizes
        self._births = births
        self._draw = draw
        self._times = np.empty(0, np.int64)
        self._which = np.empty(0, np.uint16)
        self._first = 0  # number of the first packet in these arrays
        self._next = 0  # number of the next packet to hand out

    def peek(self) -> int | None:
        """Return the birth of the next packet; None if there are no more."""
        return int(self._times[self._next - self._first]) if self._load() else None

    def before(self, instant: int) -> tuple[Times, Indices | int]:
        """Hand out the packets born before ``instant``: births, and indices into ``sizes``.

        Where there is but one size, the index is the plain number 0.
        """
        times, which = [self._times[:0]], [self._which[:0]]
        while self._load():
            at, end = self._next - self._first, int(self._times.searchsorted(instant))
            if end <= at:
                break
            times.append(self._times[at:end])
            which.append(self._which[at:end])
            self._next = self._first + end
        return np.concatenate(times), 0 if len(self.sizes) == 1 else np.concatenate(which)

    def one_by_one(self) -> Iterator[tuple[int, int]]:
        """Hand out packet after packet, as plain integers: birth, and index into ``sizes``."""
        while self._load():
            at = self._next - self._first
            times = self._times[at : at + _PIECE].tolist()
            which = repeat(0) if len(self.sizes) == 1 else self._which[at : at + _PIECE].tolist()
            packets = zip(times, which, strict=False)
            for number, packet in enumerate(packets, start=self._next + 1):
                self._next = number
                yield packet
                if self._next != number:  # others were handed out meanwhile
                    break

    def _load(self) -> bool:
        """Have the next packet at hand; False if there is none."""
        while self._next == self._first + len(self._times):
            chunk = next(self._births, None)
            if chunk is None:
                return False
            self._times, self._which, self._first = chunk, self._draw(len(chunk)), self._next
        return True
