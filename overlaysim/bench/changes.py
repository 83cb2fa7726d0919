"""A large cluster whose names keep changing: what it costs us, and how far behind it gets."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from overlaysim.bench.community import NETWORK, TABLE, Community, encoded_value
from overlaysim.bench.memory import peak_memory
from overlaysim.gossip import TableChange
from overlaysim.sim.memory import long_lived_heap
from overlaysim.units import SECOND
from overlaysim.validate.cluster import Host

Progress = Callable[[int], None]
"""Told the simulated instant once per simulated second."""


@dataclass(frozen=True, slots=True)
class Load:
    """What to run.

    Attributes:
        hosts: in one cluster and one network.
        names: entries in the table at the beginning.
        seconds: virtual duration.
        rate: changes per second, at random instants (Poisson), each an update of a random name by
            the host that owns it.
        loss: share of the packets lost.
        seed: of all random choices.
    """

    hosts: int = 1000
    names: int = 1000
    seconds: int = 300
    rate: float = 1.0
    loss: float = 0.01
    seed: int = 1


class Sample(NamedTuple):
    """The state of the cluster at one instant.

    Attributes:
        at: virtual seconds since the beginning.
        queued: events that wait to be gossiped, mean over the hosts.
        longest: the longest queue of any host.
        stale: pairs of a host and a name for which the host does not hold the last change.
    """

    at: float
    queued: float
    longest: int
    stale: int


@dataclass(slots=True)
class LoadResult:
    """What a run gave.

    Attributes:
        load: what was run.
        cpu: CPU seconds of the event loop.
        messages: datagrams sent.
        peak_memory: bytes, of the whole process until then.
        changes: how many were made.
        delays: of each change that all have heard of, virtual seconds until they had.
        stale_seconds: host-seconds spent with an outdated or missing name, per change.
        samples: once per virtual second.
    """

    load: Load
    cpu: float = 0.0
    messages: int = 0
    peak_memory: int = 0
    changes: int = 0
    delays: list[float] = field(default_factory=list)
    stale_seconds: float = 0.0
    samples: list[Sample] = field(default_factory=list)

    @property
    def slow(self) -> float:
        """The 95th percentile of :attr:`delays`; nan without any."""
        return self.delays[int(0.95 * len(self.delays))] if self.delays else math.nan

    @property
    def cost(self) -> float:
        """CPU microseconds per message."""
        return 1e6 * self.cpu / self.messages if self.messages else math.nan


class _Staleness:
    """Who holds the last change of each name, kept as the news arrive."""

    def __init__(self, community: Community) -> None:
        self._cluster = community.cluster
        self._others = len(community.hosts) - 1
        self._last: dict[str, tuple[int, int]] = {}
        self._lacking: dict[str, int] = {}
        self._lacking_total = 0
        self._since = community.cluster.now
        self.integral = 0
        self.delays: list[float] = []

    def changed(self, key: str, change: int) -> None:
        """A name was changed at this instant."""
        self._count(self._others - self._lacking.get(key, 0))
        self._lacking[key] = self._others
        self._last[key] = (change, self._cluster.now)

    def heard(self, host: Host, change: TableChange, by_sync: bool) -> None:
        """A host has taken an event in."""
        number, made = self._last.get(change.key, (-1, 0))
        if change.value == number:
            self._count(-1)
            self._lacking[change.key] -= 1
            if not self._lacking[change.key]:
                self.delays.append((self._cluster.now - made) / SECOND)

    def lacking(self) -> int:
        """How many pairs of a host and a name are outdated."""
        self._count(0)
        return self._lacking_total

    def _count(self, delta: int) -> None:
        now = self._cluster.now
        self.integral += self._lacking_total * (now - self._since)
        self._since = now
        self._lacking_total += delta


def run_load(load: Load, progress: Progress = lambda now: None) -> LoadResult:
    """Run a cluster under a stream of changes."""
    community = Community(load.hosts, load.names, load.loss, load.seed)
    cluster = community.cluster
    staleness = _Staleness(community)
    cluster.on_change = staleness.heard
    result = LoadResult(load)
    _schedule_changes(community, staleness, load, result)
    started = time.process_time()
    with long_lived_heap():
        for second in range(1, load.seconds + 1):
            cluster.run(SECOND)
            queued = [host.node.queued(NETWORK) for host in community.hosts]
            mean = sum(queued) / len(queued)
            result.samples.append(Sample(second, mean, max(queued), staleness.lacking()))
            progress(cluster.now)
    result.cpu = time.process_time() - started
    result.messages = cluster.datagrams.total()
    result.peak_memory = peak_memory()
    result.delays = sorted(staleness.delays)
    result.stale_seconds = staleness.integral / SECOND / max(result.changes, 1)
    return result


def _schedule_changes(
    community: Community, staleness: _Staleness, load: Load, result: LoadResult
) -> None:
    cluster = community.cluster
    rng = cluster.simulator.streams("changes")

    def gap() -> int:
        return round(-math.log(1 - rng.random()) / load.rate * SECOND)

    def change(_: object) -> None:
        name = rng.randrange(load.names)
        key, number = community.keys[name], result.changes
        result.changes += 1
        staleness.changed(key, number)
        with cluster.acting(community.owner(name)) as node:
            node.update_entry(NETWORK, TABLE, key, number, encoded_value(number), cluster.now)
        cluster.simulator.call_in(gap(), change)

    cluster.simulator.call_in(gap(), change)
