"""The packets of all flows, by the time of their births."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.vector.arrays import concatenated, nothing
from overlaysim.planes.vector.classes import Classes
from overlaysim.traffic.schedule import Emissions

Integers = NDArray[np.int64]


class Born(NamedTuple):
    """Packets in the order of their flows and, within a flow, of their births.

    Attributes:
        when: births, picoseconds.
        classes: their classes.
        counts: how many there are of each flow.
    """

    when: Integers
    classes: Integers
    counts: Integers


class _Ahead(NamedTuple):
    """Packets that have been drawn and not been taken, in the same order."""

    when: Integers
    classes: Integers
    flows: Integers


class Births:
    """Hands out packets by the time of their births.

    Args:
        emissions: of each flow.
        classes: the flows' classes.
    """

    def __init__(self, emissions: Sequence[Emissions], classes: Classes) -> None:
        self._emissions = emissions
        self._classes = classes
        self._ahead = self._before_last = _Ahead(nothing(), nothing(), nothing())
        self._drawn_to = 0

    def peek(self) -> int | None:
        """When the next packet is born; None if none is."""
        if len(self._ahead.when):
            return int(self._ahead.when.min())
        births = [birth for emissions in self._emissions if (birth := emissions.peek()) is not None]
        return min(births, default=None)

    def look(self, instant: int) -> Integers:
        """Return the births before ``instant`` of packets that have not been taken."""
        if instant > self._drawn_to:
            self._draw(instant)
        return self._ahead.when[self._ahead.when < instant]

    def take(self, instant: int) -> Born:
        """Return the packets born before ``instant`` that have not been taken."""
        if instant > self._drawn_to:
            self._draw(instant)
        self._before_last = ahead = self._ahead
        inside = ahead.when < instant
        if inside.all():
            self._ahead = _Ahead(nothing(), nothing(), nothing())
        else:
            later = ~inside
            self._ahead = _Ahead(*(column[later] for column in ahead))
            ahead = _Ahead(*(column[inside] for column in ahead))
        counts = np.bincount(ahead.flows, minlength=len(self._emissions))
        return Born(ahead.when, ahead.classes, counts)

    def give_back(self) -> None:
        """Undo the last :meth:`take`."""
        self._ahead = self._before_last

    def _draw(self, instant: int) -> None:
        self._drawn_to = instant
        drawn = [emissions.before(instant) for emissions in self._emissions]
        counts = [len(births) for births, _ in drawn]
        when = concatenated([nothing(), *(births for births, _ in drawn)])
        flows = np.repeat(np.arange(len(drawn)), counts)
        fresh = _Ahead(when, self._classes.of(flows, when, [sizes for _, sizes in drawn]), flows)
        if not len(self._ahead.when):
            self._ahead = fresh
        elif len(when):
            both = [np.concatenate(pair) for pair in zip(self._ahead, fresh, strict=True)]
            order = np.argsort(both[2], kind="stable")
            self._ahead = _Ahead(*(column[order] for column in both))
