"""All links in one window, each worked at when what comes to it is known.

The links are worked at in the order in which they feed one another. Where the links of a group feed
one another around a circle, every link of the group begins with what is known to come from outside
and from the windows before, and is worked at again whenever it turns out that more or other frames
come to it, until nothing changes any more.

**That state is reached.** A frame that comes to a link at t is not at the far end before t + d,
where d, the least sum of a transmission time and a delay in the group, is at least a picosecond.
Suppose that what comes to each link up to some instant T is right. What leaves a link up to T + d
depends on nothing else: queues, losses and jitter (drawn in order) of a frame depend on earlier
arrivals alone. So when all links with changed inputs have been worked at once more, what comes to
each is right up to T + d, and does not change there any more. A window has ended after finitely
many such steps.

**And it is exact.** In a state in which nothing changes, what comes to each link is what the others
put out. By the same induction along time there is just one such state, and the run of events on the
event plane is one.

How many steps it takes depends on for how long a change goes on having consequences around the
circle. Where they are too many, the caller is told to try a shorter window.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.vector.arrays import same
from overlaysim.planes.vector.births import Born
from overlaysim.planes.vector.classes import Classes
from overlaysim.planes.vector.habits import Habits, grouped
from overlaysim.planes.vector.link import VectorLink, Work
from overlaysim.planes.vector.roads import Roads
from overlaysim.planes.vector.window import Keys, Labels, Window
from overlaysim.underlay import Underlay
from overlaysim.underlay.dependencies import dependency_order

_MOST_ROUNDS = 24
"""How often a circle of links is gone around before a shorter window is asked for."""

_BIRTHS = -1
"""Where packets come from at their first link."""

Works = dict[int, Work]
"""What a window brings to the links that have anything to do in it, by their numbers."""


class TooLongWindow(Exception):  # noqa: N818 - it is not an error
    """A circle of links has not come to rest."""


class Network:
    """The links, the roads over them, and the order in which they are worked at.

    Args:
        underlay: whose links and routes these are.
        classes: the classes of packets.
        make_link: makes the state of a link of the underlay when it is first used.
    """

    def __init__(
        self,
        underlay: Underlay,
        classes: Classes,
        make_link: Callable[[int], VectorLink],
    ) -> None:
        self._underlay = underlay
        self._classes = classes
        self._make_link = make_link
        self.links: dict[int, VectorLink] = {}
        """The links that have been used, by their numbers in the order of the underlay."""
        self.lay({})

    def lay(self, on_links: Mapping[int, Iterable[int]]) -> None:
        """Lay all roads by the routes of now.

        Args:
            on_links: classes of packets that are on links, by links: they go on from there.
        """
        self.roads = Roads(self._underlay, list(self._underlay.links.values()), self._classes.all)
        for number, classes in on_links.items():
            self.roads.include(number, classes)
        all_classes = self._classes.all
        self._habits = {number: Habits(road, all_classes) for number, road in self.roads.items()}
        self._plan()

    def _plan(self) -> None:
        feeds = self.roads.feeds()
        firsts = sorted(set(self.roads.first.tolist()))
        depth = _depths(feeds, [first for first in firsts if first >= 0])
        # Around a circle it is best to begin where packets do.
        self._order = [
            sorted(group, key=lambda link: (depth.get(link, 0), link))
            for group in dependency_order(feeds)
        ]
        place = {first: place for place, first in enumerate(firsts)}
        self._firsts = firsts
        self._first_of = np.array([place[first] for first in self.roads.first.tolist()], np.uint16)

    @property
    def used(self) -> int:
        """How many links packets may come to."""
        return len(self.roads)

    def by_first(self, born: Born) -> list[tuple[int, NDArray[np.int64]]]:
        """Return the places of packets by the link that they take first, or the code for none."""
        if len(self._firsts) == 1:
            return [(self._firsts[0], np.arange(len(born.when)))]
        order, ends = grouped(self._first_of[born.classes], len(self._firsts))
        begins = [0, *ends[:-1]]
        return [
            (first, order[begin:end])
            for first, begin, end in zip(self._firsts, begins, ends, strict=True)
            if end > begin
        ]

    def work(self, window: Window, born: Born, labels: Labels) -> Works:
        """Find out what a window brings.

        Raises:
            TooLongWindow: a circle did not come to rest; nothing has happened.
        """
        inputs: dict[int, dict[int, Keys]] = defaultdict(dict)
        keys = window.keys(born.when - window.begin, labels)
        for first, places in self.by_first(born):
            if first >= 0:
                inputs[first][_BIRTHS] = np.sort(keys[places], kind="stable")
        works: Works = {}
        for group in self._order:
            self._work_group(group, inputs, window, works)
        return works

    def _work_group(
        self, group: list[int], inputs: dict[int, dict[int, Keys]], window: Window, works: Works
    ) -> None:
        """Work at links, again and again as long as what comes to them changes."""
        members = set(group)
        todo = {number for number in group if inputs[number] or len(self.link(number).held)}
        for _ in range(_MOST_ROUNDS):
            for number in group:
                if number in todo:
                    todo.discard(number)
                    todo |= self._work_link(number, inputs, window, works) & members
            if not todo:
                return
        raise TooLongWindow

    def _work_link(
        self, number: int, inputs: dict[int, dict[int, Keys]], window: Window, works: Works
    ) -> set[int]:
        """Work at a link once; return the links to which something else comes than before."""
        before = works[number].outputs if number in works else {}
        coming = list(inputs[number].values())
        work = works[number] = self.link(number).work(coming, self.habits(number), window)
        changed = set()
        for onward, keys in work.outputs.items():
            if onward not in before or not same(keys, before[onward]):
                inputs[onward][number] = keys
                changed.add(onward)
        for onward in before.keys() - work.outputs.keys():
            del inputs[onward][number]
            changed.add(onward)
        return changed

    def link(self, number: int) -> VectorLink:
        """A link; it is made when first asked for."""
        if number not in self.links:
            self.links[number] = self._make_link(number)
        return self.links[number]

    def habits(self, number: int) -> Habits:
        """What a link does at present with all that comes along it."""
        return self._habits[number]


def _depths(feeds: Mapping[int, Iterable[int]], firsts: Sequence[int]) -> dict[int, int]:
    """How many links lie between each link and the nearest at which packets are born."""
    depths = dict.fromkeys(firsts, 0)
    frontier = deque(firsts)
    while frontier:
        link = frontier.popleft()
        for fed in sorted(feeds[link]):
            if fed not in depths:
                depths[fed] = depths[link] + 1
                frontier.append(fed)
    return depths
