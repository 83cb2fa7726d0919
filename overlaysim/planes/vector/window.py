"""A stretch of time, and how a packet and an instant in it become one number.

The key of a packet at an instant is ``(instant - begin) << bits | label``. Sorting keys sorts by
instant and, among equal instants, by label: by flow and place in the flow, which is the very order
of :meth:`overlaysim.sim.Simulator.frame_at`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.int64]
Labels = NDArray[np.int64]
Times = NDArray[np.int64]
"""Picoseconds from the beginning of a window."""

_KEY_BITS = 63


def bits_for(labels: int) -> int:
    """How many bits of a key labels below ``labels`` take."""
    return max(1, (labels - 1).bit_length())


def longest(bits: int) -> int:
    """The longest window, in picoseconds, for whose instants labels of so many bits leave room."""
    return (1 << (_KEY_BITS - bits)) - 1


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time and the packets in it.

    Attributes:
        begin: picoseconds; what happens to frames at this very instant was in the window before.
        length: picoseconds; frames that arrive at ``begin + length`` are in it.
        bits: of a label.
        classes: the class of each label. Where packets are answered, packet p has label 2 p and its
            answer 2 p + 1.
    """

    begin: int
    length: int
    bits: int
    classes: NDArray[np.int64]

    @property
    def last_key(self) -> int:
        """The largest key there can be."""
        return (self.length << self.bits) | ((1 << self.bits) - 1)

    def keys(self, times: Times, labels: Labels) -> Keys:
        """Make keys."""
        return (times << self.bits) | labels

    def times(self, keys: Keys) -> Times:
        """The instants of keys."""
        return keys >> self.bits

    def labels(self, keys: Keys) -> Labels:
        """The labels of keys."""
        return keys & ((1 << self.bits) - 1)
