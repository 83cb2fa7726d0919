"""Frames that are on a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.vector.arrays import concatenated, nothing
from overlaysim.planes.vector.window import Labels, Times

_COLUMNS = ("due", "labels", "arrival", "start", "sent", "lost")


def _nobody() -> NDArray[np.bool_]:
    return np.empty(0, bool)


@dataclass(frozen=True, slots=True)
class Held:
    """Frames that a link has taken and whose arrival at the far end is not before the next window.

    Attributes:
        due: when each is at the far end, ascending; picoseconds from the beginning of a window, as
            the other instants.
        labels: of their packets.
        arrival: when each came to the queue.
        start: when its transmission begins.
        sent: when it ends.
        lost: whether it will arrive damaged.
    """

    due: Times = field(default_factory=nothing)
    labels: Labels = field(default_factory=nothing)
    arrival: Times = field(default_factory=nothing)
    start: Times = field(default_factory=nothing)
    sent: Times = field(default_factory=nothing)
    lost: NDArray[np.bool_] = field(default_factory=_nobody)

    def __len__(self) -> int:
        return len(self.due)

    def since(self, place: int) -> Held:
        """The frames from a place on."""
        return Held(*(getattr(self, name)[place:] for name in _COLUMNS))

    def until(self, place: int) -> Held:
        """The frames before a place."""
        return Held(*(getattr(self, name)[:place] for name in _COLUMNS))

    def undamaged(self) -> Held:
        """Those that are not lost."""
        return Held(*(getattr(self, name)[~self.lost] for name in _COLUMNS))

    def moved(self, by: int) -> Held:
        """The same with instants counted from ``by`` picoseconds later."""
        return Held(
            self.due - by, self.labels, self.arrival - by, self.start - by, self.sent - by,
            self.lost,
        )  # fmt: skip

    def relabelled(self, table: Labels) -> Held:
        """The same with the labels that a table gives."""
        return replace(self, labels=table[self.labels])


def joined(lots: Sequence[Held]) -> Held:
    """Several lots of frames in one, in the order in which they come."""
    lots = [lot for lot in lots if len(lot)] or lots[:1]
    if len(lots) == 1:
        return lots[0]
    return Held(*(concatenated([getattr(lot, name) for lot in lots]) for name in _COLUMNS))
