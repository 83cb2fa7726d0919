"""Long sequences of instants, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from overlaysim.traffic.schedule.chance import Times

HORIZON = 2**62
"""The end of time, picoseconds (53 days): what would come then or later never comes.

Sums of two instants below it fit into a signed 64-bit integer.
"""
_FIRST, _MOST = 512, 8192


def portions(count: int | None = None) -> Iterator[int]:
    """Yield how many packets to make at a time, ``count`` of them in all; None for no end.

    Where the end is not known pieces grow, so that short flows are cheap to begin and long ones
    cheap to go on with. What is in the packets does not depend on it.
    """
    size = _FIRST
    while count is None:
        yield size
        size = min(2 * size, _MOST)
    while count > 0:
        yield min(count, _MOST)
        count -= _MOST


def accumulate(total: int, durations: Times) -> Times:
    """Return the instants after each of ``durations``, from ``total`` on, up to the horizon.

    Args:
        total: below the horizon.
        durations: from zero to :data:`HORIZON`; the array is overwritten.
    """
    instants = np.cumsum(durations, out=durations)
    instants += total
    # Later sums may have wrapped round, but the first that is too late is right: it is less than
    # twice the horizon.
    late = instants >= HORIZON
    first = int(late.argmax()) if late.size else 0
    return instants[:first] if late.size and late[first] else instants
