"""Frames that are on a link."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.vector.queues import nothing
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

    def joined(self, later: Held) -> Held:
        """These frames and those taken later."""
        if not len(self):
            return later
        pairs = ((getattr(self, name), getattr(later, name)) for name in _COLUMNS)
        return Held(*(np.concatenate(pair) for pair in pairs))

    def since(self, place: int) -> Held:
        """The frames from a place on."""
        return Held(*(getattr(self, name)[place:] for name in _COLUMNS))

    def undamaged(self, count: int) -> Held:
        """Those of the first ``count`` frames that are not lost."""
        chosen = np.flatnonzero(~self.lost[:count])
        return Held(*(getattr(self, name)[chosen] for name in _COLUMNS))

    def moved(self, by: int) -> Held:
        """The same with instants counted from ``by`` picoseconds later."""
        return Held(
            self.due - by, self.labels, self.arrival - by, self.start - by, self.sent - by,
            self.lost,
        )  # fmt: skip

    def relabelled(self, table: Labels) -> Held:
        """The same with the labels that a table gives."""
        return replace(self, labels=table[self.labels])
