"""What TCP takes between the stacks of one host, and from a stack to itself.

Bridges and loopback carry a packet in no time here. For TCP, which answers each packet with the
next, that would mean any number of bytes in no time; so what reaches a stack without having crossed
a link waits for its turn and its time. Other protocols answer once, and do without.
"""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.sim import Journey, Simulator
from overlaysim.units import US, transmission_time

RATE = 40_000_000_000
DELAY = 10 * US
"""Bit/s, and what a packet takes besides: of the order of what a present-day machine does over a
bridge; an assumption, not a measurement."""


class LocalPath:
    """The way into one stack: one packet after the other.

    Args:
        lost: called with what was on its way when the stack went.
    """

    def __init__(self, simulator: Simulator, lost: Callable[[Journey], None]) -> None:
        self._simulator = simulator
        self._lost = lost
        self._busy_until = 0
        self._on_its_way: dict[int, Journey] = {}

    @property
    def in_hand(self) -> int:
        """Packets on their way, for the conservation check."""
        return len(self._on_its_way)

    def send(self, journey: Journey, length: int, arrive: Callable[[], None]) -> None:
        """Let ``arrive`` happen when ``length`` bytes are through, and book that on the journey."""
        now = self._simulator.now
        start = max(now, self._busy_until)
        took = transmission_time(length, RATE)
        self._busy_until = start + took
        journey.queue += start - now
        journey.transmit += took
        journey.propagate += DELAY
        self._on_its_way[journey.number] = journey

        def done(_: object) -> None:
            if self._on_its_way.pop(journey.number, None) is not None:
                arrive()

        self._simulator.call_at(self._busy_until + DELAY, done)

    def flush(self) -> None:
        """The stack goes: what is on its way to it is lost."""
        lost, self._on_its_way = self._on_its_way, {}
        for journey in lost.values():
            self._lost(journey)
