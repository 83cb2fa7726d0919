"""What a link does with all frames that come along it, found out once for as long as it holds."""

from __future__ import annotations

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


def split(numbers: NDArray[np.uint8] | NDArray[np.uint16], count: int) -> list[NDArray[np.int64]]:
    """Return for each number below ``count`` the places at which it stands, ascending."""
    order = np.argsort(numbers, kind="stable")
    ends = np.cumsum(np.bincount(numbers, minlength=count))
    return np.split(order, ends[:-1])
