"""W5 "incast": many TCP senders at once to one receiver, whose link is the bottleneck.

Known from ns-3, where links are point-to-point ones with two bytes of PPP framing: frames of 1452 B
carry 1398 B, so that 160 MB over 1 Gbit/s take no less than 1.329 s.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from overlaysim.sim import Journey, Simulator, composition
from overlaysim.sim.driver import Driver
from overlaysim.sim.memory import long_lived_heap
from overlaysim.traffic.tcp import (
    Event,
    PeerClosed,
    Received,
    TcpSegment,
    TcpSettings,
    TcpStack,
)
from overlaysim.underlay import LinkSpec, Underlay, star
from overlaysim.units import SECOND, US

MTU = 1450
IP_AND_FRAMING = 20 + 2
"""IPv4 header and the two bytes of PPP."""
RATE = 1_000_000_000
PORT = 5201
RECEIVER = "receiver"


class TcpHost:
    """A host of the underlay with a TCP stack and nothing else.

    Args:
        simulator: the clock.
        underlay: what carries its segments.
        name: the host.
        addresses: the address of each host by name.
        settings: of its connections.
        mtu: of every path, bytes.
        on_event: called with everything that the stack tells.

    Attributes:
        stack: its connections; call :meth:`settle` after using it.
    """

    def __init__(
        self,
        simulator: Simulator,
        underlay: Underlay,
        name: str,
        addresses: Mapping[str, str],
        settings: TcpSettings,
        on_event: Callable[[Event], None],
        *,
        mtu: int = MTU,
    ) -> None:
        self.stack = TcpStack(simulator.streams("tcp", name), settings, mtu=lambda _: mtu)
        self.address = addresses[name]
        self.retransmissions = 0
        self._simulator = simulator
        self._underlay = underlay
        self._name = name
        self._hosts = {address: host for host, address in addresses.items()}
        self._on_event = on_event
        self._driver = Driver(simulator, self.stack, self._carry)
        underlay.attach(name, self._arrive)

    def settle(self) -> None:
        """Let the stack's segments go."""
        self._driver.settle()

    def _carry(self, item: TcpSegment | Event) -> None:
        if not isinstance(item, TcpSegment):
            self._on_event(item)
            return
        self.retransmissions += item.retransmission
        target = self._hosts[item.dst]
        journey = self._simulator.ledger.create(
            "data", self._simulator.now, source=self._name, intended=target, protocol="tcp"
        )
        journey.composition = composition("data", item.length, IP_AND_FRAMING + item.header_length)
        journey.length = journey.composition.length
        journey.destination = target
        journey.content = item
        self._underlay.send(journey, self._name)

    def _arrive(self, journey: Journey) -> None:
        self._simulator.ledger.deliver(journey, self._simulator.now, self._name)
        self._driver.receive(journey.content)


@dataclass(frozen=True, slots=True)
class Incast:
    """What to run.

    Attributes:
        settings: of every connection.
        senders: how many.
        length: bytes that each sends.
        loss: share of the frames lost on the way from the router to the receiver.
        queue: frames that may wait at each link.
        seed: of all random choices.
    """

    settings: TcpSettings = field(default_factory=TcpSettings)
    senders: int = 16
    length: int = 10_000_000
    loss: float = 0.0
    queue: int = 100
    seed: int = 1

    @property
    def bound(self) -> float:
        """Virtual seconds that the receiver's link needs for all bytes and their headers."""
        segments = -(-self.length // (MTU - 52))
        frames = self.senders * (self.length + segments * (IP_AND_FRAMING + 32))
        return 8 * frames / RATE


@dataclass(frozen=True, slots=True)
class IncastResult:
    """What a run gave.

    Attributes:
        last_byte: virtual seconds until the receiver had all that it got.
        delivered: bytes that it got in order.
        packet_hops: frames transmitted in full, summed over the links.
        drops: frames that ended on the way, by reason.
        retransmissions: segments that the senders sent again.
        cpu: CPU seconds of the event loop.
    """

    last_byte: float
    delivered: int
    packet_hops: int
    drops: dict[str, int]
    retransmissions: int
    cpu: float


def run_incast(incast: Incast, *, until: int = 300 * SECOND) -> IncastResult:
    """Run it until all is quiet, or for ``until`` picoseconds."""
    simulator = Simulator(incast.seed)
    senders = [f"sender-{number}" for number in range(incast.senders)]
    link = LinkSpec(rate=RATE, delay=20 * US, queue_packets=incast.queue)
    underlay = Underlay(simulator, star([*senders, RECEIVER], link), framing="none")
    (router,) = underlay.neighbours[RECEIVER]
    underlay.links[router, RECEIVER].configure(replace(link, loss=incast.loss))
    addresses = {name: f"10.0.0.{number}" for number, name in enumerate([RECEIVER, *senders], 1)}
    got: list[tuple[int, int]] = []  # when, bytes

    def take(event: Event) -> None:
        if isinstance(event, Received):
            got.append((simulator.now, event.length))
        elif isinstance(event, PeerClosed):
            receiver.stack.close(event.connection, simulator.now)

    receiver = TcpHost(simulator, underlay, RECEIVER, addresses, incast.settings, take)
    receiver.stack.listen(PORT)
    hosts = [TcpHost(simulator, underlay, name, addresses, incast.settings, lambda _: None)
             for name in senders]  # fmt: skip
    started = time.process_time()
    with long_lived_heap():
        for host in hosts:
            connection = host.stack.connect(host.address, receiver.address, PORT, 0)
            host.stack.write(connection, incast.length, 0)
            host.stack.close(connection, 0)
            host.settle()
        simulator.run_to(until)
    cpu = time.process_time() - started
    dropped = simulator.ledger.dropped
    return IncastResult(
        got[-1][0] / SECOND if got else 0.0, sum(length for _, length in got),
        sum(link.frames for link in underlay.links.values()),
        {reason: count for (_, reason), count in sorted(dropped.items())},
        sum(host.retransmissions for host in hosts), cpu,
    )  # fmt: skip
