"""Putting segments of an open connection together."""

from __future__ import annotations

from typing import Any

from overlaysim.traffic.tcp.opening import Agreed, Ends
from overlaysim.traffic.tcp.receiver import Receiver
from overlaysim.traffic.tcp.segment import TcpSegment
from overlaysim.traffic.tcp.sequence import MASK
from overlaysim.units import MS
from overlaysim.wire.tcp import ACK, RST


class Composer:
    """Makes segments of offsets, and lets each carry what the receiving half has to say.

    Args:
        ends: who talks to whom.
        agreed: what the handshake has settled.
        receiver: the receiving half.
        outbox: takes the segments.

    Attributes:
        echo: the peer's time stamp to echo (``TS.Recent`` of RFC 7323).
    """

    __slots__ = ("_agreed", "_ends", "_outbox", "_receiver", "echo")

    def __init__(self, ends: Ends, agreed: Agreed, receiver: Receiver, outbox: list[Any]) -> None:
        self._ends = ends
        self._agreed = agreed
        self._receiver = receiver
        self._outbox = outbox
        self.echo = agreed.echo

    def emit(
        self,
        now: int,
        offset: int,
        length: int,
        flags: int,
        contents: tuple[tuple[int, Any], ...] = (),
        again: bool = False,
    ) -> None:
        """Send ``length`` bytes from ``offset`` on, and an acknowledgement with them."""
        ends, receiver, agreed = self._ends, self._receiver, self._agreed
        sack: tuple[tuple[int, int], ...] = ()
        if receiver.blocks and not length:  # a full segment has no room for them
            sack = self._sack_option()
        self._outbox.append(
            TcpSegment(
                ends.local, ends.remote, ends.local_port, ends.remote_port,
                (ends.sequence + offset) & MASK, (agreed.sequence + receiver.expected) & MASK,
                flags, receiver.window(), length, None, False, None,
                (now // MS + ends.stamp_offset) & MASK if agreed.time_stamps else None,
                self.echo, sack, contents, again,
            )
        )  # fmt: skip
        receiver.acknowledged()

    def _sack_option(self) -> tuple[tuple[int, int], ...]:
        origin = self._agreed.sequence
        most = 3 if self._agreed.time_stamps else 4
        return tuple(
            ((origin + start) & MASK, (origin + end) & MASK)
            for start, end in self._receiver.blocks[:most]
        )


def reset(ends: Ends, agreed: Agreed, offset: int, expected: int) -> TcpSegment:
    """A reset that the peer will believe: the next byte to send, the next one expected."""
    return TcpSegment(
        ends.local, ends.remote, ends.local_port, ends.remote_port,
        (ends.sequence + offset) & MASK, (agreed.sequence + expected) & MASK, RST | ACK, 0, 0,
    )  # fmt: skip
