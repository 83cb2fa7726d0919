"""Where packets of each class go from each link, as the routes are at present."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overlaysim.errors import ModelError
from overlaysim.planes.vector.classes import PacketClass
from overlaysim.underlay import ETHERNET_HEADER, Link, Underlay

ARRIVED, NO_ROUTE, NO_PEER = -1, -2, -3
"""Instead of a link's number: what becomes of a packet that does not go on."""


@dataclass(slots=True)
class Road:
    """What a link does with each class of packets that comes along it.

    Arrays have one element per class; those of classes that do not come here mean nothing.

    Attributes:
        link: its place in the underlay.
        onward: number of the next link, or one of the codes above.
        answered: whether the packet has reached its receiver here, which sends an answer onward.
        service: how long a frame occupies the link, picoseconds.
        length: bytes of a frame.
        fits: whether it is short enough for the link.
        delay: the link's propagation delay, picoseconds.
        transmit: picoseconds of transmission from here to the end, of this link and of the answer
            included.
        propagate: likewise of propagation.
        comes: the classes that come here.
    """

    link: Link
    onward: NDArray[np.int32]
    answered: NDArray[np.bool_]
    service: NDArray[np.int64]
    length: NDArray[np.int64]
    fits: NDArray[np.bool_]
    transmit: NDArray[np.int64]
    propagate: NDArray[np.int64]
    delay: int
    comes: set[int]

    def behind(self, classes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Transmission and propagation from the far end of the link to the end, by classes."""
        transmit = self.transmit[classes] - self.service[classes]
        return transmit, self.propagate[classes] - self.delay


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
            number: {int(road.onward[c]) for c in road.comes if road.onward[c] >= 0}
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
            self.transmit[number] = self._roads[first].transmit[number]
            self.propagate[number] = self._roads[first].propagate[number]

    def _next(self, node: str, number: int) -> int:
        """The link by which packets of a class leave a node."""
        known = self._classes[number]
        assert known.destination is not None
        link = self._underlay.next_link(node, known.destination, known.flow_hash)
        return NO_ROUTE if link is None else self._numbers[link.source, link.target]

    def _walk(self, first: int, number: int) -> None:
        """Note a class at every link from ``first`` to the end of its road."""
        known = self._classes[number]
        walked: list[Road] = []
        link = first
        while link >= 0 and not (link in self._roads and number in self._roads[link].comes):
            road = self._road(link)
            road.comes.add(number)
            walked.append(road)
            node = road.link.target
            link = ARRIVED if node == known.destination else self._next(node, number)
            road.onward[number] = link
        transmit = propagate = 0
        if link >= 0:
            transmit = int(self._roads[link].transmit[number])
            propagate = int(self._roads[link].propagate[number])
        elif link == ARRIVED and known.answer is not None:
            walked[-1].answered[number] = True
            walked[-1].onward[number] = self.first[known.answer]
            transmit = int(self.transmit[known.answer])
            propagate = int(self.propagate[known.answer])
        for road in reversed(walked):
            self._describe(road, number)
            transmit += int(road.service[number])
            propagate += road.delay
            road.transmit[number], road.propagate[number] = transmit, propagate

    def _describe(self, road: Road, number: int) -> None:
        length = self._classes[number].frame.length
        road.length[number] = length
        road.service[number] = road.link.occupancy(length)
        road.fits[number] = length - ETHERNET_HEADER <= road.link.spec.mtu

    def _road(self, number: int) -> Road:
        if number not in self._roads:
            count = len(self._classes)
            self._roads[number] = Road(
                self._links[number], np.full(count, NO_ROUTE, np.int32), np.zeros(count, bool),
                np.zeros(count, np.int64), np.zeros(count, np.int64), np.ones(count, bool),
                np.zeros(count, np.int64), np.zeros(count, np.int64),
                self._links[number].spec.delay, set(),
            )  # fmt: skip
        return self._roads[number]
