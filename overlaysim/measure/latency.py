"""Latency of messages and round trips, always with its decomposition.

A *message* is what a program sent: one data packet, or the fragments that share a message key. It
has arrived when its last fragment has, at the endpoint that its sender meant; its latency and the
decomposition are those of that last fragment.

A *round trip* is an echo request and its reply, paired by their message keys
``("ping", sender, ident, sequence, "request" | "reply")``. Its parts are those of both directions
added; they must cover the whole time from the birth of the request to the end of the reply.

Percentiles are by nearest rank: the p-th percentile of n sorted values is the value at rank
ceil(p * n / 100), so it is always a value that was measured. Messages with a packet still in
flight at the end of the run count as neither sent nor lost as far as that packet goes.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from overlaysim.errors import ModelError
from overlaysim.measure.packets import NO_PARTS, PacketRow, Parts, add_parts


class Flow(NamedTuple):
    """Who sends to whom by what: the unit in which latency is reported."""

    source: str
    intended: str
    protocol: str


@dataclass(slots=True)
class Message:
    """What one program sent to another, whole.

    Attributes:
        flow: sender, intended receiver, protocol.
        key: the key its fragments share; None for a single packet without one.
        ended: instant at which its last packet ended, picoseconds.
        latency: from the birth of the last-arriving packet to its end.
        parts: the decomposition of ``latency``.
        lost: a packet of it was dropped.
        astray: a packet of it reached somebody else than its sender meant.
    """

    flow: Flow
    key: Hashable
    ended: int
    latency: int
    parts: Parts
    lost: bool
    astray: bool

    @property
    def arrived(self) -> bool:
        """Whether all of it reached the endpoint that its sender meant."""
        return not self.lost and not self.astray

    def add(self, fragment: Message) -> None:
        """Take in another packet of the same message."""
        self.lost |= fragment.lost
        self.astray |= fragment.astray
        if fragment.ended >= self.ended:
            self.ended, self.latency, self.parts = fragment.ended, fragment.latency, fragment.parts


def messages(packets: Iterable[PacketRow]) -> Iterator[Message]:
    """Join the data packets into messages, in the order in which the messages began to end."""
    fragmented: dict[Hashable, Message] = {}
    for row in packets:
        if row.kind != "data":
            continue
        message = Message(
            Flow(row.source, row.intended, row.protocol), row.message, row.ended,
            row.ended - row.born, row.parts, lost=not row.delivered,
            astray=row.delivered and row.reached != row.intended,
        )  # fmt: skip
        if row.message is None:
            yield message
        elif row.message in fragmented:
            fragmented[row.message].add(message)
        else:
            fragmented[row.message] = message
    yield from fragmented.values()


class Distribution:
    """The latencies of one flow: counts, percentiles and shares of the parts.

    Attributes:
        sent: messages whose packets have ended.
        lost: messages of which a packet was dropped (round trips: no reply by the end of the run).
        astray: messages that reached another endpoint than the one meant.
        parts: the parts of all that arrived, added.
    """

    def __init__(self) -> None:
        self.sent = 0
        self.lost = 0
        self.astray = 0
        self.parts: Parts = NO_PARTS
        self._latencies = array("q")
        self._sorted = True

    def arrived(self, latency: int, parts: Parts) -> None:
        """Count one that arrived.

        Raises:
            ModelError: if the parts do not add up to the latency.
        """
        if sum(parts) != latency:
            raise ModelError(f"a latency of {latency} ps has parts of {sum(parts)} ps: {parts}")
        self.sent += 1
        self.parts = add_parts(self.parts, parts)
        self._latencies.append(latency)
        self._sorted = False

    def arrived_all(self, latencies: array[int], parts: Parts) -> None:
        """Count many that arrived at once.

        Args:
            latencies: picoseconds.
            parts: of all of them, added.

        Raises:
            ModelError: if the parts do not add up to the latencies.
        """
        if sum(parts) != sum(latencies):
            raise ModelError(
                f"latencies of {sum(latencies)} ps have parts of {sum(parts)} ps: {parts}"
            )
        self.sent += len(latencies)
        self.parts = add_parts(self.parts, parts)
        self._latencies.extend(latencies)
        self._sorted = False

    def failed(self, *, astray: bool) -> None:
        """Count one that was lost, or that reached somebody else."""
        self.sent += 1
        self.astray += astray
        self.lost += not astray

    def failed_all(self, count: int) -> None:
        """Count many that were lost."""
        self.sent += count
        self.lost += count

    def include(self, other: Distribution) -> None:
        """Count everything that ``other`` counted as well."""
        self.sent += other.sent
        self.lost += other.lost
        self.astray += other.astray
        self.parts = add_parts(self.parts, other.parts)
        self._latencies.extend(other._latencies)
        self._sorted = False

    @property
    def received(self) -> int:
        """Messages that arrived where they were meant to."""
        return len(self._latencies)

    @property
    def latencies(self) -> array[int]:
        """All latencies in ascending order, picoseconds."""
        if not self._sorted:
            self._latencies = array("q", sorted(self._latencies))
            self._sorted = True
        return self._latencies

    def percentile(self, percent: int) -> int | None:
        """The nearest-rank percentile (1 to 100) in picoseconds; None if nothing arrived."""
        count = len(self._latencies)
        return self.latencies[(percent * count + 99) // 100 - 1] if count else None

    @property
    def mean(self) -> float | None:
        """The mean latency in picoseconds; None if nothing arrived."""
        return sum(self.parts) / self.received if self.received else None

    @property
    def shares(self) -> tuple[float, ...]:
        """What share of the added latencies each part is; zeros if there is none."""
        whole = sum(self.parts)
        return tuple(part / whole if whole else 0.0 for part in self.parts)


@dataclass(frozen=True)
class Latencies:
    """The latencies of a run.

    Attributes:
        flows: one-way latency per flow, sorted by flow.
        pings: round trips per ``(sender, target)``, sorted.
        total: one-way latency of all data messages.
    """

    flows: Mapping[Flow, Distribution]
    pings: Mapping[tuple[str, str], Distribution]
    total: Distribution


def measure_latencies(packets: Iterable[PacketRow]) -> Latencies:
    """Measure one-way latency per flow and the round trips of pings.

    Raises:
        ModelError: if a decomposition does not add up.
    """
    flows: dict[Flow, Distribution] = {}
    total = Distribution()
    echoes: dict[Hashable, dict[str, Message]] = {}
    for message in messages(packets):
        flow = flows.setdefault(message.flow, Distribution())
        for distribution in (flow, total):
            if message.arrived:
                distribution.arrived(message.latency, message.parts)
            else:
                distribution.failed(astray=message.astray and not message.lost)
        if isinstance(message.key, tuple) and message.key[:1] == ("ping",):
            echoes.setdefault(message.key[:-1], {})[message.key[-1]] = message
    pings = _round_trips(echoes.values())
    return Latencies(dict(sorted(flows.items())), dict(sorted(pings.items())), total)


def _round_trips(echoes: Iterable[dict[str, Message]]) -> dict[tuple[str, str], Distribution]:
    """Pair requests with replies; a request without a reply is lost."""
    pings: dict[tuple[str, str], Distribution] = {}
    for pair in echoes:
        request, reply = pair.get("request"), pair.get("reply")
        if request is None:
            continue
        pair_key = (request.flow.source, request.flow.intended)
        ping = pings.setdefault(pair_key, Distribution())
        if not request.arrived:
            ping.failed(astray=request.astray and not request.lost)
        elif reply is None or not reply.arrived:
            ping.failed(astray=False)
        else:
            started = request.ended - request.latency
            ping.arrived(reply.ended - started, add_parts(request.parts, reply.parts))
    return pings
