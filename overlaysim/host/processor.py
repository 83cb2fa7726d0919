"""The work that packets make on a host: one processor, which takes them one after the other.

That is how Linux forwards a flow: one core's softirq does all that happens to a packet, and packets
wait in a backlog of limited length meanwhile. As on a link, a processor that serves in order is
known completely by the instant until which it is busy, so there is one event per packet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from overlaysim.sim import Journey, Simulator

BACKLOG = 1000
"""Packets that wait behind the one in hand (Linux ``net.core.netdev_max_backlog``)."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a packet costs, in picoseconds: for itself and for each of its bytes."""

    packet: int = 0
    byte: int = 0

    def cost(self, length: int) -> int:
        """Picoseconds for a packet of ``length`` bytes."""
        return self.packet + self.byte * length

    def __add__(self, other: Work) -> Work:
        return Work(self.packet + other.packet, self.byte + other.byte)


FREE = Work()


class Processor:
    """The core that handles a host's tunnel packets.

    Args:
        refuse: called with a journey that finds the backlog full, or loses power while it waits.
    """

    def __init__(self, simulator: Simulator, refuse: Callable[[Journey, str], None]) -> None:
        self._simulator = simulator
        self._refuse = refuse
        self._busy_until = 0
        self._starts: deque[int] = deque()
        self._in_hand = 0
        self._boots = 0

    @property
    def in_hand(self) -> int:
        """Packets that wait or are worked on."""
        return self._in_hand

    def reboot(self) -> None:
        """Everything in hand is lost."""
        self._boots += 1
        self._busy_until = 0
        self._starts.clear()

    def run(
        self,
        journey: Journey,
        part: Literal["encapsulate", "decapsulate"],
        cost: int,
        then: Callable[[], None],
    ) -> None:
        """Let ``then`` happen after ``cost`` picoseconds of work, when the packet's turn has come.

        Its wait is booked as queueing and its work as ``part`` of the journey. With no work to do
        and nobody ahead it happens at once.
        """
        now = self._simulator.now
        if not cost and self._busy_until <= now:
            then()
            return
        while self._starts and self._starts[0] <= now:
            self._starts.popleft()
        if len(self._starts) >= BACKLOG:
            self._refuse(journey, "backlog full")
            return
        start = max(now, self._busy_until)
        if start > now:
            self._starts.append(start)
        self._busy_until = start + cost
        self._in_hand += 1
        journey.queue += start - now
        setattr(journey, part, getattr(journey, part) + cost)

        def done(boots: int) -> None:
            self._in_hand -= 1
            if boots == self._boots:
                then()
            else:
                self._refuse(journey, "host down")

        self._simulator.call_at(self._busy_until, done, self._boots)
