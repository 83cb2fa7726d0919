"""Faults and what the hosts' gossip made of them: detections, false verdicts, active members.

A *verdict* is a host's gossip holding another host for failed (``MemberChanged`` to ``failed``).
It is

- a *detection* if a fault that concerns the accused is active at that instant;
- *false* if there is none, and the tunnel paths between the two hosts are open both ways;
- neither if a path between them is shut: a host that is cut off cannot tell whose fault that is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from overlaysim.measure.audit import Span
from overlaysim.measure.convergence import Change
from overlaysim.measure.intervals import Intervals
from overlaysim.measure.truth import ABSENT, CORRECT, canonical
from overlaysim.sim.events import FaultBegan, FaultEnded, GossipEnded, MemberChanged, PathChanged

ACTIVE, FAILED = "active", "failed"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something broken on purpose; ``ended`` is None if it was never mended. Picoseconds."""

    number: int
    what: str
    hosts: tuple[str, ...]
    began: int
    ended: int | None = None

    def active(self, at: int) -> bool:
        """Whether it was broken at this instant."""
        return self.began <= at and (self.ended is None or at < self.ended)


@dataclass(frozen=True, slots=True)
class FailedVerdict:
    """From ``at`` on ``by`` holds ``about`` for failed.

    ``fault`` is the number of the latest active fault that concerns ``about``; None without one.
    ``took`` is the time since it began. ``false`` is explained at the top of this module.
    """

    at: int
    by: str
    about: str
    fault: int | None
    took: int
    false: bool


@dataclass(frozen=True)
class Failures:
    """The faults of a run and the verdicts of gossip.

    Attributes:
        faults: in the order in which they began.
        verdicts: every verdict, in time order.
    """

    faults: tuple[Fault, ...]
    verdicts: tuple[FailedVerdict, ...]

    def detections(
        self, host: str | None = None, fault: int | None = None
    ) -> list[FailedVerdict]:  # fmt: skip
        """The first detection of each fault by each other host; of one host or fault if given."""
        first: dict[tuple[int, str, str], FailedVerdict] = {}
        for verdict in self.verdicts:
            if verdict.fault is None or host not in (None, verdict.about):
                continue
            if fault in (None, verdict.fault):
                first.setdefault((verdict.fault, verdict.by, verdict.about), verdict)
        return list(first.values())

    def window(self, fault: Fault, end: int) -> int:
        """When the time after a fault is no longer its own.

        That is when the next fault begins that had not begun when this one ended, else ``end``.
        """
        if fault.ended is None:
            return end
        return min((f.began for f in self.faults if f.began >= fault.ended), default=end)


def faults_of(events: Iterable[Any]) -> tuple[Fault, ...]:
    """Pair the beginnings of faults with their ends."""
    faults: dict[int, Fault] = {}
    for event in events:
        if isinstance(event, FaultBegan):
            faults[event.number] = Fault(event.number, event.what, event.hosts, event.at)
        elif isinstance(event, FaultEnded) and event.number in faults:
            faults[event.number] = replace(faults[event.number], ended=event.at)
    return tuple(faults.values())


def find_failures(events: Sequence[Any]) -> Failures:
    """Judge every verdict of gossip against the faults of the run; events in time order."""
    faults = faults_of(events)
    shut: Intervals[tuple[str, str]] = Intervals()
    for event in events:
        if isinstance(event, PathChanged):
            turn = shut.begin if event.obstacle else shut.end
            turn(event.at, (event.source, event.target))
    return Failures(
        faults,
        tuple(
            _judge(event, faults, shut)
            for event in events
            if isinstance(event, MemberChanged) and event.state == FAILED
        ),
    )


def _judge(
    event: MemberChanged, faults: Sequence[Fault], shut: Intervals[tuple[str, str]]
) -> FailedVerdict:  # fmt: skip
    concerning = [f for f in faults if event.member in f.hosts and f.active(event.at)]
    if concerning:
        latest = concerning[-1]
        took = event.at - latest.began
        return FailedVerdict(event.at, event.host, event.member, latest.number, took, False)
    ways = ((event.host, event.member), (event.member, event.host))
    cut_off = any(shut.holds(way, event.at) for way in ways)
    return FailedVerdict(event.at, event.host, event.member, None, 0, not cut_off)


def active_members(events: Iterable[Any], host: str) -> list[tuple[int, int]]:
    """How many other hosts a host's gossip holds for active: ``(instant, number)`` per change.

    One pair per instant, the number after everything that happened then.
    """
    states: dict[str, str] = {}
    counts: dict[int, int] = {}
    for event in events:
        if isinstance(event, MemberChanged) and event.host == host and event.member != host:
            states[event.member] = event.state
        elif isinstance(event, GossipEnded) and event.host == host:
            states.clear()
        else:
            continue
        counts[event.at] = sum(state == ACTIVE for state in states.values())
    return list(counts.items())


def recoveries(
    spans: Iterable[Span], changes: Iterable[Change], since: int, end: int
) -> dict[str, float]:
    """For each host the time from ``since`` until it was right about all these names for good.

    0 for a host that was right all along, infinite for one that still was not at ``end``. What a
    host does not know yet because the truth has changed after ``since`` does not count. Hosts that
    left their networks before ``since`` do not occur.
    """
    news = {(change.network, canonical(change.name), change.at) for change in changes}
    times: dict[str, float] = {}
    for span in spans:
        if span.end <= since or span.start >= end:
            continue
        time: float = 0
        news_to_it = (span.network, canonical(span.name), span.start) in news
        if span.verdict not in (CORRECT, ABSENT) and not (news_to_it and span.start > since):
            time = span.end - since if span.end < end else math.inf
        times[span.host] = max(time, times.get(span.host, 0))
    return times
