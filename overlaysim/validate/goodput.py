"""Goodput through a bottleneck: real frames, a queue limited in bytes, a fixed rate.

What was done to the Linux kernel is done here. There the sender's underlay interface had a token
bucket (``tbf``: fixed rate, burst 16 kB, limit 120 kB) and iperf3 offered 15 % more than it lets
through. The first second was left out, four were measured at the receiver.

A link of the underlay that is never idle serves its queue exactly as a token bucket does whose
tokens are spent as they come. The two differ only until the first burst of 16 kB is spent, 43 ms
after the start at 20 Mbit/s; that the link was indeed never idle while it was measured is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from overlaysim.errors import ModelError
from overlaysim.sim import Journey, Simulator, composition
from overlaysim.underlay import LinkSpec, Topology, Underlay
from overlaysim.underlay.network import ETHERNET_EXTRAS
from overlaysim.units import SECOND, transmission_time
from overlaysim.validate.goodput_path import MTU, Path
from overlaysim.wire import Packet

LEFT_OUT, MEASURED = 1 * SECOND, 4 * SECOND
OFFERED = 115
"""Percent of what the bottleneck lets through."""
QUEUE = 120_000
"""Bytes that may wait."""
SEGMENTS_PER_ACK = 2
"""RFC 5681 section 4.2: an acknowledgement for at least every second full-sized segment."""

COUNTED: dict[int, Literal["none", "ethernet"]] = {0: "none", ETHERNET_EXTRAS: "ethernet"}
"""Bytes per frame that the bottleneck counts besides the frame itself."""

SENDER, RECEIVER = "sender", "receiver"


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement.

    Attributes:
        protocol: ``udp`` or ``tcp``.
        rate: of the bottleneck, bit/s.
        counted: a key of :data:`COUNTED`.
        payload: bytes of each datagram or segment.
        path: the way that they take.
    """

    protocol: str
    rate: int
    counted: int
    payload: int
    path: Path

    @property
    def frame(self) -> int:
        """Bytes of an Ethernet frame on the underlay, without frame check sequence."""
        return self.path.data(self.protocol, self.payload).length

    def check(self) -> None:
        """Raise InputError if the payload does not fit into one packet, or cannot be carried."""
        self.path.data(self.protocol, self.payload)

    @property
    def predicted(self) -> float:
        """What arithmetic says, bit/s: the share of payload in what is counted of a frame."""
        return self.rate * self.payload / (self.frame + self.counted)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a measurement.

    Attributes:
        point: where it was made.
        goodput: payload that arrived in the time measured, bit/s.
        sent: frames with payload that were offered.
        dropped: how many of them found the queue full.
    """

    point: Point
    goodput: float
    sent: int
    dropped: int


def measure(point: Point) -> Outcome:
    """Run one measurement.

    Raises:
        InputError: the payload does not fit into one packet, or cannot be carried.
        ModelError: the bottleneck was idle at some time, or a frame is not accounted for.
    """
    return _Measurement(point).run()


class _Measurement:
    """Two hosts, the bottleneck between them, a sender that keeps it busy."""

    def __init__(self, point: Point) -> None:
        self._point = point
        self._simulator = Simulator()
        spec = LinkSpec(
            point.rate, delay=0, queue_packets=None, queue_bytes=QUEUE,
            mtu=MTU + point.path.encapsulation.tag,
        )  # fmt: skip
        self._underlay = Underlay(
            self._simulator,
            Topology((SENDER, RECEIVER), (), ((SENDER, RECEIVER, spec),)),
            framing=COUNTED[point.counted],
        )
        self._underlay.attach(RECEIVER, self._arrived)
        self._underlay.attach(SENDER, self._acknowledged)
        self._data = point.path.data(point.protocol, point.payload)
        self._occupancy = transmission_time(self._data.length + point.counted, point.rate)
        self._sent = self._segments = self._received = 0
        self._last_arrival = 0
        self._on_data: Callable[[], None] = lambda: None

    def run(self) -> Outcome:
        """Let the sender send until the end of the time measured."""
        if self._point.protocol == "udp":
            self._offer(None)
        else:
            self._ack = self._point.path.acknowledgement()
            self._on_data = self._acknowledge
            for _ in range(QUEUE // self._data.length):  # a window that just fills the queue
                self._send()
        self._simulator.run_to(LEFT_OUT + MEASURED)
        ledger = self._simulator.ledger
        if ledger.in_flight != self._underlay.in_flight:
            raise ModelError(f"{ledger.in_flight} frames in flight, but the links hold others")
        bits = 8 * self._received * self._point.payload
        return Outcome(
            self._point, bits * SECOND / MEASURED, self._sent,
            ledger.dropped["data", "queue full"],
        )  # fmt: skip

    def _offer(self, _: Any) -> None:
        """Send a datagram, and the next one a little before the bottleneck is done with it."""
        self._send()
        self._simulator.call_in(self._occupancy * 100 // OFFERED, self._offer, None)

    def _send(self) -> None:
        self._sent += 1
        self._put(self._data, self._point.payload, SENDER, RECEIVER)

    def _put(self, frame: Packet, payload: int, source: str, target: str) -> None:
        journey = self._simulator.ledger.create(
            "data", self._simulator.now, source=source, intended=target,
            protocol=self._point.protocol,
        )  # fmt: skip
        journey.packet = frame
        journey.length = frame.length
        journey.composition = composition("data", payload, 0, 0, frame.length - payload)
        journey.destination = target
        self._underlay.send(journey, source)

    def _arrived(self, journey: Journey) -> None:
        now = self._simulator.now
        self._simulator.ledger.deliver(journey, now, RECEIVER)
        if now >= LEFT_OUT:
            if now - self._last_arrival != self._occupancy:
                raise ModelError(f"the bottleneck was idle before {now} ps")
            self._received += 1
        self._last_arrival = now
        self._on_data()

    def _acknowledge(self) -> None:
        self._segments += 1
        if self._segments % SEGMENTS_PER_ACK == 0:
            self._put(self._ack, 0, RECEIVER, SENDER)

    def _acknowledged(self, journey: Journey) -> None:
        self._simulator.ledger.deliver(journey, self._simulator.now, SENDER)
        for _ in range(SEGMENTS_PER_ACK):
            self._send()
