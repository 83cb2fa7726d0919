"""Reliable streams between hosts: what gossip's TCP exchanges and the managers' calls ride on.

A stream is one TCP connection (see :mod:`overlaysim.traffic.connection`). Its opener says one
message; the listener may answer with one. What one side says arrives at the other exactly once or
the opener is told that the stream failed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from overlaysim.traffic.connection import Connection, Message, Outcome
from overlaysim.traffic.segment import MTU, Segment, reset_for
from overlaysim.traffic.tcp.ports import FIRST_PORT, LAST_PORT, EphemeralPorts
from overlaysim.units import SECOND
from overlaysim.wire.tcp import ACK, RST, SYN

__all__ = [
    "FIRST_PORT", "LAST_PORT", "SegmentIn", "StreamDelivered", "StreamFailed", "StreamOutput",
    "StreamStack",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class SegmentIn:
    """A segment arrived from the host with address ``source``."""

    source: str
    segment: Segment


@dataclass(frozen=True, slots=True)
class StreamDelivered:
    """A whole message arrived.

    Attributes:
        source: address of the host that said it.
        port: the port that was dialled: here, or at ``source`` if it is a reply.
        stream: the opener's number of the stream; unique together with the opener's address.
        content: the object that stands for the message.
        length: its length in bytes.
        reply: whether it answers a stream opened here.
        wants_reply: whether ``source`` waits for :meth:`StreamStack.reply`.
    """

    source: str
    port: int
    stream: int
    content: Any
    length: int
    reply: bool
    wants_reply: bool


@dataclass(frozen=True, slots=True)
class StreamFailed:
    """A stream opened here came to nothing.

    The reason is ``refused``, ``dial timed out``, ``timed out``, ``reset by peer``, ``closed
    without a reply`` or, from the host, ``no route to host``. As ever in networks, the message may
    have arrived nevertheless.
    """

    stream: int
    target: str
    reason: str


StreamOutput = Segment | StreamDelivered | StreamFailed
"""Everything that a :class:`StreamStack` puts into its outbox."""

_Key = tuple[str, int, int]  # peer, its port, own port


class StreamStack:
    """The control-plane end points of one host, as a machine.

    Args:
        address: own address on the underlay.
        rng: for initial sequence numbers and the first port.
        dial_timeout: how long a handshake may take, picoseconds.
        patience: how long a connection may stand without progress, picoseconds (memberlist: 10 s
            for both, ``TCPTimeout`` in its ``config.go``).
        mtu: gives the MTU of the path to an address.
    """

    def __init__(
        self,
        address: str,
        rng: Random,
        *,
        dial_timeout: int = 10 * SECOND,
        patience: int = 10 * SECOND,
        mtu: Callable[[str], int] = lambda _: MTU,
    ) -> None:
        self.address = address
        self._mtu = mtu
        self._rng = rng
        self._dial_timeout = dial_timeout
        self._patience = patience
        self._listening: set[int] = set()
        self._connections: dict[_Key, Connection] = {}
        self._by_stream: dict[tuple[str, int], Connection] = {}  # those that await our reply
        self._opened: set[int] = set()
        self._ports = EphemeralPorts(rng)
        self._outbox: list[StreamOutput] = []

    def listen(self, port: int) -> None:
        """Accept streams on ``port`` from now on."""
        self._listening.add(port)

    def close(self, port: int, now: int) -> None:
        """Accept no more streams on ``port``, and abort those that were accepted there."""
        self._listening.discard(port)
        for connection in list(self._connections.values()):
            if not connection.opener and connection.port == port:
                connection.abort(now)
                self._settle(connection, Outcome())

    def abort(self, stream: int, now: int) -> None:
        """Give up a stream opened here, without a word of it to the host; harmless if it ended."""
        for connection in list(self._connections.values()):
            if connection.opener and connection.port == stream:
                connection.abort(now)
                self._settle(connection, Outcome())

    def open(
        self,
        target: str,
        port: int,
        content: Any,
        length: int,
        kind: str,
        now: int,
        *,
        wants_reply: bool = False,
        patience: int | None = None,
    ) -> int:
        """Dial ``port`` at ``target`` and say one message of ``length`` bytes, at least one.

        With ``wants_reply`` the stream stays open until the reply has come; ``patience`` overrides
        the stack's, for the handshake as well (a call that may take long needs more). Returns the
        number of the stream, by which :class:`StreamDelivered` and :class:`StreamFailed` refer to
        it.
        """
        _check_length(length)
        stream = self._ports.take(self._opened.__contains__, self.address)
        self._opened.add(stream)
        connection = Connection(
            port=stream, peer=target, peer_port=port, sequence=self._rng.getrandbits(32),
            kind=kind, opener=True, patience=self._patience if patience is None else patience,
            mtu=partial(self._mtu, target),
        )  # fmt: skip
        self._connections[target, port, stream] = connection
        dial_timeout = self._dial_timeout if patience is None else patience
        connection.connect(Message(content, length), wants_reply, dial_timeout, now)
        self._settle(connection, Outcome())
        return stream

    def reply(
        self, source: str, stream: int, content: Any, length: int, kind: str, now: int
    ) -> bool:
        """Answer a stream delivered with ``wants_reply`` and close it.

        Returns False, with no effect, if the opener has given up meanwhile.
        """
        _check_length(length)
        connection = self._by_stream.pop((source, stream), None)
        if connection is None:
            return False
        connection.kind = kind
        connection.reply(Message(content, length), now)
        self._settle(connection, Outcome())
        return True

    def receive(self, message: SegmentIn, now: int) -> None:
        """A segment came in."""
        segment = message.segment
        key = (message.source, segment.src_port, segment.dst_port)
        connection = self._connections.get(key)
        if connection is not None:
            self._settle(connection, connection.receive(segment, now))
        elif segment.flags & (SYN | ACK | RST) == SYN and segment.dst_port in self._listening:
            connection = Connection(
                port=segment.dst_port, peer=message.source, peer_port=segment.src_port,
                sequence=self._rng.getrandbits(32), kind=segment.kind, opener=False,
                patience=self._patience, mtu=partial(self._mtu, message.source),
            )  # fmt: skip
            self._connections[key] = connection
            connection.accept(segment, self._dial_timeout, now)
            self._settle(connection, Outcome())
        elif not segment.flags & RST:
            self._outbox.append(reset_for(segment, message.source, now))

    def on_timer(self, now: int) -> None:
        """Retransmit or give up wherever it is due."""
        for connection in list(self._connections.values()):
            due = connection.next_timer()
            if due is not None and due <= now:
                self._settle(connection, connection.on_timer(now))

    def next_timer(self) -> int | None:
        """When to wake it next; None for never."""
        timers = (connection.next_timer() for connection in self._connections.values())
        return min((due for due in timers if due is not None), default=None)

    def take_outbox(self) -> list[StreamOutput]:
        """Segments to send and news for the host, in order; empty afterwards."""
        items, self._outbox = self._outbox, []
        return items

    def _settle(self, connection: Connection, outcome: Outcome) -> None:
        """Pass on what ``connection`` wants sent and what it has to tell; forget it if closed."""
        self._outbox += connection.outbox
        connection.outbox.clear()
        stream = connection.port if connection.opener else connection.peer_port
        source = (connection.peer, stream)
        if outcome.message is not None:
            port = connection.peer_port if connection.opener else connection.port
            wants_reply = not connection.opener and connection.awaits_reply
            if wants_reply:
                self._by_stream[source] = connection
            self._outbox.append(
                StreamDelivered(
                    connection.peer, port, stream, outcome.message.content,
                    outcome.message.length, connection.opener, wants_reply,
                )
            )  # fmt: skip
        if outcome.failure is not None and connection.opener:
            self._outbox.append(StreamFailed(stream, connection.peer, outcome.failure))
        if connection.closed:
            del self._connections[connection.peer, connection.peer_port, connection.port]
            if connection.opener:
                self._opened.discard(stream)
            elif self._by_stream.get(source) is connection:
                del self._by_stream[source]


def _check_length(length: int) -> None:
    if length < 1:
        raise ValueError(f"a message of {length} bytes cannot be sent: it needs at least one")
