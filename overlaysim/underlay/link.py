"""One direction of a link: an output queue, a transmitter and a wire, in busy-until arithmetic.

There is no process and no event for a frame's turn in the queue. A transmitter that serves frames
in order is known completely by the instant until which it is busy, so the moment a frame comes to
the queue also tells when it will be at the far end: one callback per frame and link.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from itertools import islice

from overlaysim.sim import Composition, Hop, Journey, Simulator
from overlaysim.underlay.ports import Port, port_of
from overlaysim.underlay.spec import LinkSpec
from overlaysim.units import transmission_time

ETHERNET_HEADER = 14
"""Bytes of a frame that do not count against the MTU."""

Forward = Callable[[Journey], None]
"""Takes a frame on: another link, one of several, a receiver, or the end of the road."""


class Link:
    """The direction from ``source`` to ``target`` of one link, with its counters.

    A frame is counted when it has been transmitted in full; what is counted lies in

    * ``compositions``: frames by their :class:`~overlaysim.sim.Composition`,
    * ``drops``: frames by the reason for which this link dropped them,
    * ``busy``: picoseconds spent transmitting,
    * ``largest_queue``: the most frames that ever waited behind the one in transmission.

    Args:
        source: name of the node that sends.
        target: name of the node at the far end.
        spec: rate, delay, queue, loss, jitter, MTU.
        simulator: clock, random streams and ledger.
        exits: where the far node takes a frame, by destination host.
        extra: bytes each frame occupies on the wire besides its own.
    """

    __slots__ = (
        "_blocked", "_busy_until", "_byte_limit", "_delay", "_disturbed", "_exits", "_extra",
        "_frame_at", "_held", "_last_due", "_limit", "_occupancy", "_on_arrival", "_on_loss",
        "_simulator", "_sizes", "_starts", "_waiting_bytes", "busy", "compositions", "drops",
        "largest_queue", "name", "source", "spec", "target", "up",
    )  # fmt: skip

    def __init__(
        self,
        source: str,
        target: str,
        spec: LinkSpec,
        simulator: Simulator,
        *,
        exits: Mapping[str, Forward],
        extra: int,
    ) -> None:
        self.source = source
        self.target = target
        self.name = f"{source}->{target}"
        self.up = True
        self.compositions: dict[Composition, int] = defaultdict(int)
        self.drops: Counter[str] = Counter()
        self.busy = 0
        self.largest_queue = 0
        self._simulator = simulator
        self._exits = exits
        self._extra = extra
        # Bound once: looking a method up makes an object, and this happens at each packet-hop.
        self._frame_at = simulator.frame_at
        self._on_arrival: Forward = self._arrive
        self._on_loss: Forward = self._lose
        self._blocked: frozenset[Port] = frozenset()
        self._held: deque[Journey] = deque()
        self._starts: deque[int] = deque()  # of the frames that wait: when their turn comes
        self._sizes: deque[int] | None = None  # their lengths, if the queue is limited in bytes
        self._waiting_bytes = self._byte_limit = 0
        self._busy_until = 0
        self._last_due = 0
        self._occupancy: dict[int, int] = {}
        self.configure(spec)

    @property
    def frames(self) -> int:
        """Frames transmitted in full."""
        return sum(self.compositions.values())

    @property
    def bytes(self) -> int:
        """Bytes that the transmitted frames occupied on the wire."""
        return sum(
            count * (composition.length + self._extra)
            for composition, count in self.compositions.items()
        )

    @property
    def held(self) -> int:
        """Frames waiting here, being transmitted or on the wire."""
        return len(self._held)

    def occupancy(self, length: int) -> int:
        """How long a frame of so many bytes occupies the transmitter at present, picoseconds."""
        return transmission_time(length + self._extra, self.spec.rate)

    def waiting(self) -> int:
        """Frames that wait behind the one in transmission at the present instant."""
        starts, now = self._starts, self._simulator.now
        while starts and starts[0] <= now:
            starts.popleft()
        return len(starts)

    def send(self, journey: Journey) -> None:
        """Put a frame on the output queue at the present instant, or drop it.

        Its waiting and its transmission are booked at once, here and in the journey, since they
        are known; :meth:`_give_up` takes back what a failure prevents.
        """
        now = self._simulator.now
        occupancy = self._occupancy.get(journey.length)
        if occupancy is None:
            occupancy = self._admit(journey)
            if occupancy is None:
                return
        start = self._busy_until
        if start > now:
            starts = self._starts
            while starts and starts[0] <= now:
                starts.popleft()
            waiting = len(starts)
            if waiting >= self._limit or (self._sizes is not None and not self._fits(journey)):
                self._drop(journey, "queue full")
                return
            starts.append(start)
            if waiting >= self.largest_queue:
                self.largest_queue = waiting + 1
            journey.queue += start - now
        else:
            start = now
        sent = start + occupancy
        due = sent + self._delay
        on_arrival = self._on_arrival
        if self._disturbed:
            due, on_arrival = self._disturb(due)
        if due <= self._last_due:  # frames of one link never overtake one another, nor draw level
            due = self._last_due + 1
        self._last_due = due
        self._busy_until = sent
        self.busy += occupancy
        journey.transmit += occupancy
        journey.started = start
        journey.sent = sent
        self._held.append(journey)
        self._frame_at(due, journey.number, on_arrival, journey)

    def _admit(self, journey: Journey) -> int | None:
        """Work out how long frames of this length occupy the link; None if they may not enter.

        ``_occupancy`` holds the lengths that may enter at present, so that a single look there
        decides about the state of the link and its MTU as well. While a packet filter is on, it
        stays empty, so that every frame is looked at; so is every frame with a VLAN tag.
        """
        length = journey.length
        if not self.up:
            self._drop(journey, "link down")
            return None
        if self._blocked and port_of(journey) in self._blocked:
            self._drop(journey, "port blocked")
            return None
        if length - ETHERNET_HEADER - journey.tag > self.spec.mtu:
            self._drop(journey, "mtu")
            return None
        occupancy = self.occupancy(length)
        if not self._blocked and not journey.tag:
            self._occupancy[length] = occupancy
        return occupancy

    def _fits(self, journey: Journey) -> bool:
        """Whether a queue limited in bytes has room for one more; if so, count its bytes in."""
        sizes = self._sizes
        assert sizes is not None
        while len(sizes) > len(self._starts):  # these have started since
            self._waiting_bytes -= sizes.popleft()
        if self._waiting_bytes + journey.length > self._byte_limit:
            return False
        sizes.append(journey.length)
        self._waiting_bytes += journey.length
        return True

    def _disturb(self, due: int) -> tuple[int, Forward]:
        """Draw jitter and loss for one frame, each from its own stream.

        A lost frame occupies the link like any other; the far end finds it damaged.
        """
        streams, spec = self._simulator.streams, self.spec
        if spec.jitter:
            due += int(streams("link", self.name, "jitter").random() * (spec.jitter + 1))
        lost = spec.loss and streams("link", self.name, "loss").random() < spec.loss
        return due, self._on_loss if lost else self._on_arrival

    def _arrive(self, journey: Journey) -> None:
        """The far end has the whole frame."""
        if journey.outcome is not None:  # it was lost when the link went down
            return
        self._held.popleft()
        journey.propagate += self._simulator.now - journey.sent
        self.compositions[journey.composition] += 1
        self._exits[journey.destination](journey)

    def _lose(self, journey: Journey) -> None:
        """The far end has a damaged frame."""
        if journey.outcome is None:
            self._held.popleft()
            self._give_up(journey, "loss")

    def _give_up(self, journey: Journey, reason: str) -> None:
        """Drop a frame this link held, taking back what was booked for it ahead of time."""
        now = self._simulator.now
        journey.queue -= max(0, journey.started - now)
        unsent = journey.sent - max(now, journey.started)
        if unsent > 0:
            journey.transmit -= unsent
            self.busy -= unsent
        else:
            journey.propagate += now - journey.sent
            self.compositions[journey.composition] += 1
        self._drop(journey, reason)

    def _drop(self, journey: Journey, reason: str) -> None:
        self.drops[reason] += 1
        self._simulator.ledger.drop(journey, self._simulator.now, reason, self.name)

    def configure(self, spec: LinkSpec) -> None:
        """Take on other properties for the frames that enter from now on."""
        self.spec = spec
        self._delay = spec.delay
        self._limit = sys.maxsize if spec.queue_packets is None else spec.queue_packets
        self._disturbed = spec.loss > 0 or spec.jitter > 0
        self._occupancy.clear()
        self._sizes = None
        if spec.queue_bytes is not None:
            started = len(self._held) - self.waiting()
            self._sizes = deque(journey.length for journey in islice(self._held, started, None))
            self._waiting_bytes = sum(self._sizes)
            self._byte_limit = spec.queue_bytes

    @property
    def obstacle(self) -> str:
        """Why no frame at all gets through at present; empty if some do."""
        if not self.up:
            return "link down"
        return "loss" if self.spec.loss >= 1 else ""

    def blocks(self, port: Port) -> bool:
        """Whether a packet filter drops what is for this port."""
        return port in self._blocked

    def block(self, ports: frozenset[Port]) -> None:
        """Drop, from now on, the frames for exactly these ports that come to the queue."""
        self._blocked = ports
        self._occupancy.clear()

    def lose_unsent(self, reason: str) -> None:
        """Lose every frame that is not on the wire in full: its sender is no more."""
        now = self._simulator.now
        unsent = [journey for journey in self._held if journey.sent > now]
        self._held = deque(journey for journey in self._held if journey.sent <= now)
        self._starts.clear()
        self._busy_until = min(self._busy_until, now)
        for journey in unsent:
            self._give_up(journey, reason)

    def go_up(self) -> None:
        """Let frames in again."""
        self.up = True

    def go_down(self) -> None:
        """Lose every frame that waits, is being transmitted or is on the wire; let none in."""
        self.up = False
        self._occupancy.clear()
        self._starts.clear()
        self._busy_until = self._last_due = self._simulator.now
        caught, self._held = self._held, deque()
        for journey in caught:
            self._give_up(journey, "link down")


class TracedLink(Link):
    """A link that also writes each crossing into the frame's list of hops."""

    __slots__ = ()

    def send(self, journey: Journey) -> None:
        """Put a frame on the output queue, noting when, and how many were ahead of it."""
        journey.entered = self._simulator.now
        journey.ahead = self.waiting() + (self._busy_until > journey.entered)
        super().send(journey)

    def _arrive(self, journey: Journey) -> None:
        if journey.outcome is None:
            now = self._simulator.now
            hop = Hop(
                self.name, journey.entered, journey.started, now, journey.ahead, journey.length
            )  # fmt: skip
            journey.hops = [*(journey.hops or ()), hop]
        super()._arrive(journey)
