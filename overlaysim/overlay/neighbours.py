"""A container's ARP cache as a machine: who is asked, how often, and what waits meanwhile.

Linux's neighbour table reduced to what a container on an overlay shows (``net/core/neighbour.c``):
an unknown address is asked for once a second, three times; packets wait meanwhile; an entry older
than the reachable time goes on serving while it is asked for again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

from overlaysim.units import SECOND

RETRANSMIT = SECOND
"""Pause between two requests (``retrans_time_ms``, 1000)."""
TRIES = 3
"""Requests before giving up (``mcast_solicit`` and ``ucast_solicit``, 3)."""
REACHABLE = 30 * SECOND
"""How long an answer is taken for fresh (``base_reachable_time_ms``, 30000)."""
QUEUE = 101
"""Packets that wait for one address (``unres_qlen``, 101); the oldest gives way."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Broadcast an ARP request for ``address``."""

    address: str


@dataclass(frozen=True, slots=True)
class Ready:
    """``waiting`` can be sent to ``mac`` now."""

    mac: str
    waiting: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class GivenUp:
    """``waiting`` cannot be sent: nobody answered for ``address``, or the queue was full."""

    address: str
    waiting: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """An ARP reply: ``address`` is at ``mac``."""

    address: str
    mac: str


@dataclass(slots=True)
class _Entry:
    mac: str | None = None
    confirmed: int = 0
    tries: int = 0
    next_try: int | None = None
    waiting: list[Any] = field(default_factory=list)

    def state(self, now: int) -> str:
        if self.mac is None:
            return "FAILED" if self.next_try is None else "INCOMPLETE"
        if self.next_try is not None:
            return "PROBE"
        return "STALE" if now - self.confirmed > REACHABLE else "REACHABLE"


class NeighbourCache:
    """The machine. Its outbox holds :class:`Ask`, :class:`Ready` and :class:`GivenUp`."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._outbox: list[Ask | Ready | GivenUp] = []

    def known(self, address: str, now: int) -> str | None:
        """Return the MAC to send to if :meth:`send` has nothing to ask or to keep; None if it has.

        It has nothing while a reply is fresh, or is being asked for again.
        """
        entry = self._entries.get(address)
        if entry is None or (entry.next_try is None and now - entry.confirmed > REACHABLE):
            return None
        return entry.mac

    def send(self, address: str, packet: Any, now: int) -> str | None:
        """Return the MAC to send to; None when ``packet`` has to wait and is kept here."""
        entry = self._entries.setdefault(address, _Entry())
        if entry.mac is not None:
            if entry.next_try is None and now - entry.confirmed > REACHABLE:
                self._ask(address, entry, now)
            return entry.mac
        entry.waiting.append(packet)
        if len(entry.waiting) > QUEUE:
            self._outbox.append(GivenUp(address, (entry.waiting.pop(0),)))
        if entry.next_try is None:
            self._ask(address, entry, now)
        return None

    def receive(self, message: Answer, now: int) -> None:
        """Take an ARP reply; one that nobody asked for is ignored, as Linux does by default."""
        entry = self._entries.get(message.address)
        if entry is None:
            return
        entry.mac, entry.confirmed = message.mac, now
        entry.tries, entry.next_try = 0, None
        if entry.waiting:
            self._outbox.append(Ready(message.mac, tuple(entry.waiting)))
            entry.waiting.clear()

    def on_timer(self, now: int) -> None:
        """Ask again where an answer is overdue, or give up."""
        for address, entry in self._entries.items():
            if entry.next_try is None or entry.next_try > now:
                continue
            if entry.tries < TRIES:
                self._ask(address, entry, now)
            else:
                self._outbox.append(GivenUp(address, tuple(entry.waiting)))
                self._entries[address] = _Entry()

    def next_timer(self) -> int | None:
        """When the next answer is overdue."""
        return min(
            (e.next_try for e in self._entries.values() if e.next_try is not None), default=None
        )

    def take_outbox(self) -> list[Ask | Ready | GivenUp]:
        """Hand over what is to be done."""
        outbox, self._outbox = self._outbox, []
        return outbox

    def rows(self, now: int) -> list[tuple[str, str | None, str]]:
        """Address, MAC and state of every entry, in the order of addresses, for ``ip neigh``."""
        entries = sorted(self._entries.items(), key=lambda item: IPv4Address(item[0]))
        return [(address, entry.mac, entry.state(now)) for address, entry in entries]

    @property
    def waiting(self) -> int:
        """How many packets wait for an answer."""
        return sum(len(entry.waiting) for entry in self._entries.values())

    def flush(self) -> tuple[Any, ...]:
        """Forget everything and return the packets that were waiting."""
        waiting = tuple(packet for entry in self._entries.values() for packet in entry.waiting)
        self._entries.clear()
        return waiting

    def _ask(self, address: str, entry: _Entry, now: int) -> None:
        entry.tries += 1
        entry.next_try = now + RETRANSMIT
        self._outbox.append(Ask(address))
