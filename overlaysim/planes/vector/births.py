"""The packets of all flows, by the time of their births."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.vector.arrays import concatenated, nothing
from overlaysim.planes.vector.classes import Classes
from overlaysim.traffic.schedule import Emissions


class Born(NamedTuple):
    """Packets in the order of their flows and, within a flow, of their births.

    Attributes:
        when: births, picoseconds.
        classes: their classes.
        counts: how many there are of each flow.
    """

    when: NDArray[np.int64]
    classes: NDArray[np.int64]
    counts: NDArray[np.int64]


class Births:
    """Hands out packets by the time of their births.

    Args:
        emissions: of each flow.
        classes: the flows' classes.
    """

    def __init__(self, emissions: Sequence[Emissions], classes: Classes) -> None:
        self._emissions = emissions
        self._classes = classes
        self._returned: dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}

    def peek(self) -> int | None:
        """When the next packet is born; None if none is."""
        births = [int(when[0]) for when, _ in self._returned.values()]
        births += [
            birth
            for flow, emissions in enumerate(self._emissions)
            if flow not in self._returned and (birth := emissions.peek()) is not None
        ]
        return min(births, default=None)

    def before(self, instant: int) -> Born:
        """Return those born before ``instant`` that have not been handed out."""
        parts = [self._of_flow(flow, instant) for flow in range(len(self._emissions))]
        return Born(
            concatenated([nothing(), *(when for when, _ in parts)]),
            concatenated([nothing(), *(classes for _, classes in parts)]),
            np.array([len(when) for when, _ in parts], np.int64),
        )

    def _of_flow(self, flow: int, instant: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        when, classes = self._returned.pop(flow, (nothing(), nothing()))
        count = int(np.searchsorted(when, instant))
        if count < len(when):
            self._returned[flow] = when[count:], classes[count:]
            return when[:count], classes[:count]
        births, sizes = self._emissions[flow].before(instant)
        if not len(births):
            return when, classes
        its = self._classes.of_flow(flow, births, sizes)
        return concatenated([when, births]), concatenated([classes, its])

    def put_back(self, born: Born) -> None:
        """Take back packets that were the last to be handed out."""
        end = 0
        for flow, count in enumerate(born.counts.tolist()):
            begin, end = end, end + count
            if count:
                when, classes = self._returned.get(flow, (nothing(), nothing()))
                self._returned[flow] = (
                    concatenated([born.when[begin:end], when]),
                    concatenated([born.classes[begin:end], classes]),
                )
