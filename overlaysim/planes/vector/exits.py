"""What a link does with all frames that come along it, found out once for as long as it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.vector.classes import PacketClass
from overlaysim.planes.vector.roads import Road

Thing = TypeVar("Thing")


class Exit(NamedTuple):
    """Where frames go from a link: the next link's number or a code, and whether as answers."""

    onward: int
    answered: bool


class Habits:
    """The road of a link as far as all of its frames have it in common.

    Attributes:
        road: the road.
        service: what all frames occupy the link for; None if they differ.
        length: how long all frames are; None if they differ.
        all_fit: whether none is too long.
        frames: what frames are made of.
        frame_of: number of what frames of each class are made of.
        exits: the exits that frames take.
        plain: of each exit, whether it does no more than lead to a link, alone of all.
        exit_of: number of the exit that each class takes, in as few bytes as will do (numpy sorts
            small integers in linear time).
    """

    def __init__(self, road: Road, classes: Sequence[PacketClass]) -> None:
        self.road = road
        come = np.array(sorted(road.comes))
        self.service = _common(road.service[come])
        self.length = _common(road.length[come])
        self.all_fit = bool(road.fits[come].all())
        made_of = [classes[number].frame for number in come.tolist()]
        self.frames, self.frame_of = _numbered(made_of, come, len(classes))
        ways = [
            Exit(int(onward), bool(answered))
            for onward, answered in zip(road.onward[come], road.answered[come], strict=True)
        ]
        self.exits, self.exit_of = _numbered(ways, come, len(classes))
        links = Counter(way.onward for way in self.exits)
        self.plain = [
            way.onward >= 0 and not way.answered and links[way.onward] == 1 for way in self.exits
        ]


def _numbered(
    things: Sequence[Thing], come: NDArray[np.int64], classes: int
) -> tuple[list[Thing], NDArray[np.uint8] | NDArray[np.uint16]]:
    """Return the different things, and for each class the number of its own among them.

    Args:
        things: one for each class in ``come``.
        classes: how many classes there are.
    """
    different = list(dict.fromkeys(things))
    number = {thing: place for place, thing in enumerate(different)}
    numbers = np.zeros(classes, np.uint8 if len(different) <= 256 else np.uint16)
    numbers[come] = [number[thing] for thing in things]
    return different, numbers


def _common(values: NDArray[np.int64]) -> int | None:
    return int(values[0]) if (values == values[0]).all() else None


def grouped(
    numbers: NDArray[np.uint8] | NDArray[np.uint16], count: int
) -> tuple[NDArray[np.int64], list[int]]:
    """Return an order in which equal numbers, all below ``count``, are together, and their ends.

    Those that are equal stay in the order in which they are.
    """
    order = np.argsort(numbers, kind="stable")
    return order, np.cumsum(np.bincount(numbers, minlength=count)).tolist()
