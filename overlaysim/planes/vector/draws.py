"""Loss and jitter of a link from its own random streams, a frame at a time in their order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from overlaysim.sim import Streams
from overlaysim.sim.uniforms import Uniforms

Numbers = NDArray[np.float64]
_CHUNK = 1024


class Draws:
    """The numbers of one random stream that decide about the frames of a link.

    They are the same as on the event plane: one for each frame taken while the link has loss, or
    jitter, whichever the stream is for. Looking at numbers does not use them up.

    Args:
        streams: all random streams.
        name: of this one.
    """

    def __init__(self, streams: Streams, *name: str) -> None:
        self._streams = streams
        self._name = name
        self._stream: Uniforms | None = None
        self._drawn: Numbers = np.empty(0)

    def first(self, count: int) -> Numbers:
        """The numbers of the next frames."""
        missing = count - len(self._drawn)
        if missing > 0:
            if self._stream is None:
                self._stream = self._streams.uniforms(*self._name)
            fresh = self._stream.take(-(-missing // _CHUNK) * _CHUNK)
            self._drawn = np.concatenate((self._drawn, fresh))
        return self._drawn[:count]

    def use(self, count: int) -> None:
        """So many frames have had theirs."""
        self.first(count)
        self._drawn = self._drawn[count:]
