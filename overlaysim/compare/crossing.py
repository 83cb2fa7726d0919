"""Datagrams on their way through the simulated underlay, and what arrives of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from overlaysim.compare.datagram import Datagram, Road
from overlaysim.compare.frames import Flow, Receiver, frames_of
from overlaysim.errors import ModelError
from overlaysim.host.processor import FREE, Work
from overlaysim.sim import Journey, Simulator, composition
from overlaysim.underlay import LinkSpec, Topology, Underlay
from overlaysim.wire import Packet

SENDER, RECEIVER = "sender", "receiver"
_END = 10**24
"""Picoseconds: later than anything happens."""


class Arrival(NamedTuple):
    """One datagram at the receiver: when (picoseconds), which one, its payload in bytes."""

    at: int
    number: int
    payload: int


class _Like:
    """Datagrams of one size: their frames, and whether one has been through the receiver.

    Two of them differ in counters only. So the frames are built once, and what the receiver makes
    of them is looked at once.
    """

    def __init__(self, datagram: Datagram, frames: Sequence[Packet]) -> None:
        self.datagram = datagram
        self.frames = frames
        self.proven = False


class _End:
    """Takes time for one packet after the other, without a limit to how many wait."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._busy_until = 0

    def after(self, time: int, callback: Callable[[Any], None], argument: Any) -> None:
        """Call back when ``time`` has been spent on this, once what came before is done."""
        self._busy_until = max(self._busy_until, self._simulator.now) + time
        self._simulator.call_at(self._busy_until, callback, argument)


class Crossing:
    """A sender, a receiver, and one or two links between them, with queues that never overflow.

    Args:
        road: how the datagrams are encapsulated.
        rates: of the links, bit/s. They have no propagation delay.
        work: of the two ends, for an inner packet.
    """

    def __init__(self, road: Road, rates: Sequence[int], work: Work = FREE) -> None:
        self.simulator = Simulator()
        self.arrivals: list[Arrival] = []
        self._road = road
        self._work = work
        self._likes: dict[int, _Like] = {}
        self._ends = _End(self.simulator), _End(self.simulator)
        self._receiver = Receiver(road)
        nodes = (SENDER, *(["switch"] if len(rates) > 1 else []), RECEIVER)
        mtu = road.mtu + road.encapsulation.tag
        links = [
            (a, b, LinkSpec(rate, delay=0, queue_packets=None, mtu=mtu))
            for (a, b), rate in zip(pairwise(nodes), rates, strict=True)
        ]
        self._underlay = Underlay(
            self.simulator, Topology((SENDER, RECEIVER), nodes[1:-1], tuple(links))
        )
        self._underlay.attach(RECEIVER, self._received)
        self.last_link = self._underlay.links[nodes[-2], RECEIVER]

    def send(self, number: int, datagram: Datagram) -> None:
        """Let the sender have a datagram now; its number tells it apart."""
        if self._work != FREE:
            cost = self._work.cost(datagram.packet)
            self._ends[0].after(cost, self._emit, (number, datagram))
        else:
            self._emit((number, datagram))

    def finish(self) -> None:
        """Let everything arrive.

        Raises:
            ModelError: something was lost.
        """
        self.simulator.run_to(_END)
        ledger = self.simulator.ledger
        if ledger.in_flight or ledger.dropped:
            raise ModelError(f"{ledger.in_flight} frames in flight, dropped: {ledger.dropped}")

    def _emit(self, sent: tuple[int, Datagram]) -> None:
        number, datagram = sent
        like = self._likes.get(datagram.payload)
        if like is None:
            like = _Like(datagram, frames_of(self._road, datagram, Flow()))
            self._likes[datagram.payload] = like
        last = len(like.frames) - 1
        for place, frame in enumerate(like.frames):
            journey = self.simulator.ledger.create(
                "data", self.simulator.now, source=SENDER, intended=RECEIVER, message=number
            )
            journey.packet = frame
            journey.content = like, place == last
            journey.length = frame.length
            payload = len(frame.payload)
            journey.composition = composition("data", payload, 0, 0, frame.length - payload)
            journey.destination = RECEIVER
            self._underlay.send(journey, SENDER)

    def _received(self, journey: Journey) -> None:
        self.simulator.ledger.deliver(journey, self.simulator.now, RECEIVER)
        like, is_last = journey.content
        if not like.proven:
            payload = self._receiver.receive(journey.packet)
            if (payload == like.datagram.payload) != is_last:
                raise ModelError(f"{like.datagram} came out as {payload} B of payload")
            like.proven = is_last
        if not is_last:
            return
        if self._work != FREE:
            cost = self._work.cost(like.datagram.packet)
            self._ends[1].after(cost, self._note, (journey.message, like.datagram))
        else:
            self._note((journey.message, like.datagram))

    def _note(self, arrived: tuple[int, Datagram]) -> None:
        number, datagram = arrived
        self.arrivals.append(Arrival(self.simulator.now, number, datagram.payload))
