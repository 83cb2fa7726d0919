"""What a stack knows of each of its TCP connections beside the machine, and what it tells of them.

The trace of a connection is one event at its beginning and one at its end, one a second while it
makes progress, and one when it stalls.
"""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.host.receiver import Receiver
from overlaysim.sim import Journey, Simulator
from overlaysim.sim.events import (
    BlackHoleFound,
    ConnectionClosed,
    ConnectionOpened,
    ConnectionProgress,
    ConnectionStalled,
)
from overlaysim.traffic.tcp import TcpSegment
from overlaysim.units import SECOND

STALLED_AFTER = 3
"""Retransmissions of one and the same segment that make a connection stall. With time-outs that
double, from 200 ms on, the third comes 1.4 s after the segment; without congestion one is rare."""

Ends = tuple[str, int, str, int]
"""Local address and port, remote address and port."""


class Connection:
    """One end of a TCP connection.

    Attributes:
        owner: the program that has it; None when that has ended.
        ends: where it begins and ends; known from its first segment on.
        closing: whether this end has closed it.
        journey: of the newest segment that was sent: it learns on its way whom it reaches.
        written, acknowledged, received: bytes of payload.
        retransmissions: segments sent again.
    """

    __slots__ = (
        "_again", "_endpoint", "_reported", "_simulator", "_since", "_stalled", "_tries",
        "acknowledged", "closing", "ends", "journey", "number", "owner", "peer", "received",
        "retransmissions", "written",
    )  # fmt: skip

    def __init__(
        self, simulator: Simulator, endpoint: str, number: int, owner: Receiver | None
    ) -> None:
        self.number = number
        self.owner = owner
        self.ends: Ends = ("", 0, "", 0)
        self.closing = False
        self.journey: Journey | None = None
        self.peer = ""
        self.written = self.acknowledged = self.received = self.retransmissions = 0
        self._simulator = simulator
        self._endpoint = endpoint
        self._reported = self._since = simulator.now
        self._again = -1  # sequence number of the segment that was sent again last
        self._tries = 0
        self._stalled = False

    def opened(self, *, passive: bool) -> None:
        """The handshake is done."""
        now = self._simulator.now
        self._learn_peer()
        self._since = self._reported = now
        self._tries = 0
        self._emit(ConnectionOpened(now, self._endpoint, self.peer, *self.ends, passive))

    def moved(self) -> None:
        """Something was acknowledged or received."""
        now = self._simulator.now
        self._since = now
        self._tries = 0
        if self._stalled or now - self._reported >= SECOND:
            self._stalled = False
            self._report()

    def closes(self) -> None:
        """The program or its peer sends nothing more: what has come so far may be all."""
        if self._since > self._reported:
            self._report()

    def _report(self) -> None:
        now = self._reported = self._simulator.now
        self._emit(
            ConnectionProgress(now, self._endpoint, *self.ends, self._since, *self._counts())
        )

    def sent_again(self, segment: TcpSegment, state: Callable[[], str]) -> None:
        """A segment was retransmitted; ``state`` tells TCP's own."""
        self.retransmissions += 1
        if segment.seq != self._again:
            self._again, self._tries = segment.seq, 0
        self._tries += 1
        if self._tries == STALLED_AFTER and not self._stalled:
            self._stalled = True
            self._learn_peer()
            self._emit(ConnectionStalled(
                self._simulator.now, self._endpoint, self.peer, *self.ends, state(), self._since,
                *self._counts(),
            ))  # fmt: skip

    def found_black_hole(self, mtu: int) -> None:
        """TCP has begun to send shorter segments."""
        self._emit(BlackHoleFound(self._simulator.now, self._endpoint, *self.ends, mtu))

    def closed(self, reason: str) -> None:
        """It is over."""
        self._learn_peer()
        now = self._simulator.now
        self._emit(ConnectionClosed(
            now, self._endpoint, self.peer, *self.ends, reason, self._since, *self._counts()
        ))  # fmt: skip

    def _counts(self) -> tuple[int, int, int, int]:
        return self.written, self.acknowledged, self.received, self.retransmissions

    def _learn_peer(self) -> None:
        """Whom its segments reach: a balancer or a masquerading host has said so on their way."""
        if not self.peer and self.journey is not None:
            self.peer = self.journey.intended

    def _emit(self, event: object) -> None:
        self._simulator.bus.emit(event)
