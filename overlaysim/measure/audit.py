"""Truth against belief: each look-up judged, each second accounted for, each change timed.

The audit is a pure function of trace events in time order. It knows nothing of the model that
made them, so it can judge the log of another simulator, or of a real cluster, just as well.

The hosts that are judged are those that hold the network. One that has crashed holds none (the log
says ``HostLeftNetwork``): it answers nobody, so it is neither right nor wrong. One whose daemon is
frozen still has its table, and is judged by it.

Within one instant the order of events matters to look-ups alone; beliefs are compared with the
truth when all events of the instant are in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from overlaysim.errors import ModelError
from overlaysim.measure.convergence import Change, Convergence
from overlaysim.measure.truth import ABSENT, CORRECT, FORWARDED, Truth, Verdict, canonical
from overlaysim.sim.events import (
    BeliefAdded,
    BeliefRemoved,
    HostJoinedNetwork,
    HostLeftNetwork,
    LookedUp,
    NameAdded,
    NameRemoved,
)

_Key = tuple[str, str]  # network, canonical name


@dataclass(frozen=True, slots=True)
class JudgedLookup:
    """A look-up, what it should have been answered with, and the verdict.

    ``verdict`` is ``("forwarded",)`` for a name that no network of the asking container has and
    that went to the upstream server; it is empty for question types other than A, which are not
    judged.
    """

    event: LookedUp
    expected: tuple[str, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Span:
    """A host was in one state about one name from ``start`` to ``end`` (picoseconds)."""

    host: str
    network: str
    name: str
    start: int
    end: int
    verdict: Verdict


@dataclass(frozen=True)
class Audit:
    """What the audit found.

    Attributes:
        lookups: every look-up in time order.
        spans: for each host, network it holds and name, the states without a gap from joining
            the network to leaving it (or the end); sorted. A stay that ended before the name
            was first heard of has none.
        changes: every change of the truth with its convergence, in time order.
    """

    lookups: tuple[JudgedLookup, ...]
    spans: tuple[Span, ...]
    changes: tuple[Change, ...]

    def lookup_counts(self, host: str | None = None, name: str | None = None) -> Counter[str]:
        """Look-ups by verdict word (one that is missing and stale counts under both)."""
        counts: Counter[str] = Counter()
        for lookup in self.lookups:
            event = lookup.event
            if host in (None, event.host) and same_name(name, event.name):
                counts["total"] += 1
                counts.update(lookup.verdict)
        return counts

    def time_in_states(
        self,
        host: str | None = None,
        name: str | None = None,
        *,
        since: int = 0,
        until: int | None = None,
    ) -> Counter[str]:
        """Picoseconds, added over hosts and names, by verdict word (both count if both hold).

        Args:
            host: only of this host.
            name: only of this name, in every network that has it.
            since: only from this instant on, picoseconds.
            until: only up to this instant; None for the end.
        """
        times: Counter[str] = Counter()
        for span in self.spans:
            if host in (None, span.host) and same_name(name, span.name):
                end = span.end if until is None else min(span.end, until)
                time = end - max(span.start, since)
                if time > 0:
                    for word in span.verdict:
                        times[word] += time
        return times


def same_name(wanted: str | None, name: str) -> bool:
    """Whether a name is the wanted one; None wants all."""
    return wanted is None or canonical(wanted) == canonical(name)


def audit(events: Iterable[Any], end: int) -> Audit:
    """Judge a run.

    Args:
        events: trace events in time order; those that do not concern names are passed over.
        end: the instant at which the run ended, picoseconds.

    Raises:
        ModelError: if an event comes before its predecessor or after the end.
    """
    auditor = _Auditor()
    for event in events:
        auditor.take(event)
    return auditor.finish(end)


class _Entry:
    """One name of one network: who believes what, and since when each host is in its state."""

    __slots__ = ("beliefs", "spelling", "states")

    def __init__(self, spelling: str) -> None:
        self.spelling = spelling
        self.beliefs: dict[str, dict[str, None]] = {}
        self.states: dict[str, tuple[Verdict, int]] = {}


class _Auditor:
    def __init__(self) -> None:
        self._now = 0
        self._truth = Truth()
        self._entries: dict[str, dict[str, _Entry]] = {}
        self._holders: dict[str, dict[str, int]] = {}
        self._dirty: dict[_Key, dict[str, None]] = {}
        self._spans: list[Span] = []
        self._lookups: list[JudgedLookup] = []
        self._convergence = Convergence()
        self._take: dict[type, Callable[[Any], None]] = {
            NameAdded: self._name_changed,
            NameRemoved: self._name_changed,
            BeliefAdded: self._belief_changed,
            BeliefRemoved: self._belief_changed,
            HostJoinedNetwork: self._host_joined,
            HostLeftNetwork: self._host_left,
            LookedUp: self._looked_up,
        }

    def take(self, event: Any) -> None:
        """Take in the next event."""
        handler = self._take.get(type(event))
        if handler is None:
            return
        self._move_to(event.at)
        handler(event)

    def finish(self, end: int) -> Audit:
        """Close all accounts at ``end``."""
        self._move_to(end)
        self._settle()
        for network, holders in self._holders.items():
            for host in holders:
                self._close_spans(host, network)
        spans = sorted(self._spans, key=lambda s: (s.network, s.name, s.host, s.start))
        return Audit(tuple(self._lookups), tuple(spans), self._convergence.finish())

    def _move_to(self, instant: int) -> None:
        if instant < self._now:
            raise ModelError(f"an event at {instant} ps comes after one at {self._now} ps")
        if instant > self._now:
            self._settle()
            self._now = instant

    def _name_changed(self, event: NameAdded | NameRemoved) -> None:
        added = isinstance(event, NameAdded)
        entry = self._entry(event.network, event.name)
        change = self._truth.add if added else self._truth.remove
        if not change(event.at, event.network, event.name, event.address):
            return
        key = (event.network, canonical(event.name))
        what = f"{'gains' if added else 'loses'} {event.address}"
        self._convergence.changed(key, entry.spelling, event.at, event.host, what)
        # who has an address decides whether the former holders' stale answers are wrong ones
        for name in (key[1], *self._truth.former_holders(event.network, event.address)):
            self._dirty.setdefault((event.network, name), {}).update(
                dict.fromkeys(self._holders.get(event.network, {}))
            )

    def _belief_changed(self, event: BeliefAdded | BeliefRemoved) -> None:
        entry = self._entry(event.network, event.name)
        believed = entry.beliefs.setdefault(event.host, {})
        if isinstance(event, BeliefAdded):
            believed[event.address] = None
        else:
            believed.pop(event.address, None)
        key = (event.network, canonical(event.name))
        self._dirty.setdefault(key, {})[event.host] = None

    def _host_joined(self, event: HostJoinedNetwork) -> None:
        holders = self._holders.setdefault(event.network, {})
        if event.host in holders:
            return
        holders[event.host] = event.at
        for name in self._entries.get(event.network, {}):
            self._dirty.setdefault((event.network, name), {})[event.host] = None

    def _host_left(self, event: HostLeftNetwork) -> None:
        self._close_spans(event.host, event.network)
        if self._holders.get(event.network, {}).pop(event.host, None) is None:
            return
        for name, entry in self._entries.get(event.network, {}).items():
            entry.beliefs.pop(event.host, None)
            self._dirty.setdefault((event.network, name), {})[event.host] = None

    def _looked_up(self, event: LookedUp) -> None:
        if event.qtype != "A":
            self._lookups.append(JudgedLookup(event, (), ()))
            return
        meaning, verdict = self._truth.judge_answer(
            event.networks, event.name, event.network, event.answers
        )
        if meaning is None and event.forwarded:
            verdict = FORWARDED
        expected = meaning.addresses if meaning else ()
        self._lookups.append(JudgedLookup(event, expected, verdict))

    def _entry(self, network: str, name: str) -> _Entry:
        entries = self._entries.setdefault(network, {})
        key = canonical(name)
        if key not in entries:
            entries[key] = _Entry(name)
            for host, joined in self._holders.get(network, {}).items():
                entries[key].states[host] = (ABSENT, joined)
                self._convergence.count((network, key), host, right=True)
        return entries[key]

    def _settle(self) -> None:
        """Compare belief and truth wherever something changed at this instant."""
        for (network, name), hosts in self._dirty.items():
            entry = self._entries[network][name]
            for host in hosts:
                if host in self._holders.get(network, {}):
                    self._judge(host, network, name, entry)
                else:
                    self._convergence.forget((network, name), host)
            self._convergence.settle((network, name), self._now)
        self._dirty = {}

    def _judge(self, host: str, network: str, name: str, entry: _Entry) -> None:
        verdict = self._truth.judge(network, name, entry.beliefs.get(host, {}))
        before = entry.states.get(host)
        self._convergence.count((network, name), host, right=verdict in (CORRECT, ABSENT))
        if before is not None and before[0] == verdict:
            return
        if before is not None:
            self._end_span(host, network, entry, before)
        entry.states[host] = (verdict, self._now)

    def _close_spans(self, host: str, network: str) -> None:
        """End the accounts of a host about a network."""
        for entry in self._entries.get(network, {}).values():
            state = entry.states.pop(host, None)
            if state is not None:
                self._end_span(host, network, entry, state)

    def _end_span(
        self, host: str, network: str, entry: _Entry, state: tuple[Verdict, int]
    ) -> None:  # fmt: skip
        verdict, start = state
        if start < self._now:
            self._spans.append(Span(host, network, entry.spelling, start, self._now, verdict))
