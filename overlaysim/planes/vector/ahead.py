"""How much of their time on links packets still have before them at some place."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.vector.habits import Habits
from overlaysim.planes.vector.held import Held
from overlaysim.planes.vector.window import Keys, Window

Integers = NDArray[np.int64]


class Ahead(NamedTuple):
    """How much time on links lies ahead of packets, picoseconds."""

    transmit: Integers
    propagate: Integers


def at_queue(habits: Habits, keys: Keys, window: Window) -> Ahead:
    """What lies ahead of packets for which a link has not done anything yet."""
    return Ahead(*habits.ahead(window.classes[window.labels(keys)]))


def at_far_end(habits: Habits, keys: Keys, window: Window) -> Ahead:
    """What lies ahead of packets where a link leads to."""
    return Ahead(*habits.behind(window.classes[window.labels(keys)]))


def on_link(habits: Habits, held: Held, classes: Integers) -> Ahead:
    """What lies ahead of packets on a link at instant 0: waiting, being sent, or on the wire.

    What the link itself still has to do for them the frames tell: it may have changed since it took
    them.
    """
    transmit, propagate = habits.behind(classes[held.labels])
    sent = np.maximum(held.sent, 0)
    return Ahead(transmit + sent - np.maximum(held.start, 0), propagate + held.due - sent)
