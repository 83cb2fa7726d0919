"""Open-loop UDP traffic: datagrams leave at their times, whatever becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from overlaysim.traffic.messages import Event, PortUnreachable, Resolved, SendDatagram
from overlaysim.traffic.program import Program, first_address, is_address

if TYPE_CHECKING:  # it loads numpy, which only those need who have a schedule
    from overlaysim.traffic.schedule import Chance, Schedule


class UdpSource(Program):
    """Sends datagrams to one destination when a schedule says.

    A name is looked up once, at the schedule's start; the datagrams then count from the answer.

    Args:
        destination: a name or an IPv4 address.
        schedule: when it begins and ends, and what it sends.
        chance: where the schedule draws from.
        name: of the flow, unique among those that draw from ``chance``.
        source_port: UDP port here.
        destination_port: UDP port there.

    Attributes:
        sent: datagrams sent so far.
        refused: how many came back as "port unreachable".
    """

    def __init__(
        self,
        destination: str,
        schedule: Schedule,
        chance: Chance,
        name: str,
        *,
        source_port: int = 40_000,
        destination_port: int = 9,
    ) -> None:
        super().__init__()
        self.sent = 0
        self.refused = 0
        self._destination = destination
        self._schedule = schedule
        self._chance, self._name = chance, name
        self._ports = (source_port, destination_port)
        self._address = ""
        self._asked = False
        self._packets: Iterator[tuple[int, int]] = iter(())
        self._sizes = schedule.sizes.payloads
        self._size = 0  # of the next datagram

    def start(self, now: int) -> None:
        """Wait for the instant to begin, or begin at once if it has passed."""
        self._due = max(now, self._schedule.start)
        if self._due == now:
            self.on_timer(now)

    def stop(self, now: int) -> None:
        """Send no more; this is how it ends in good order, so the status is 0."""
        if not self.finished:
            self._conclude()

    def receive(self, message: Event, now: int) -> None:
        """Take the resolver's answer, or count a refusal."""
        if self.finished:
            return
        if isinstance(message, Resolved) and self._asked and not self._address:
            if message.name == self._destination:
                self._resolved(first_address(message), now)
        elif isinstance(message, PortUnreachable) and message.source == self._address:
            self.refused += message.port == self._ports[1]

    def on_timer(self, now: int) -> None:
        """Begin, send the next datagram, or end."""
        if self._schedule.stop is not None and now >= self._schedule.stop:
            self._conclude()
        elif self._address:
            self._send(now)
        elif is_address(self._destination):
            self._resolved(self._destination, now)
        elif self._asked:
            self._resolved(None, now)
        else:
            self._asked = True
            self._ask(self._destination, "A", now)

    def _resolved(self, address: str | None, now: int) -> None:
        if address is None:
            self._fail(f"udp: bad address '{self._destination}'")
            return
        self._address = address
        schedule = replace(self._schedule, start=now)
        self._packets = schedule.emissions(self._chance, self._name).one_by_one()
        self._wait(now)
        if self._due == now:
            self.on_timer(now)

    def _send(self, now: int) -> None:
        self._outbox.append(SendDatagram(self._address, *self._ports, self._size))
        self.sent += 1
        self._wait(now)

    def _wait(self, now: int) -> None:
        """Set the alarm for the next datagram, or for the end after the last; or end."""
        following = next(self._packets, None)
        if following is not None:
            self._due, which = following
            self._size = self._sizes[which]
        elif self._schedule.stop is not None and now < self._schedule.stop:
            self._due = self._schedule.stop
        else:
            self._conclude()

    def _conclude(self) -> None:
        self.lines.append(
            f"{self.sent} datagrams of {_words(self._sizes)} B sent, {self.refused} refused"
        )
        self._end(0)


def _words(sizes: tuple[int, ...]) -> str:
    return f"{min(sizes)}" if len(sizes) == 1 else f"{min(sizes)} to {max(sizes)}"
