"""The TCP of one IP stack: all its connections, as one machine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from random import Random
from typing import Any

from overlaysim.errors import ModelError
from overlaysim.traffic.tcp.endpoint import Endpoint
from overlaysim.traffic.tcp.events import Event
from overlaysim.traffic.tcp.info import TcpInfo
from overlaysim.traffic.tcp.opening import Ends
from overlaysim.traffic.tcp.ports import EphemeralPorts
from overlaysim.traffic.tcp.segment import TcpSegment, reset_for
from overlaysim.traffic.tcp.sequence import NEVER
from overlaysim.traffic.tcp.settings import TcpSettings
from overlaysim.wire.tcp import ACK, RST, SYN

_Key = tuple[str, int, str, int]  # own address and port, the peer's


class TcpStack:
    """Connections of a container or a host.

    Calls for a connection that has ended do nothing: its last event may still be on its way to
    whoever calls.

    A stream is a number of bytes. What stands for some of them is handed over at ``write`` and
    comes out in the peer's :class:`~overlaysim.traffic.tcp.events.Received` together with the last
    of these bytes.

    Args:
        rng: for initial sequence numbers, time stamps and the first ephemeral port.
        settings: of connections for which no others are given.
        mtu: gives the MTU of the path to an address as it is known at present.
    """

    def __init__(
        self, rng: Random, settings: TcpSettings | None = None, *, mtu: Callable[[str], int]
    ) -> None:
        self._rng = rng
        self._settings = TcpSettings() if settings is None else settings
        self._mtu = mtu
        self._listening: dict[int, TcpSettings] = {}
        self._by_ends: dict[_Key, Endpoint] = {}
        self._by_number: dict[int, Endpoint] = {}
        self._numbers = 0
        self._ports = EphemeralPorts(rng)
        # One for each pair of hosts, so that a later connection has later stamps (RFC 6191).
        self._stamp_offsets: dict[tuple[str, str], int] = {}
        self._alarms: list[tuple[int, int]] = []  # a heap: instant, connection
        self._outbox: list[TcpSegment | Event] = []

    # ---- the application ------------------------------------------------------------------------

    def listen(self, port: int, settings: TcpSettings | None = None) -> None:
        """Accept connections to ``port`` at any own address from now on."""
        self._listening[port] = self._settings if settings is None else settings

    def unlisten(self, port: int) -> None:
        """Accept no more connections; those that there are stay."""
        self._listening.pop(port, None)

    def connect(
        self,
        local: str,
        remote: str,
        port: int,
        now: int,
        *,
        local_port: int | None = None,
        settings: TcpSettings | None = None,
    ) -> int:
        """Open a connection and return its number; ``Established`` or ``Failed`` follows.

        Raises:
            ModelError: if the own port is taken, or all ephemeral ones are.
        """
        if local_port is None:
            local_port = self._ports.take(partial(self._is_taken, local, remote, port), local)
        elif (local, local_port, remote, port) in self._by_ends:
            raise ModelError(f"{local}: port {local_port} is connected to {remote} already")
        endpoint = self._new(
            local, local_port, remote, port, settings or self._settings, passive=False
        )
        endpoint.connect(now)
        self._settle(endpoint)
        return endpoint.connection

    def write(self, connection: int, length: int, now: int, content: Any = None) -> None:
        """Write ``length`` bytes, at least one; ``content`` arrives with the last of them.

        Raises:
            ModelError: if there never was such a connection, or this end has closed it.
            ValueError: for a length below one.
        """
        if length < 1:
            raise ValueError(f"{length} bytes cannot be written: it takes at least one")
        endpoint = self._find(connection)
        if endpoint is None:
            return
        if endpoint.out.closed:
            raise ModelError(f"connection {connection} is closed for writing")
        endpoint.write(length, content, now)
        self._settle(endpoint)

    def read(self, connection: int, length: int, now: int) -> None:
        """Take ``length`` bytes out of the receive buffer; only without ``auto_read``.

        Raises:
            ModelError: if there never was such a connection, or there are not so many bytes.
        """
        endpoint = self._find(connection)
        if endpoint is None:
            return
        if not 0 <= length <= endpoint.unread:
            raise ModelError(
                f"connection {connection} has {endpoint.unread} bytes to read, not {length}"
            )
        endpoint.read(length, now)
        self._settle(endpoint)

    def close(self, connection: int, now: int) -> None:
        """Close for writing: a FIN follows what was written.

        Raises:
            ModelError: if there never was such a connection.
        """
        endpoint = self._find(connection)
        if endpoint is not None:
            endpoint.close(now)
            self._settle(endpoint)

    def abort(self, connection: int, now: int) -> None:
        """End a connection at once, with a reset for the peer.

        Raises:
            ModelError: if there never was such a connection.
        """
        endpoint = self._find(connection)
        if endpoint is not None:
            endpoint.abort()
            self._settle(endpoint)

    def info(self, connection: int) -> TcpInfo:
        """The figures of a connection at present.

        Raises:
            ModelError: if there is no such connection any more.
        """
        endpoint = self._find(connection)
        if endpoint is None:
            raise ModelError(f"TCP connection {connection} has ended")
        return endpoint.info()

    # ---- the machine ----------------------------------------------------------------------------

    def receive(self, segment: TcpSegment, now: int) -> None:
        """A segment came in."""
        key = (segment.dst, segment.dst_port, segment.src, segment.src_port)
        endpoint = self._by_ends.get(key)
        listens = segment.dst_port in self._listening
        if endpoint is not None and listens and endpoint.succeeded_by(segment):
            endpoint.abort()
            self._settle(endpoint)
            endpoint = None
        if endpoint is not None:
            endpoint.receive(segment, now)
            self._settle(endpoint)
        elif segment.flags & (SYN | ACK | RST) == SYN and listens:
            endpoint = self._new(*key, self._listening[segment.dst_port], passive=True)
            endpoint.accept(segment, now)
            self._settle(endpoint)
        elif not segment.flags & RST:
            self._outbox.append(reset_for(segment))

    def on_timer(self, now: int) -> None:
        """Do what is due."""
        alarms = self._alarms
        while alarms and alarms[0][0] <= now:
            instant, number = heappop(alarms)
            endpoint = self._by_number.get(number)
            if endpoint is None or endpoint.alarm != instant:
                continue
            endpoint.alarm = NEVER
            if endpoint.next_due() <= now:
                endpoint.on_timer(now)
            self._settle(endpoint)

    def next_timer(self) -> int | None:
        """When to wake it next, which may be for nothing; None for never."""
        return self._alarms[0][0] if self._alarms else None

    def take_outbox(self) -> list[TcpSegment | Event]:
        """Segments to send and events for the applications, in order; empty afterwards."""
        items = self._outbox[:]
        self._outbox.clear()
        return items

    def too_big(
        self, local: str, remote: str, local_port: int, remote_port: int, seq: int, mtu: int,
        now: int,
    ) -> None:  # fmt: skip
        """ICMP says that a segment of ours was longer than the ``mtu`` of a link on its way."""
        endpoint = self._by_ends.get((local, local_port, remote, remote_port))
        if endpoint is not None:
            endpoint.too_big(seq, mtu, now)
            self._settle(endpoint)

    def unreachable(
        self, local: str, remote: str, local_port: int, remote_port: int, reason: str, now: int
    ) -> None:
        """A segment of ours could not be delivered, for one of the reasons of ``Failed``."""
        endpoint = self._by_ends.get((local, local_port, remote, remote_port))
        if endpoint is not None:
            endpoint.unreachable(reason)
            self._settle(endpoint)

    # ---- book-keeping ---------------------------------------------------------------------------

    def _new(
        self, local: str, local_port: int, remote: str, remote_port: int, settings: TcpSettings,
        *, passive: bool,
    ) -> Endpoint:  # fmt: skip
        self._numbers += 1
        rng = self._rng
        pair = (local, remote)
        if pair not in self._stamp_offsets:
            self._stamp_offsets[pair] = rng.getrandbits(32)
        ends = Ends(
            local, local_port, remote, remote_port, rng.getrandbits(32), self._stamp_offsets[pair]
        )
        endpoint = Endpoint(
            self._numbers, ends, settings, partial(self._mtu, remote), self._outbox, passive=passive
        )
        self._by_ends[local, local_port, remote, remote_port] = endpoint
        self._by_number[self._numbers] = endpoint
        return endpoint

    def _find(self, connection: int) -> Endpoint | None:
        """The connection with this number; None if it has ended."""
        if not 0 < connection <= self._numbers:
            raise ModelError(f"there never was a TCP connection {connection}")
        return self._by_number.get(connection)

    def _settle(self, endpoint: Endpoint) -> None:
        """See that an endpoint is woken in time, or forget it.

        An alarm that has become too early stays: it costs less to wake for nothing than to move it
        with each acknowledgement.
        """
        if endpoint.closed:
            ends = endpoint.ends
            del self._by_number[endpoint.connection]
            del self._by_ends[ends.local, ends.local_port, ends.remote, ends.remote_port]
            return
        due = endpoint.next_due()
        if due < endpoint.alarm:
            endpoint.alarm = due
            heappush(self._alarms, (due, endpoint.connection))

    def _is_taken(self, local: str, remote: str, remote_port: int, port: int) -> bool:
        return port in self._listening or (local, port, remote, remote_port) in self._by_ends
