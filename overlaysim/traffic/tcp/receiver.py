"""The receiving half of a connection: reassembly, the window, and when to acknowledge."""

from __future__ import annotations

from typing import Any

from overlaysim.traffic.tcp.ranges import Ranges
from overlaysim.traffic.tcp.sequence import NEVER
from overlaysim.traffic.tcp.settings import TcpSettings

_MOST_BLOCKS = 4
"""SACK blocks that are remembered (Linux ``TCP_NUM_SACKS``)."""

Block = tuple[int, int]


class Receiver:
    """Offsets count from the peer's SYN, which has 0.

    Args:
        settings: how TCP behaves.
        scale: how far the window field is shifted.
        sack: whether the peer understands selective acknowledgements.

    Attributes:
        expected: offset of the next byte in order.
        told: the offset that the last acknowledgement named.
        edge: offset behind the last byte that the peer was told there is room for.
        unread: bytes in order that the application has not read.
        finished: whether the peer's FIN is here in order.
        blocks: what is here out of order, the newest first; a duplicate may stand before all.
        due: when a delayed acknowledgement has to go, picoseconds.
        must_acknowledge: whether one has to go now.
    """

    __slots__ = (
        "_auto_read", "_buffer", "_delay", "_duplicate", "_early", "_every", "_fin", "_largest",
        "_pending", "_quick", "_recent", "_sack", "_scale", "_worth", "blocks", "due", "edge",
        "expected", "finished", "must_acknowledge", "told", "unread",
    )  # fmt: skip

    def __init__(self, settings: TcpSettings, scale: int, *, sack: bool) -> None:
        self._auto_read = settings.auto_read
        self._every = settings.ack_every - 1
        self._delay = settings.delayed_ack
        self._quick = settings.quick_acks
        self._scale = scale
        self._sack = sack
        self.expected = self.told = 1
        self.edge = 1 + min(settings.receive_buffer, 0xFFFF)
        self.unread = 0
        self.finished = False
        self.blocks: tuple[Block, ...] = ()
        self.due = NEVER
        self.must_acknowledge = False
        self._largest = 1  # payload bytes of the largest segment seen
        self._buffer = settings.receive_buffer
        self._worth = min(self._buffer // 2, 1)  # by how much the edge moves at least
        self._fin: int | None = None
        self._early = Ranges()
        self._pending: dict[int, Any] = {}  # objects that end in what is early
        self._recent: list[Block] = []
        self._duplicate = False

    def take(
        self, offset: int, length: int, fin: bool, contents: tuple[tuple[int, Any], ...], now: int
    ) -> tuple[int, tuple[Any, ...]]:
        """Take a segment that is in the window; returns how many bytes came in order, and objects.

        What lies beyond the window is cut off.
        """
        end = offset + length
        if end > self.edge:
            end, fin = self.edge, False
        if fin:
            self._fin = end
        if end + fin <= self.expected:
            self.report_duplicate(offset, end)
            return 0, ()
        if offset > self.expected:
            self._keep(offset, end, contents)
            return 0, ()
        before = self.expected
        self.expected = end
        objects: tuple[Any, ...] = ()
        if contents:
            objects = tuple(
                content for distance, content in contents if before < offset + distance <= end
            )
        if self._early:
            objects += self._join(end)
            self.must_acknowledge = True
        taken = self.expected - before
        if self._fin is not None and self._fin == self.expected:
            self.expected += 1
            self.finished = self.must_acknowledge = True
        if not self._auto_read:
            self.unread += taken
        self._schedule(length, now)
        return taken, objects

    def _schedule(self, length: int, now: int) -> None:
        """Acknowledge now or later (RFC 5681 section 4.2; Linux ``__tcp_ack_snd_check``)."""
        if length > self._largest:
            self._largest = length
            self._worth = min(self._buffer // 2, length)
        if self._quick > 0:
            self._quick -= 1
            self.must_acknowledge = True
        elif self.expected - self.told > self._every * self._largest or not self._delay:
            self.must_acknowledge = True
        elif self.due == NEVER:
            self.due = now + self._delay

    def _keep(self, offset: int, end: int, contents: tuple[tuple[int, Any], ...]) -> None:
        """Something came ahead of its turn: say so at once."""
        self.must_acknowledge = True
        for distance, content in contents:
            if offset + distance <= end:
                self._pending[offset + distance] = content
        if offset == end:
            return  # a bare FIN
        if self._early.covered_until(offset) >= end:
            self.report_duplicate(offset, end)
            return
        block = self._early.add(offset, end)
        others = [old for old in self._recent if not (block[0] <= old[0] and old[1] <= block[1])]
        self._recent = [block, *others][:_MOST_BLOCKS]
        self._set_blocks()

    def _join(self, end: int) -> tuple[Any, ...]:
        """Go on with what is there behind ``end``; returns the objects in it."""
        self.expected = expected = self._early.covered_until(end)
        self._early.remove_below(expected)
        self._recent = [block for block in self._recent if block[0] >= expected]
        self._set_blocks()
        ready = sorted(offset for offset in self._pending if offset <= expected)
        return tuple(self._pending.pop(offset) for offset in ready)

    def report_duplicate(self, offset: int, end: int) -> None:
        """The peer sent this twice: say so at once (RFC 2883)."""
        self.must_acknowledge = True
        if end > offset and self._sack:
            self._duplicate = True
            self.blocks = ((offset, end), *self._recent)

    def _set_blocks(self) -> None:
        if self._sack:
            self.blocks = tuple(self._recent)

    def acknowledged(self) -> None:
        """An acknowledgement has been sent with :attr:`blocks`."""
        self.told = self.expected
        self.due = NEVER
        self.must_acknowledge = False
        if self._duplicate:  # it is reported once
            self._duplicate = False
            self._set_blocks()

    def window(self) -> int:
        """The window field of a segment that is sent now; moves :attr:`edge`.

        The edge never moves back, and forward only by a fair piece (RFC 9293 section 3.8.6.2.2).
        """
        edge = self.expected + self._buffer - self.unread
        if edge - self.edge >= self._worth:
            self.edge = edge
        field = (self.edge - self.expected) >> self._scale
        return field if 0 <= field <= 0xFFFF else 0xFFFF if field > 0 else 0

    def read(self, length: int) -> bool:
        """The application takes bytes out; returns whether the peer has to hear of the room.

        It has to if it can send a full segment and could not before, or twice as much as before.
        """
        self.unread -= length
        old = self.edge - self.expected
        new = self._buffer - self.unread
        return new >= 2 * old and new - old >= self._worth
