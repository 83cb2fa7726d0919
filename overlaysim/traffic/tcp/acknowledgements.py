"""What a peer's segments say about the own data: what arrived, and what there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from overlaysim.traffic.tcp.events import Acknowledged
from overlaysim.traffic.tcp.opening import Agreed, Ends
from overlaysim.traffic.tcp.outgoing import Outgoing
from overlaysim.traffic.tcp.receiver import Block
from overlaysim.traffic.tcp.segment import TcpSegment
from overlaysim.traffic.tcp.sender import Sender
from overlaysim.traffic.tcp.sequence import MASK, distance
from overlaysim.traffic.tcp.timer import PERSIST
from overlaysim.wire.tcp import FIN


class Acknowledgements:
    """Reads acknowledgements, windows and selective acknowledgements for the sending half.

    Args:
        connection: the number that the application knows the connection by.
        ends: the own initial sequence number.
        agreed: how the peer's windows are scaled, and whether it acknowledges selectively.
        out: the stream that is sent.
        sender: the sending half.
        outbox: takes what the application is told.
    """

    __slots__ = ("_agreed", "_connection", "_last", "_newest", "_out", "_outbox", "_sender",
                 "_sequence")  # fmt: skip

    def __init__(
        self,
        connection: int,
        ends: Ends,
        agreed: Agreed,
        out: Outgoing,
        sender: Sender,
        outbox: list[Any],
    ) -> None:
        self._connection = connection
        self._sequence = ends.sequence
        self._agreed = agreed
        self._out = out
        self._sender = sender
        self._outbox = outbox
        self._newest = 0  # offset of the peer's segment that last told its window (``SND.WL1``)
        self._last: tuple[Any, ...] = ()  # the fields that were read last

    def read(self, segment: TcpSegment, offset: int, now: int) -> bool | None:
        """Take a segment's acknowledgement and window (RFC 9293 section 3.10.7.4).

        Args:
            segment: in the window of the receiving half.
            offset: where it is in the peer's stream.
            now: the instant, picoseconds.

        Returns:
            Whether something may be sent now; None if the segment cannot be believed.
        """
        sender = self._sender
        una, edge = sender.una, sender.edge
        fields = (segment.ack, segment.window, segment.sack)
        if fields == self._last and segment.length and una == sender.next:
            self._newest = max(self._newest, offset)
            return False  # it only brings data, as most do
        acked = una + distance(segment.ack, (self._sequence + una) & MASK)
        if acked > sender.next or acked < una - sender.widest:
            return None  # RFC 5961 section 5.2
        repeats = acked == una
        acked = max(acked, una)
        self._read_window(acked, segment.window << self._agreed.peer_scale, offset)
        self._last = fields
        blocks = self._blocks(segment, una) if segment.sack and self._agreed.sack else ()
        if acked > una or blocks or (repeats and self._is_duplicate(segment, edge)):
            echo = 0 if segment.stamp is None else segment.echo
            self._advance(acked, blocks, echo, now)
            return True
        return sender.edge != edge

    def _read_window(self, acked: int, window: int, offset: int) -> None:
        """Of two windows for one acknowledgement the newer counts (``tcp_may_update_window``)."""
        sender = self._sender
        edge = acked + window
        fresh = acked > sender.una or offset > self._newest
        if fresh or (offset == self._newest and edge > sender.edge):
            self._newest = offset
            if edge != sender.edge:
                sender.widen(edge, window)
        if sender.timer.kind == PERSIST:
            sender.timeouts = 0  # the peer is there, it only has no room

    def _is_duplicate(self, segment: TcpSegment, edge: int) -> bool:
        """Whether it only repeats what is known (RFC 5681 section 2)."""
        sender = self._sender
        empty = not segment.length and not segment.flags & FIN
        return empty and sender.edge == edge and sender.next > sender.una

    def _advance(self, acked: int, blocks: Sequence[Block], echo: int, now: int) -> None:
        """Let the sender take an acknowledgement, and tell the application."""
        sender, written = self._sender, self._out.end
        before = min(sender.una, written)
        sender.acknowledge(acked, blocks, echo, now)
        length = min(acked, written) - before
        if length:
            unsent = max(0, written - sender.next)
            self._outbox.append(Acknowledged(self._connection, length, unsent))

    def _blocks(self, segment: TcpSegment, una: int) -> list[Block]:
        """The selective acknowledgements as offsets."""
        origin = (self._sequence + una) & MASK
        return [(una + distance(start, origin), una + distance(end, origin))
                for start, end in segment.sack]  # fmt: skip
