"""Loss and jitter of a link from its own random streams, a frame at a time in their order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from overlaysim.sim import Streams
from overlaysim.sim.uniforms import Uniforms

Numbers = NDArray[np.float64]
_CHUNK = 1024


class _Buffer:
    """Numbers that have been drawn and not been used."""

    def __init__(self, stream: Uniforms) -> None:
        self._stream = stream
        self._drawn: Numbers = np.empty(0)

    def first(self, count: int) -> Numbers:
        missing = count - len(self._drawn)
        if missing > 0:
            fresh = self._stream.take(-(-missing // _CHUNK) * _CHUNK)
            self._drawn = np.concatenate((self._drawn, fresh))
        return self._drawn[:count]

    def use(self, count: int) -> None:
        self.first(count)
        self._drawn = self._drawn[count:]


class Draws:
    """The numbers that decide about the frames of a link, the same as on the event plane.

    Both streams give one number for each frame taken while the link has loss, or jitter.
    """

    def __init__(self, streams: Streams, link: str) -> None:
        self._streams = streams
        self._link = link
        self._buffers: dict[str, _Buffer] = {}
        self._asked: set[str] = set()

    def loss(self, count: int) -> Numbers:
        """The numbers of the next frames."""
        return self._first("loss", count)

    def jitter(self, count: int) -> Numbers:
        """The numbers of the next frames."""
        return self._first("jitter", count)

    def use(self, count: int) -> None:
        """So many frames have used the numbers that were asked for since the last time."""
        for name in self._asked:
            self._buffers[name].use(count)
        self._asked.clear()

    def _first(self, name: str, count: int) -> Numbers:
        if name not in self._buffers:
            self._buffers[name] = _Buffer(self._streams.uniforms("link", self._link, name))
        self._asked.add(name)
        return self._buffers[name].first(count)
