"""What a link does with all that comes along it, found out once for as long as it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.vector.classes import PacketClass
from overlaysim.planes.vector.roads import Road

Thing = TypeVar("Thing")
Scalar = TypeVar("Scalar", bound=np.generic)
Integers = NDArray[np.int64]

_MANY = 1 << 13
"""Classes from which on the few that come to a link are looked for instead of counted off."""


class Exit(NamedTuple):
    """Where frames go from a link: the next link's number or a code, and whether as answers."""

    onward: int
    answered: bool


class Table(Generic[Scalar]):
    """A value for each class that comes to a link.

    Args:
        come: numbers of these classes, ascending.
        values: their values.
        classes: how many classes there are.
    """

    def __init__(self, come: Integers, values: NDArray[Scalar], classes: int) -> None:
        self._come = self._values = None
        if classes <= _MANY:
            self._all = np.zeros(classes, values.dtype)
            self._all[come] = values
        else:
            self._come, self._all = come, values

    def __getitem__(self, classes: Integers) -> NDArray[Scalar]:
        """The values of classes that come to the link."""
        if self._come is None:
            return self._all[classes]
        return self._all[np.searchsorted(self._come, classes)]


class Habits:
    """The road of a link as tables by class, and as far as possible without.

    Attributes:
        road: the road.
        service: what all frames occupy the link for; None if they differ.
        length: how long all frames are; None if they differ.
        all_fit: whether none is too long.
        frames: what frames are made of.
        exits: the exits that frames take.
        plain: of each exit, whether it does no more than lead to a link, alone of all.
    """

    def __init__(self, road: Road, classes: Sequence[PacketClass]) -> None:
        self.road = road
        self._classes = classes
        self._come = np.array(sorted(road.steps), np.int64)
        self._steps = [road.steps[number] for number in self._come.tolist()]
        self.service = _common([step.service for step in self._steps])
        self.length = _common([step.length for step in self._steps])
        self.all_fit = all(step.fits for step in self._steps)
        self._made_of = [classes[number].frame for number in self._come.tolist()]
        self.frames = list(dict.fromkeys(self._made_of))
        self._ways = [Exit(step.onward, step.answered) for step in self._steps]
        self.exits = list(dict.fromkeys(self._ways))
        links = Counter(way.onward for way in self.exits)
        self.plain = [
            way.onward >= 0 and not way.answered and links[way.onward] == 1 for way in self.exits
        ]

    @cached_property
    def services(self) -> Table[np.int64]:
        """How long a frame of each class occupies the link."""
        return self._table(np.array([step.service for step in self._steps]))

    @cached_property
    def lengths(self) -> Table[np.int64]:
        """How long a frame of each class is."""
        return self._table(np.array([step.length for step in self._steps]))

    @cached_property
    def fits(self) -> Table[np.bool_]:
        """Whether a frame of each class is short enough."""
        return self._table(np.array([step.fits for step in self._steps]))

    @cached_property
    def frame_of(self) -> Table[np.uint16]:
        """Which of :attr:`frames` those of each class are."""
        return self._table(_places(self._made_of, self.frames))

    @cached_property
    def exit_of(self) -> Table[np.uint16]:
        """Which of :attr:`exits` those of each class take (numpy sorts uint16 in linear time)."""
        return self._table(_places(self._ways, self.exits))

    def ahead(self, classes: Integers) -> tuple[Integers, Integers]:
        """Transmission and propagation from the link's queue to the end, by classes."""
        transmit, propagate = self._ahead
        return transmit[classes], propagate[classes]

    def behind(self, classes: Integers) -> tuple[Integers, Integers]:
        """Transmission and propagation from the far end of the link to the end, by classes."""
        transmit, propagate = self.ahead(classes)
        service = self.services[classes] if self.service is None else self.service
        return transmit - service, propagate - self.road.delay

    @cached_property
    def _ahead(self) -> tuple[Table[np.int64], Table[np.int64]]:
        return (
            self._table(np.array([step.transmit for step in self._steps])),
            self._table(np.array([step.propagate for step in self._steps])),
        )

    def _table(self, values: NDArray[Scalar]) -> Table[Scalar]:
        return Table(self._come, values, len(self._classes))


def _common(values: Sequence[int]) -> int | None:
    return values[0] if len(set(values)) == 1 else None


def _places(things: Sequence[Thing], different: Sequence[Thing]) -> NDArray[np.uint16]:
    place = {thing: place for place, thing in enumerate(different)}
    return np.array([place[thing] for thing in things], np.uint16)


def grouped(numbers: NDArray[np.uint16], count: int) -> tuple[Integers, list[int]]:
    """Return an order in which equal numbers, all below ``count``, are together, and their ends.

    Those that are equal stay in the order in which they are.
    """
    small = numbers.astype(np.uint8) if count <= 256 else numbers
    order = np.argsort(small, kind="stable")
    return order, np.cumsum(np.bincount(small, minlength=count)).tolist()
