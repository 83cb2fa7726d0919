"""Gossip nodes and the reference transport between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from overlaysim.gossip import (
    Datagram,
    DatagramIn,
    GossipNode,
    GossipSettings,
    NodeState,
    StreamFailed,
    StreamIn,
    StreamReply,
    StreamRequest,
    TableChange,
)
from overlaysim.gossip.messages import BulkSync
from overlaysim.sim import Simulator
from overlaysim.units import MS, SECOND
from overlaysim.validate.traffic import Traffic

SEGMENT = 1448
"""Bytes of TCP payload in one segment: an MTU of 1500 and the time stamps option."""

RETRANSMISSION = 200 * MS
"""What each loss of a data segment costs."""

SYN_RETRANSMISSION = SECOND
"""What the first loss in a handshake costs; each further one costs twice the one before."""

LATENCY = MS // 2
"""One way, as in the reference measurement."""


@dataclass(slots=True, eq=False)
class Host:
    """A node with its place in the network.

    Attributes:
        node: the machine.
        group: hosts of different groups do not reach one another.
        down: whether it has crashed: it does nothing and answers nothing.
        alarm: when it is to be woken; None for never.
    """

    node: GossipNode
    group: int = 0
    down: bool = False
    alarm: int | None = None


OnChange = Callable[[Host, TableChange, bool], None]
"""Hears what a watcher of the tables on one host sees, and whether it came by bulk sync."""

OnMember = Callable[[Host, str, NodeState], None]
"""Hears that on one host the node of that name has got into another state."""


class GossipCluster:
    """Nodes on simulated time, and a transport that has latency and loss but no links.

    Datagrams are lost independently. On a connection nothing is lost: a segment or a packet of the
    handshake that is, costs its retransmission time. A host that is down or in another group
    answers nothing, so that connections to it run into their time-out; none is ever refused.
    There is no bandwidth limit, no jitter of its own and no queue.

    Args:
        seed: of all random choices.
        settings: of all nodes.
        latency: one-way latency of everything, picoseconds: the least and the most, uniform.
    """

    def __init__(
        self,
        seed: int,
        settings: GossipSettings,
        latency: tuple[int, int] = (LATENCY, LATENCY),
    ) -> None:
        self.simulator = Simulator(seed)
        self.settings = settings
        self.loss = 0.0
        """Share of datagrams, segments and handshake packets that are lost; below 1."""
        self.metering = False
        """Whether :attr:`traffic` is counted: the lengths cost time, for what is compressed."""
        self.traffic = Traffic()
        """What all nodes together have sent while it was counted."""
        self.datagrams: Counter[str] = Counter()
        """Datagrams sent, by kind; always counted."""
        self.hosts: dict[str, Host] = {}
        """By name of the node, in the order of their start; those that are down included."""
        self.on_change: OnChange | None = None
        self.on_member: OnMember | None = None
        self._at: dict[str, Host] = {}
        self._least, self._spread = latency[0], latency[1] - latency[0]
        self._random = self.simulator.streams("transport").random

    # Time

    @property
    def now(self) -> int:
        """The present instant, picoseconds."""
        return self.simulator.now

    def run(self, duration: int) -> None:
        """Let picoseconds pass."""
        self.simulator.run_for(duration)

    def run_until(self, done: Callable[[], bool], limit: int, step: int = 0) -> bool:
        """Run until a condition holds; tell whether it did within ``limit`` picoseconds.

        Args:
            done: the condition.
            limit: how long to wait at most.
            step: look only so often, as somebody who polls; 0 for after each event.
        """
        simulator = self.simulator
        end = simulator.now + limit
        while not done():
            if simulator.now >= end:
                return False
            if step:
                simulator.run_to(min(simulator.now + step, end))
            elif simulator.peek() > end:
                simulator.run_to(end)
            else:
                simulator.step()
        return True

    # Hosts

    def start(self, name: str, address: str, *, phase: int = 0) -> Host:
        """Start a node at an address; one that was there before has ended.

        Args:
            phase: its tickers start so much later than now; may be negative.
        """
        rng = self.simulator.streams("gossip", name)
        host = Host(GossipNode(name, address, self.settings, rng, self.now, self.now + phase))
        self.hosts[name] = self._at[address] = host
        self.settle(host)
        return host

    def crash(self, host: Host) -> None:
        """End a node without a word."""
        host.down = True

    def split(self, groups: Iterable[Sequence[Host]]) -> None:
        """Cut every group off from all others; hosts in none of them form one together."""
        self.heal()
        for number, group in enumerate(groups, start=1):
            for host in group:
                host.group = number

    def heal(self) -> None:
        """Let everybody reach everybody again."""
        for host in self.hosts.values():
            host.group = 0

    def up(self) -> list[Host]:
        """The hosts that run."""
        return [host for host in self.hosts.values() if not host.down]

    @contextmanager
    def acting(self, host: Host) -> Iterator[GossipNode]:
        """Make local calls to the node of a host; what they cause is carried afterwards."""
        yield host.node
        self.settle(host)

    # The nodes' calls

    def settle(self, host: Host, by_sync: bool = False) -> None:
        """Carry what a node wants sent, tell what it saw, and set its alarm."""
        node = host.node
        for item in node.take_outbox():
            if isinstance(item, Datagram):
                self._send(host, item)
            elif isinstance(item, StreamRequest):
                self._open(host, item)
            else:
                self._answer(host, item)
        for change in node.take_changes():
            if self.on_change is not None:
                self.on_change(host, change, by_sync)
        for name, state in node.take_member_changes():
            if self.on_member is not None:
                self.on_member(host, name, state)
        due = node.next_timer()
        if due is not None and (host.alarm is None or due < host.alarm):
            # An alarm that turns out too early is set again when it rings: no need to cancel.
            host.alarm = due
            self.simulator.call_at(due, self._wake, (host, due))

    def _wake(self, alarm: tuple[Host, int]) -> None:
        host, due = alarm
        if host.alarm != due or host.down:
            return
        host.alarm = None
        node, now = host.node, self.simulator.now
        coming = node.next_timer()
        if coming is not None and coming <= now:
            node.on_timer(now)
        self.settle(host)

    # Datagrams

    def _send(self, host: Host, datagram: Datagram) -> None:
        self.datagrams[datagram.kind] += 1
        if self.metering:
            self.traffic.datagrams += 1
            self.traffic.datagram_bytes += datagram.length
        if self.loss and self._random() < self.loss:
            return
        target = self._at.get(datagram.target)
        if target is not None and target.group == host.group:
            arrival = self.simulator.now + self._latency()
            message = DatagramIn(host.node.address, datagram.packet)
            self.simulator.call_at(arrival, self._datagram_in, (target, message))

    def _datagram_in(self, arrival: tuple[Host, DatagramIn]) -> None:
        host, message = arrival
        if not host.down:
            host.node.receive(message, self.simulator.now)
            self.settle(host)

    # Streams

    def _open(self, host: Host, request: StreamRequest) -> None:
        target = self._at.get(request.target)
        silent = target is None or target.down or target.group != host.group
        handshake = self._handshake()
        if self.metering:
            self.traffic.connections += 1
            self.traffic.segments += 1 if silent else 2  # the answer to the SYN is one as well
        if target is None or silent or handshake > request.limit:
            fail = self.simulator.now + request.limit
            self.simulator.call_at(fail, self._stream_failed, (host, StreamFailed(request.stream)))
            return
        message = StreamIn(host.node.address, request.stream, request.content, reply=False)
        self._write(host, target, message, request, handshake)

    def _answer(self, host: Host, reply: StreamReply) -> None:
        target = self._at.get(reply.target)
        if target is not None and target.group == host.group:
            message = StreamIn(host.node.address, reply.stream, reply.content, reply=True)
            self._write(host, target, message, reply, 0)

    def _write(
        self,
        sender: Host,
        target: Host,
        message: StreamIn,
        item: StreamRequest | StreamReply,
        handshake: int,
    ) -> None:
        """Send a whole message on a connection that is open after the ``handshake``."""
        delay = handshake + self._latency()
        if self.metering or self.loss:  # else nobody need know how long it is
            length = item.length
            segments = -(-length // SEGMENT)
            if self.metering:
                self.traffic.stream_bytes += length
                self.traffic.segments += segments
            delay += self._retransmissions(segments)
        arrival = self.simulator.now + delay
        self.simulator.call_at(arrival, self._stream_in, (sender, target, message))

    def _retransmissions(self, segments: int) -> int:
        """What the losses of a message's segments cost, one after the other."""
        delay = 0
        if self.loss:
            for _ in range(segments):
                while self._random() < self.loss:
                    delay += RETRANSMISSION
        return delay

    def _stream_in(self, arrival: tuple[Host, Host, StreamIn]) -> None:
        sender, host, message = arrival
        if not host.down and sender.group == host.group:
            host.node.receive(message, self.simulator.now)
            self.settle(host, isinstance(message.content, BulkSync))

    def _stream_failed(self, failure: tuple[Host, StreamFailed]) -> None:
        host, message = failure
        if not host.down:
            host.node.receive(message, self.simulator.now)
            self.settle(host)

    def _handshake(self) -> int:
        """SYN there and SYN/ACK back; a loss of either is noticed by the caller alone."""
        delay, pause = self._latency() + self._latency(), SYN_RETRANSMISSION
        if self.loss:
            while self._random() < self.loss or self._random() < self.loss:
                delay += pause
                pause *= 2
        return delay

    def _latency(self) -> int:
        return self._least + int(self._spread * self._random()) if self._spread else self._least
