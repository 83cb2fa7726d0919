"""Open-loop UDP traffic: datagrams leave at their times, whatever becomes of them."""

from __future__ import annotations

from random import Random
from typing import Literal

from overlaysim.traffic.messages import Event, PortUnreachable, Resolved, SendDatagram
from overlaysim.traffic.program import Program, first_address, is_address
from overlaysim.units import SECOND

ARRIVALS = ("constant", "poisson")
"""How the gaps between datagrams are made."""


class UdpSource(Program):
    """Sends datagrams of one size to one destination, at a given average rate.

    A name is looked up once, when sending begins; the datagrams then count from the answer.
    Constant arrivals do not drift: datagram k leaves at ``k * size * 8 / rate`` seconds, rounded
    down to the picosecond. Poisson arrivals have exponential gaps of the same mean, also before
    the first.

    Args:
        destination: a name or an IPv4 address.
        rate: bit/s of UDP payload.
        size: payload bytes of each datagram.
        start: the instant when it begins, picoseconds.
        stop: the instant from which on nothing is sent, picoseconds; None for never.
        arrivals: one of :data:`ARRIVALS`.
        rng: where Poisson gaps come from; not used for constant ones.
        source_port: UDP port here.
        destination_port: UDP port there.

    Attributes:
        sent: datagrams sent so far.
        refused: how many came back as "port unreachable".

    Raises:
        ValueError: for a rate or size below one, or Poisson arrivals without ``rng``.
    """

    def __init__(
        self,
        destination: str,
        *,
        rate: int,
        size: int,
        start: int,
        stop: int | None = None,
        arrivals: Literal["constant", "poisson"] = "constant",
        rng: Random | None = None,
        source_port: int = 40_000,
        destination_port: int = 9,
    ) -> None:
        super().__init__()
        if rate < 1 or size < 1:
            raise ValueError(f"rate ({rate} bit/s) and size ({size} B) must be at least one")
        if arrivals == "poisson" and rng is None:
            raise ValueError("Poisson arrivals need a random generator")
        self.sent = 0
        self.refused = 0
        self._destination = destination
        self._rate, self._size = rate, size
        self._begin_at, self._stop_at = start, stop
        self._chance = rng if arrivals == "poisson" else None
        self._ports = (source_port, destination_port)
        self._address = ""
        self._asked = False
        self._first = 0
        self._elapsed = 0  # from the first instant to the next datagram

    def start(self, now: int) -> None:
        """Wait for the instant to begin, or begin at once if it has passed."""
        self._due = max(now, self._begin_at)
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
        if self._stop_at is not None and now >= self._stop_at:
            self._conclude()
        elif self._address:
            self._send()
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
        self._first = now
        if self._chance is None:
            self._send()
        else:
            self._schedule()

    def _send(self) -> None:
        self._outbox.append(SendDatagram(self._address, *self._ports, self._size))
        self.sent += 1
        self._schedule()

    def _schedule(self) -> None:
        """Set the alarm for the next datagram, or for the end if that comes first."""
        bits = self._size * 8
        if self._chance is None:
            self._elapsed = self.sent * bits * SECOND // self._rate
        else:
            self._elapsed += round(self._chance.expovariate(1.0) * bits * SECOND / self._rate)
        due = self._first + self._elapsed
        self._due = due if self._stop_at is None else min(due, self._stop_at)

    def _conclude(self) -> None:
        self.lines.append(f"{self.sent} datagrams of {self._size} B sent, {self.refused} refused")
        self._end(0)
