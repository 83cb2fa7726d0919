"""The TCP of an IP stack: ports, connections, and who has them.

Out: program -> :meth:`Sockets.request` -> the TCP machine -> :meth:`Sockets._carry` -> IP.
In: IP -> :meth:`Sockets.take` -> the machine -> the program.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Protocol

from overlaysim.host.connections import Connection, Ends
from overlaysim.host.receiver import Receiver
from overlaysim.sim import Driver, Journey, Simulator
from overlaysim.traffic.socket_messages import (
    AddressInUse,
    Close,
    Connect,
    Inspect,
    Inspected,
    Listen,
    Listening,
    NotOpened,
    Opened,
    SocketRequest,
    StopListening,
    TcpEvent,
    Write,
)
from overlaysim.traffic.tcp import (
    Acknowledged,
    BlackHole,
    Closed,
    Established,
    Failed,
    PeerClosed,
    Received,
    TcpSegment,
    TcpSettings,
    TcpStack,
)
from overlaysim.wire import TCP, IPv4, Packet
from overlaysim.wire.tcp import ACK, SYN


class Carrier(Protocol):
    """The IP layer below."""

    label: str

    def source_towards(self, destination: str) -> str | None:
        """The own address that packets to an address have; None if there is no route."""

    def path_mtu(self, destination: str) -> int:
        """How long an IP packet to an address may be, as far as is known."""

    def send_segment(self, segment: TcpSegment, look_up: int) -> Journey:
        """Put a segment on its way; ``look_up`` is how long its program waited for the address."""


class Sockets:
    """The connections of one stack.

    Args:
        settings: of the connections that do not ask for others.
    """

    def __init__(self, simulator: Simulator, carrier: Carrier, settings: TcpSettings) -> None:
        self._simulator = simulator
        self._carrier = carrier
        self._settings = settings
        self._tcp = TcpStack(
            simulator.streams("tcp", carrier.label), settings, mtu=carrier.path_mtu
        )
        self._driver = Driver(simulator, self._tcp, self._carry, self._tell_news)
        self._news: deque[TcpEvent] = deque()
        self._listeners: dict[int, Receiver] = {}
        self._connections: dict[int, Connection] = {}
        self._by_ends: dict[Ends, Connection] = {}
        self._answers: dict[Ends, Journey] = {}
        """The newest SYN-ACK of each connection that nobody has accepted yet."""
        self._dialled: Connection | None = None
        """The connection whose first SYN is just leaving: it tells the port that was chosen."""
        self._look_up = 0

    # ---- programs -------------------------------------------------------------------------

    def request(self, program: Receiver, request: SocketRequest, look_up: int = 0) -> None:
        """Do what a program asks; ``look_up`` is how long it has waited for the address."""
        if isinstance(request, Write):
            self._write(request)
        elif isinstance(request, Connect):
            self._connect(program, request, look_up)
        elif isinstance(request, Close):
            self._close(request.connection)
        elif isinstance(request, Inspect):
            if request.connection in self._connections:
                info = self._tcp.info(request.connection)
                program.receive(Inspected(request.connection, info))
        elif isinstance(request, Listen):
            self._listen(program, request)
        elif isinstance(request, StopListening):
            self._stop_listening(request.port)

    def forget(self, program: Receiver) -> None:
        """A program has ended: the kernel closes what it had open."""
        for port in [port for port, owner in self._listeners.items() if owner is program]:
            self._stop_listening(port)
        for connection in list(self._connections.values()):
            if connection.owner is program:
                connection.owner = None
                self._close(connection.number)

    def power_off(self) -> None:
        """Everything is gone at once, and nobody is told."""
        self._driver.stop()
        self._news.clear()
        self._connections.clear()
        self._by_ends.clear()
        self._listeners.clear()

    @property
    def is_abandoned(self) -> bool:
        """Whether no program has anything here."""
        connections = self._connections.values()
        return not self._listeners and all(c.owner is None for c in connections)

    def _listen(self, program: Receiver, request: Listen) -> None:
        if self._listeners.get(request.port, program) is not program:
            program.receive(AddressInUse(request.port))
            return
        self._listeners[request.port] = program
        self._tcp.listen(request.port, self._settings_for(request))
        program.receive(Listening(request.port))

    def _stop_listening(self, port: int) -> None:
        if self._listeners.pop(port, None) is not None:
            self._tcp.unlisten(port)

    def _connect(self, program: Receiver, request: Connect, look_up: int) -> None:
        local = self._carrier.source_towards(request.address)
        if local is None:
            program.receive(NotOpened(request.tag))
            return
        number = self._tcp.connect(
            local, request.address, request.port, self._simulator.now,
            settings=self._settings_for(request),
        )  # fmt: skip
        connection = Connection(self._simulator, self._carrier.label, number, program)
        self._connections[number] = self._dialled = connection
        self._look_up = look_up
        program.receive(Opened(request.tag, number))
        self._driver.settle()
        self._dialled, self._look_up = None, 0

    def _settings_for(self, request: Connect | Listen) -> TcpSettings | None:
        changes: dict[str, object] = {}
        if request.congestion:
            changes["congestion_control"] = request.congestion
        if request.window is not None:
            changes["receive_buffer"] = request.window
        if request.mss is not None:
            changes["max_segment"] = request.mss
        return replace(self._settings, **changes) if changes else None  # type: ignore[arg-type]

    def _write(self, request: Write) -> None:
        connection = self._connections.get(request.connection)
        if connection is None or connection.closing:
            return  # a broken pipe: it has failed, and the program is just hearing of it
        connection.written += request.length
        self._tcp.write(request.connection, request.length, self._simulator.now, request.content)
        self._driver.settle()

    def _close(self, number: int) -> None:
        connection = self._connections.get(number)
        if connection is not None and not connection.closing:
            connection.closing = True
            connection.closes()
            self._tcp.close(number, self._simulator.now)
            self._driver.settle()

    # ---- out ------------------------------------------------------------------------------

    def _carry(self, item: TcpSegment | TcpEvent) -> None:
        if isinstance(item, TcpSegment):
            self._send(item)
        else:
            self._news.append(item)

    def _tell_news(self) -> None:
        """Programs hear what is new when the kernel has sent what it has to, such as an ACK."""
        while self._news:
            self._tell(self._news.popleft())

    def _send(self, segment: TcpSegment) -> None:
        journey = self._carrier.send_segment(segment, self._look_up)
        ends = (segment.src, segment.src_port, segment.dst, segment.dst_port)
        connection = self._by_ends.get(ends)
        if segment.flags & (SYN | ACK) == SYN and self._dialled is not None:
            connection, self._dialled = self._dialled, None
            connection.ends = ends
            self._by_ends[ends] = connection
        if connection is not None:
            connection.journey = journey
            if segment.retransmission:
                number = connection.number
                connection.sent_again(segment, lambda: self._tcp.info(number).state)
        elif segment.flags & SYN:
            self._answers[ends] = journey

    # ---- in -------------------------------------------------------------------------------

    def take(self, journey: Journey, packet: Packet) -> None:
        """A segment came in; its addresses may have been translated on its way."""
        self._driver.receive(translated(journey, packet))

    def too_big(self, ends: Ends, seq: int, mtu: int) -> None:
        """Somebody on the way cannot pass on the segment that begins with ``seq``."""
        local, local_port, remote, remote_port = ends
        now = self._simulator.now
        self._tcp.too_big(local, remote, local_port, remote_port, seq, mtu, now)
        self._driver.settle()

    def unreachable(self, ends: Ends, reason: str) -> None:
        """A segment did not get there: nobody answers ARP, or somebody on the way says so."""
        local, local_port, remote, remote_port = ends
        now = self._simulator.now
        self._tcp.unreachable(local, remote, local_port, remote_port, reason, now)
        self._driver.settle()

    def _tell(self, event: TcpEvent) -> None:
        """Note what the machine tells of a connection, and tell its program."""
        connection = self._connections.get(event.connection)
        if connection is None:
            if not isinstance(event, Established):
                return
            connection = self._accept(event)
        self._note(connection, event)
        if connection.owner is not None:
            connection.owner.receive(event)

    def _accept(self, ends: Established) -> Connection:
        key = (ends.local, ends.local_port, ends.remote, ends.remote_port)
        owner = self._listeners.get(ends.local_port)
        connection = Connection(self._simulator, self._carrier.label, ends.connection, owner)
        connection.ends = key
        connection.journey = self._answers.pop(key, None)
        self._connections[ends.connection] = self._by_ends[key] = connection
        return connection

    def _note(self, connection: Connection, event: TcpEvent) -> None:
        if isinstance(event, Received):
            connection.received += event.length
            connection.moved()
        elif isinstance(event, Acknowledged):
            connection.acknowledged += event.length
            connection.moved()
        elif isinstance(event, Established):
            connection.opened(passive=event.passive)
        elif isinstance(event, PeerClosed):
            connection.closes()
        elif isinstance(event, BlackHole):
            connection.found_black_hole(event.mtu)
        elif isinstance(event, Closed | Failed):
            connection.closed(event.reason if isinstance(event, Failed) else "closed")
            del self._connections[connection.number]
            self._by_ends.pop(connection.ends, None)


def translated(journey: Journey, packet: Packet) -> TcpSegment:
    """The segment that a packet carries, with the addresses and ports that the packet has now."""
    segment: TcpSegment = journey.content
    ip, tcp = packet.layer(0, IPv4), packet.layer(1, TCP)
    source, target = (ip.src, tcp.src_port), (ip.dst, tcp.dst_port)
    if source == (segment.src, segment.src_port) and target == (segment.dst, segment.dst_port):
        return segment
    return replace(segment, src=ip.src, src_port=source[1], dst=ip.dst, dst_port=target[1])
