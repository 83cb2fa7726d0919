"""The control-plane streams of a host: TCP segments of gossip and managers on the underlay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from overlaysim.host.daemon import Daemon
from overlaysim.host.datapath import Datapath
from overlaysim.host.directory import Directory
from overlaysim.sim import Driver, Journey, Simulator
from overlaysim.traffic.segment import MTU, Segment
from overlaysim.traffic.stream import (
    SegmentIn,
    StreamFailed,
    StreamOutput,
    StreamStack,
)
from overlaysim.units import SECOND
from overlaysim.wire import IPv4, Opaque, Packet
from overlaysim.wire.tcp import ACK, SYN

PROBES, PROBE_PAUSE = 3, SECOND
"""How often and how far apart a kernel asks for a neighbour's MAC address (Linux
``net/ipv4/arp.c``, mcast_probes and retrans_time)."""


@dataclass(frozen=True, slots=True)
class Service:
    """Who takes the messages of a port: (source, stream, content, is a reply), and failures."""

    message: Callable[[str, int, Any, bool], None]
    failure: Callable[[int], None]


class HostStreams:
    """Puts the stream machine on the clock and its segments on the host's link.

    The machine is the kernel's and goes on while the daemon does not; what it has to tell the
    daemon waits.

    Attributes:
        daemon: who says something on streams and is told.
    """

    def __init__(
        self, simulator: Simulator, datapath: Datapath, directory: Directory, daemon: Daemon
    ) -> None:
        self.daemon = daemon
        self._simulator = simulator
        self._datapath = datapath
        self._directory = directory
        self._services: dict[int, Service] = {}
        self._boot()
        datapath.listen_tcp(self._segment_in)

    @property
    def ports(self) -> tuple[int, ...]:
        """Where the daemon listens at present."""
        return tuple(self._services) if self.daemon.running else ()

    def _boot(self) -> None:
        me = self._datapath.me
        self._stack = StreamStack(
            me.address, self._simulator.streams("streams", me.name), mtu=self._mtu
        )
        self._driver = Driver(self._simulator, self._stack, self._carry)
        # The port that each stream dialled; one that expects no reply stays until its number is
        # used again.
        self._opened: dict[int, int] = {}
        self._asking: set[int] = set()
        """Streams whose dial waits for a neighbour."""

    def _mtu(self, address: str) -> int:
        """The path MTU to an address; Ethernet's if no host has it."""
        target = self._directory.host_at(address)
        return MTU if target is None else self._datapath.outer.mtu(target)

    def listen(
        self,
        port: int,
        message: Callable[[str, int, Any, bool], None],
        failure: Callable[[int], None],
    ) -> None:
        """Let ``message`` take what comes for this port and the replies to what was asked there."""
        self._services[port] = Service(message, failure)
        self._stack.listen(port)

    def close(self, port: int) -> None:
        """Nobody listens any more on this port; streams that ran over it come to their end."""
        self._services.pop(port, None)
        self._end(port)

    def _end(self, port: int) -> None:
        self._stack.close(port, self._simulator.now)
        for stream in [stream for stream, dialled in self._opened.items() if dialled == port]:
            self._stack.abort(stream, self._simulator.now)
            del self._opened[stream]
        self._driver.settle()

    def close_all(self) -> None:
        """The daemon has ended: the kernel closes what it had open, until :meth:`reopen`."""
        for port in self._services:
            self._end(port)

    def abort(self, stream: int) -> None:
        """Give up a stream opened here; harmless if it has ended."""
        self._opened.pop(stream, None)
        self._stack.abort(stream, self._simulator.now)
        self._driver.settle()

    def reboot(self) -> None:
        """The kernel starts anew: no connections, and no listeners until :meth:`reopen`."""
        self._driver.stop()
        self._boot()

    def reopen(self) -> None:
        """The daemon has started: it listens on its ports again."""
        for port in self._services:
            self._stack.listen(port)

    def open(
        self,
        target: str,
        port: int,
        content: Any,
        length: int,
        kind: str,
        *,
        wants_reply: bool,
        patience: int | None = None,
    ) -> int:
        """Dial a port and say one message; return the stream's number."""
        stream = self._stack.open(
            target, port, content, length, kind, self._simulator.now, wants_reply=wants_reply,
            patience=patience,
        )  # fmt: skip
        self._opened[stream] = port
        self._driver.settle()
        return stream

    def reply(self, source: str, stream: int, content: Any, length: int, kind: str) -> None:
        """Answer on a stream that somebody else opened; lost if they have given up."""
        self._stack.reply(source, stream, content, length, kind, self._simulator.now)
        self._driver.settle()

    def _carry(self, item: StreamOutput) -> None:
        if isinstance(item, Segment):
            self._send(item)
        elif isinstance(item, StreamFailed):
            failure = self._services[self._opened.pop(item.stream)].failure
            self.daemon.take(partial(failure, item.stream))
        else:
            if item.reply:
                del self._opened[item.stream]
            message = self._services[item.port].message
            self.daemon.take(partial(message, item.source, item.stream, item.content, item.reply))

    def _send(self, segment: Segment) -> None:
        target = self._directory.host_at(segment.target)
        if target is None:
            return  # an address that no host has: the dial runs into its time-out
        if segment.flags & (SYN | ACK) == SYN:
            if segment.src_port in self._asking:
                return  # the one before it waits for a neighbour
            if not self._datapath.has_carrier:
                self._ask(segment)
                return
        journey = self._simulator.ledger.create(
            segment.kind, self._simulator.now, source=self._datapath.me.name,
            intended=target.name, protocol="tcp",
        )  # fmt: skip
        journey.content = segment
        payload = Opaque(segment.length, segment.kind)
        self._datapath.send(journey, segment.header, payload, target)

    def _ask(self, segment: Segment, tries: int = 1) -> None:
        """Wait for a neighbour's answer, which cannot come while the host has no carrier.

        A kernel forgets its neighbours when it loses the carrier, and when nobody has answered it
        the dial has failed: no route to host (Linux ``net/core/neighbour.c`` neigh_carrier_down,
        neigh_timer_handler).
        """
        stream = segment.src_port
        self._asking.add(stream)

        def again(_: object) -> None:
            if stream not in self._opened or stream not in self._asking:
                self._asking.discard(stream)
            elif self._datapath.has_carrier:
                self._asking.discard(stream)
                self._send(segment)
            elif tries < PROBES:
                self._ask(segment, tries + 1)
            else:
                self._asking.discard(stream)
                self._stack.abort(stream, self._simulator.now)
                self._carry(StreamFailed(stream, segment.target, "no route to host"))
                self._driver.settle()

        self._simulator.call_in(PROBE_PAUSE, again)

    def _segment_in(self, journey: Journey, packet: Packet) -> None:
        self._driver.receive(SegmentIn(packet.layer(1, IPv4).src, journey.content))
