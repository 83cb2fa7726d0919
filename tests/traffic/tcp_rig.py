"""Two TCP stacks and the path between them, on a list."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from overlaysim.traffic.tcp import TcpSegment, TcpSettings, TcpStack
from overlaysim.traffic.tcp.events import Event
from overlaysim.units import MS, SECOND
from overlaysim.wire.tcp import ACK, FIN, PSH, RST, SYN

A, B = "10.0.0.2", "10.0.0.3"
PORT = 5201
DELAY = 5 * MS
LETTERS = ((SYN, "S"), (FIN, "F"), (RST, "R"), (PSH, "P"), (ACK, "."))


@dataclass
class Path:
    """``fate`` gives the delays at which copies of a segment arrive: none for a loss.

    ``rate`` (bit/s) and ``queue`` (segments) make the way from A to B a bottleneck.
    """

    fate: Callable[[TcpSegment], list[int]] = lambda segment: [DELAY]
    settings: TcpSettings = field(default_factory=TcpSettings)
    settings_b: TcpSettings | None = None
    mtu: int = 1450
    seed: int = 1
    now: int = 0
    sent: list[tuple[int, TcpSegment]] = field(default_factory=list)
    news: list[tuple[int, str, Event]] = field(default_factory=list)
    on_event: Callable[[str, Event], None] = lambda host, event: None

    def __post_init__(self) -> None:
        self.mtus = {A: self.mtu, B: self.mtu}
        """MTU of the path to each host, as the other knows it."""
        self.stacks = {
            host: TcpStack(Random(self.seed + number), settings, mtu=lambda to: self.mtus[to])
            for number, (host, settings) in enumerate(
                ((A, self.settings), (B, self.settings_b or self.settings))
            )
        }
        self.a, self.b = self.stacks[A], self.stacks[B]
        self._queue: list[tuple[int, int, TcpSegment]] = []
        self._count = 0

    # ---- what tests do --------------------------------------------------------------------------

    def connect(self, port: int = PORT, **more: Any) -> int:
        self.b.listen(port)
        connection = self.a.connect(A, B, port, self.now, **more)
        self.settle()
        return connection

    def write(self, host: str, connection: int, length: int, content: Any = None) -> None:
        self.stacks[host].write(connection, length, self.now, content)
        self.settle()

    def close(self, host: str, connection: int) -> None:
        self.stacks[host].close(connection, self.now)
        self.settle()

    def inject(self, segment: TcpSegment) -> None:
        """Let somebody else's segment arrive now."""
        self.stacks[segment.dst].receive(segment, self.now)
        self.settle()

    # ---- time -----------------------------------------------------------------------------------

    def settle(self) -> None:
        for host, stack in self.stacks.items():
            while items := stack.take_outbox():
                for item in items:
                    self._carry(host, item)

    def _carry(self, host: str, item: TcpSegment | Event) -> None:
        if isinstance(item, TcpSegment):
            self.sent.append((self.now, item))
            for delay in self.fate(item):
                self._count += 1
                heapq.heappush(self._queue, (self.now + delay, self._count, item))
        else:
            self.news.append((self.now, host, item))
            self.on_event(host, item)

    def next_instant(self) -> int | None:
        instants = [due for stack in self.stacks.values() if (due := stack.next_timer())]
        if self._queue:
            instants.append(self._queue[0][0])
        return min(instants, default=None)

    def run(self, until: int = 10_000 * SECOND) -> None:
        """Let everything happen up to an instant, or until nothing is left to happen."""
        self.settle()
        while (instant := self.next_instant()) is not None and instant <= until:
            self.now = instant
            if self._queue and self._queue[0][0] == instant:
                _, _, segment = heapq.heappop(self._queue)
                self.stacks[segment.dst].receive(segment, instant)
            else:
                for stack in self.stacks.values():
                    stack.on_timer(instant)
            self.settle()
        if until < 10_000 * SECOND:
            self.now = until

    # ---- what tests look at ---------------------------------------------------------------------

    def lines(self, since: int = 0) -> list[str]:
        """What was sent: sender, flags as ``tcpdump`` writes them, payload bytes."""
        return [
            f"{'A' if segment.src == A else 'B'} {letters(segment.flags)} {segment.length}"
            for at, segment in self.sent if at >= since
        ]  # fmt: skip

    def events(self, host: str, kind: type | None = None) -> list[Event]:
        return [event for _, place, event in self.news
                if place == host and (kind is None or isinstance(event, kind))]  # fmt: skip

    def received(self, host: str) -> tuple[int, list[Any]]:
        """Bytes and objects that came in order."""
        events = [event for event in self.events(host) if type(event).__name__ == "Received"]
        return (sum(event.length for event in events),  # type: ignore[union-attr]
                [content for event in events for content in event.contents])  # type: ignore[union-attr]  # fmt: skip


def letters(flags: int) -> str:
    return "".join(letter for bit, letter in LETTERS if flags & bit)
