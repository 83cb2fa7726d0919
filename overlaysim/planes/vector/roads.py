"""Where packets of each class go from each link, as the routes are at present."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from overlaysim.planes.vector.classes import PacketClass
from overlaysim.underlay import ETHERNET_HEADER, Link, Underlay

ARRIVED, NO_ROUTE, NO_PEER = -1, -2, -3
"""Instead of a link's number: what becomes of a packet that does not go on."""


class Step(NamedTuple):
    """What a link does with the packets of one class.

    Attributes:
        onward: number of the next link, or one of the codes above.
        answered: whether they have reached their receiver here, which sends answers onward.
        length: bytes of a frame.
        service: how long a frame occupies the link, picoseconds.
        fits: whether it is short enough for the link.
        transmit: picoseconds of transmission from here to the end, of this link and of the answer
            included.
        propagate: likewise of propagation.
    """

    onward: int
    answered: bool
    length: int
    service: int
    fits: bool
    transmit: int
    propagate: int


@dataclass(slots=True)
class Road:
    """A link, and what it does with each class of packets that comes along it.

    Attributes:
        link: its place in the underlay.
        delay: its propagation delay, picoseconds.
        steps: by the numbers of the classes.
    """

    link: Link
    delay: int
    steps: dict[int, Step] = field(default_factory=dict)


class Roads(Mapping[int, Road]):
    """The roads by the numbers of their links; made anew after each change of links and routes.

    Args:
        underlay: whose routes these are.
        links: its links in the order of their numbers.
        classes: of the packets that may come.
    """

    def __init__(
        self, underlay: Underlay, links: Sequence[Link], classes: Sequence[PacketClass]
    ) -> None:
        self._underlay = underlay
        self._links = links
        self._numbers = {(link.source, link.target): number for number, link in enumerate(links)}
        self._classes = classes
        self._roads: dict[int, Road] = {}
        self.first = np.full(len(classes), NO_PEER, np.int32)
        """The link that packets of each class take first."""
        self.transmit = np.zeros(len(classes), np.int64)
        """Picoseconds of transmission of a packet of each class, and its answer, from birth on."""
        self.propagate = np.zeros(len(classes), np.int64)
        # Answers have higher numbers than what they answer, whose roads lead into theirs.
        for number in reversed(range(len(classes))):
            self._lay(number)

    def __getitem__(self, link: int) -> Road:
        return self._roads[link]

    def __iter__(self) -> Iterator[int]:
        return iter(self._roads)

    def __len__(self) -> int:
        return len(self._roads)

    def feeds(self) -> dict[int, set[int]]:
        """For each link that is used the links that take what leaves it."""
        return {
            number: {step.onward for step in road.steps.values() if step.onward >= 0}
            for number, road in self._roads.items()
        }

    def include(self, link: int, classes: Iterable[int]) -> None:
        """Work out the roads of packets that are on a link, whether they would go there now or not.

        Args:
            classes: of the packets on the link.
        """
        for number in classes:
            self._walk(link, number)

    def _lay(self, number: int) -> None:
        known = self._classes[number]
        if known.destination is None:
            return
        self.first[number] = first = self._next(known.source, number)
        self._walk(first, number)
        if first >= 0:
            step = self._roads[first].steps[number]
            self.transmit[number], self.propagate[number] = step.transmit, step.propagate

    def _next(self, node: str, number: int) -> int:
        """The link by which packets of a class leave a node."""
        known = self._classes[number]
        assert known.destination is not None
        link = self._underlay.next_link(node, known.destination, known.flow_hash)
        return NO_ROUTE if link is None else self._numbers[link.source, link.target]

    def _walk(self, first: int, number: int) -> None:
        """Note a class at every link from ``first`` to the end of its road."""
        known = self._classes[number]
        walked: list[tuple[Road, int]] = []
        link = first
        while link >= 0 and number not in self._road(link).steps:
            road = self._road(link)
            node = road.link.target
            link = ARRIVED if node == known.destination else self._next(node, number)
            walked.append((road, link))
        answered, transmit, propagate = False, 0, 0
        if link >= 0:
            step = self._roads[link].steps[number]
            transmit, propagate = step.transmit, step.propagate
        elif link == ARRIVED and known.answer is not None:
            answered = True
            walked[-1] = walked[-1][0], int(self.first[known.answer])
            transmit = int(self.transmit[known.answer])
            propagate = int(self.propagate[known.answer])
        length = known.frame.length
        for road, onward in reversed(walked):
            service = road.link.occupancy(length)
            fits = length - ETHERNET_HEADER <= road.link.spec.mtu
            transmit += service
            propagate += road.delay
            road.steps[number] = Step(
                onward, answered, length, service, fits, transmit, propagate
            )  # fmt: skip
            answered = False

    def _road(self, number: int) -> Road:
        if number not in self._roads:
            link = self._links[number]
            self._roads[number] = Road(link, link.spec.delay)
        return self._roads[number]
