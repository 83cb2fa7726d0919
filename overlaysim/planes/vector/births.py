"""All flows' packets in the order in which they are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.vector.classes import Classes
from overlaysim.traffic.schedule import Emissions


class Born(NamedTuple):
    """Packets in their order: births (picoseconds) and classes."""

    when: NDArray[np.int64]
    classes: NDArray[np.int64]


_NONE = np.empty(0, np.int64)


class Births:
    """Hands out packets by the time of their births.

    Packets that are born at one instant come in the order of their flows.

    Args:
        emissions: of each flow.
        classes: the flows' classes.
    """

    def __init__(self, emissions: Sequence[Emissions], classes: Classes) -> None:
        self._emissions = emissions
        self._classes = classes
        self._ahead = Born(_NONE, _NONE)
        self._drawn_to = 0

    def peek(self) -> int | None:
        """When the next packet is born; None if none is."""
        if len(self._ahead.when):
            return int(self._ahead.when[0])
        births = [birth for emissions in self._emissions if (birth := emissions.peek()) is not None]
        return min(births, default=None)

    def before(self, instant: int) -> Born:
        """Return those born before ``instant`` that have not been handed out."""
        if instant > self._drawn_to:
            self._draw(instant)
        count = int(np.searchsorted(self._ahead.when, instant, "left"))
        return self._take(count)

    def _take(self, count: int) -> Born:
        born = Born(self._ahead.when[:count], self._ahead.classes[:count])
        self._ahead = Born(self._ahead.when[count:], self._ahead.classes[count:])
        return born

    def put_back(self, born: Born) -> None:
        """Take back packets that were the last to be handed out."""
        self._ahead = Born(*(np.concatenate(pair) for pair in zip(born, self._ahead, strict=True)))

    def _draw(self, instant: int) -> None:
        self._drawn_to = instant
        when, classes = [self._ahead.when], [self._ahead.classes]
        for flow, emissions in enumerate(self._emissions):
            births, sizes = emissions.before(instant)
            if len(births):
                when.append(births)
                classes.append(self._classes.of_flow(flow, births, sizes))
        if len(when) == 2 and not len(when[0]):
            self._ahead = Born(when[1], classes[1])
            return
        born = Born(np.concatenate(when), np.concatenate(classes))
        order = np.argsort(born.when, kind="stable")
        self._ahead = Born(born.when[order], born.classes[order])
