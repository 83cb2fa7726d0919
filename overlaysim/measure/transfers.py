"""TCP connections from their trace: what each end has sent, how fast, and where it stalled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from overlaysim.measure.packets import PacketRow
from overlaysim.sim.events import (
    BlackHoleFound,
    ConnectionClosed,
    ConnectionOpened,
    ConnectionProgress,
    ConnectionStalled,
)

_Key = tuple[str, str, int, str, int]
CLOSED = "closed"
"""The reason of an end in good order."""


@dataclass(slots=True)
class Stall:
    """A time in which one segment was sent again and again.

    Attributes:
        since: when something last moved before, picoseconds.
        until: when something moved again, or the connection was over; None if neither came.
        state: TCP's own.
        written, acknowledged: bytes, at the time when it was noticed.
    """

    since: int
    until: int | None
    state: str
    written: int
    acknowledged: int


@dataclass(slots=True)
class Transfer:
    """One end of one connection, and what it has sent to the other.

    Attributes:
        endpoint, peer: labels such as ``web@host-a``.
        passive: whether the peer opened it.
        opened: when it was established, picoseconds; None if it never was.
        moved: when something was last acknowledged or received, as far as the trace tells.
        reason: why it is over; empty if it is not.
        black_hole: length of the packets that TCP found to vanish; None if it found none.
    """

    endpoint: str
    peer: str
    local: str
    local_port: int
    remote: str
    remote_port: int
    passive: bool = False
    opened: int | None = None
    moved: int = 0
    reason: str = ""
    written: int = 0
    acknowledged: int = 0
    received: int = 0
    retransmissions: int = 0
    stalls: list[Stall] = field(default_factory=list)
    black_hole: int | None = None

    @property
    def stalled(self) -> Stall | None:
        """The stall in which it ended: by a time-out, or because the run was over."""
        last = self.stalls[-1] if self.stalls else None
        if last is None or last.until is None:
            return last
        return last if self.reason not in ("", CLOSED) else None

    def count(
        self, event: ConnectionProgress | ConnectionStalled | ConnectionClosed, moved: int
    ) -> None:
        """Take over the counts of an event; ``moved`` is when they changed last."""
        self.moved = moved
        self.written, self.acknowledged = event.written, event.acknowledged
        self.received, self.retransmissions = event.received, event.retransmissions


def find_transfers(events: Iterable[Any]) -> tuple[Transfer, ...]:
    """Return both ends of all connections, in the order in which they began or failed."""
    found: list[Transfer] = []
    live: dict[_Key, Transfer] = {}

    def named(event: Any, peer: str = "") -> Transfer:
        key = _key(event)
        if key not in live:
            live[key] = Transfer(event.endpoint, peer, *key[1:])
            found.append(live[key])
        return live[key]

    for event in events:
        if isinstance(event, ConnectionOpened):
            transfer = named(event, event.peer)
            transfer.peer, transfer.passive = event.peer, event.passive
            transfer.opened = transfer.moved = event.at
            _resume(transfer, event.at)
        elif isinstance(event, ConnectionProgress):
            transfer = named(event)
            transfer.count(event, event.at)
            _resume(transfer, event.at)
        elif isinstance(event, ConnectionStalled):
            transfer = named(event, event.peer)
            transfer.count(event, event.since)
            transfer.stalls.append(
                Stall(event.since, None, event.state, event.written, event.acknowledged)
            )
        elif isinstance(event, ConnectionClosed):
            transfer = named(event, event.peer)
            transfer.peer = transfer.peer or event.peer
            transfer.count(event, event.moved)
            transfer.reason = event.reason
            _resume(transfer, event.at)
            del live[_key(event)]
        elif isinstance(event, BlackHoleFound):
            named(event).black_hole = event.mtu
    return tuple(found)


def _key(event: Any) -> _Key:
    return event.endpoint, event.local, event.local_port, event.remote, event.remote_port


def _resume(transfer: Transfer, at: int) -> None:
    if transfer.stalls and transfer.stalls[-1].until is None:
        transfer.stalls[-1].until = at


def busy_time(transfers: Iterable[Transfer]) -> int:
    """Picoseconds in which at least one was established and had not moved for the last time."""
    spans = sorted((t.opened, t.moved) for t in transfers if t.opened is not None)
    total = end = 0
    for start, moved in spans:
        total += max(0, moved - max(start, end))
        end = max(end, moved)
    return total


def losses(
    transfer: Transfer, since: int, packets: Iterable[PacketRow]
) -> Counter[tuple[str, str]]:
    """Where (and why) segments between the two ends were dropped from ``since`` on.

    Those that the endpoint sent; those that came for it, if none of these were.
    """
    there: Counter[tuple[str, str]] = Counter()
    back: Counter[tuple[str, str]] = Counter()
    for row in packets:
        if row.protocol != "tcp" or not row.reason or row.ended < since:
            continue
        if (row.source, row.intended) == (transfer.endpoint, transfer.peer):
            there[row.where, row.reason] += 1
        elif (row.source, row.intended) == (transfer.peer, transfer.endpoint):
            back[row.where, row.reason] += 1
    return there or back
