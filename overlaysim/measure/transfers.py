"""TCP connections from their trace: what each end has sent, how fast, and where it stalled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
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
from overlaysim.units import SECOND

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
            transfer.count(event, event.moved)
            _resume(transfer, event.moved)
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
    last = transfer.stalls[-1] if transfer.stalls else None
    if last is not None and last.until is None and at > last.since:
        last.until = at


@dataclass(frozen=True, slots=True)
class Traffic:
    """What TCP carried from one endpoint (or several) to another, whoever opened the connections.

    Attributes:
        senders, receivers: the ends of the connections at both sides; no receivers if these are no
            containers.
    """

    senders: Sequence[Transfer]
    receivers: Sequence[Transfer]

    @property
    def size(self) -> int:
        """Payload bytes that arrived in order, as far as one of the sides has told."""
        arrived = sum(transfer.received for transfer in self.receivers)
        return max(arrived, sum(transfer.acknowledged for transfer in self.senders))

    @property
    def goodput(self) -> float | None:
        """Bit/s over the time in which some connection was busy; None without any."""
        lasted = busy_time(self.receivers or self.senders)
        return self.size * 8 * SECOND / lasted if lasted else None

    @property
    def connections(self) -> int:
        """How many were established."""
        return sum(transfer.opened is not None for transfer in self.senders)

    @property
    def failed(self) -> int:
        """How many came to nothing, or broke."""
        return sum(transfer.reason not in ("", CLOSED) for transfer in self.senders)

    @property
    def retransmissions(self) -> int:
        """Segments that were sent again."""
        return sum(transfer.retransmissions for transfer in self.senders)


def traffic_between(
    transfers: Iterable[Transfer],
    is_source: Callable[[str], bool],
    is_target: Callable[[str], bool],
) -> Traffic | None:
    """Return what went from some endpoints to others; None if nothing could."""
    senders, receivers = [], []
    for transfer in transfers:
        if is_source(transfer.endpoint) and is_target(transfer.peer):
            senders.append(transfer)
        if is_target(transfer.endpoint) and is_source(transfer.peer):
            receivers.append(transfer)
    return Traffic(senders, receivers) if senders or receivers else None


def traffic_by_pair(transfers: Iterable[Transfer]) -> dict[tuple[str, str], Traffic]:
    """Return what went from each endpoint to each other, in the order of the connections."""
    pairs: dict[tuple[str, str], tuple[list[Transfer], list[Transfer]]] = {}
    for transfer in transfers:
        ends = (transfer.endpoint, transfer.peer)
        pairs.setdefault(ends, ([], []))[0].append(transfer)
        pairs.setdefault(ends[::-1], ([], []))[1].append(transfer)
    return {pair: Traffic(*sides) for pair, sides in pairs.items()}


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
