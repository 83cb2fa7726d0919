"""One line on a terminal that tells how far a long run has come."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

from overlaysim.units import SECOND, format_seconds

PAUSE = 0.1
"""Real seconds between two looks of the line: more nobody can read."""
WINDOW = 50
"""Looks over which the rate is taken, so that it follows what the run does at present."""
CLEAR = "\r\033[K"


class ProgressLine:
    """Shows simulated time, simulated seconds per real second, and an estimate of what is left.

    Args:
        stream: a terminal.
        end: simulated instant at which the run ends, in picoseconds; None if that is not known.
        clock: gives the real time in seconds.
    """

    def __init__(
        self, stream: TextIO, end: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._end = end
        self._clock = clock
        self._looks: deque[tuple[float, int]] = deque([(clock(), 0)], maxlen=WINDOW)

    def __call__(self, instant: int) -> None:
        """Take notice of the simulated instant, in picoseconds."""
        now = self._clock()
        if now - self._looks[-1][0] < PAUSE:
            return
        self._looks.append((now, instant))
        self._stream.write(CLEAR + self.text)
        self._stream.flush()

    @property
    def text(self) -> str:
        """What the line says at present."""
        (began, first), (now, instant) = self._looks[0], self._looks[-1]
        shown = f"{format_seconds(instant)} simulated"
        if self._end is not None:
            shown += f" of {format_seconds(self._end)}"
        if instant == first or now == began:
            return shown
        rate = (instant - first) / SECOND / (now - began)
        shown += f", {rate:.3g} s per second"
        if self._end is not None:
            left = max(self._end - instant, 0) / SECOND / rate
            shown += f", about {format_left(left)} left"
        return shown

    def clear(self) -> None:
        """Take the line away."""
        self._stream.write(CLEAR)
        self._stream.flush()


def format_left(seconds: float) -> str:
    """Print an estimate no more exactly than it deserves: ``8 s``, ``12 min``, ``3.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
