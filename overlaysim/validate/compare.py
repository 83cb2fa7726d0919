"""Ours beside the reference: means, their sampling errors, and whether they agree."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from overlaysim.validate.rounds import Row

TOLERANCE = 0.10
LAW_TOLERANCE = 0.03
"""For what the protocol's rules alone decide where nothing is lost: datagrams and their bytes, and
connections. The bytes on connections depend also on how well keys and addresses compress."""
ERRORS = 3
"""A difference of so many joint standard errors may be chance."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A column of a comparison.

    Attributes:
        name: the metric.
        title: for people.
        law: whether it is fixed by the rules where nothing is lost.
    """

    name: str
    title: str
    law: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """One table: an experiment and the metrics that are compared."""

    title: str
    experiment: str
    metrics: tuple[Metric, ...]


_SPREAD = (
    Metric("t50_s", "50 %, s"),
    Metric("t99_s", "99 %, s"),
    Metric("t100_s", "100 %, s"),
)
_TRAFFIC = (
    Metric("extra_udp_pkts_total", "datagrams", law=True),
    Metric("extra_udp_payload_B_total", "payload, B", law=True),
    Metric("via_bulk_sync", "by bulk sync"),
)
_IDLE = (
    Metric("udp_pkts_per_node_s", "datagrams/s", law=True),
    Metric("udp_payload_B_per_node_s", "UDP B/s", law=True),
    Metric("tcp_conns_per_node_s", "connections/s", law=True),
    Metric("tcp_payload_B_per_node_s", "TCP B/s"),
    Metric("tcp_segs_per_node_s", "segments/s"),
    Metric("failed_views_at_end", "failed views"),
)
_LATE = (
    Metric("cluster_join_call_s", "cluster join, s"),
    Metric("network_join_call_s", "network join, s"),
    Metric("entries_t100_s", "has entries, s"),
    Metric("peers_know_joiner_t100_s", "known to all, s"),
)

TOPICS = (
    Topic("1 An entry is created: until a share of the others sees it", "create", _SPREAD),
    Topic("2 An entry is deleted: until a share of the others holds the tombstone", "delete",
          _SPREAD),
    Topic("3 Traffic of one create, all nodes together, and how many got it by bulk sync first",
          "create", _TRAFFIC),
    Topic("4a Idle traffic per node, payload alone; a table of 100 entries", "idle_100_entries",
          _IDLE),
    Topic("4b Idle traffic per node, payload alone; an empty table", "idle_empty_table", _IDLE),
    Topic("5 A late joiner: the calls; from its start until it has all entries, all list it",
          "late_join", _LATE),
    Topic("6a memberlist alone: a crash, until declared dead", "ml_lan_crash",
          (Metric("t_first_s", "first, s"), *_SPREAD)),
    Topic("6b memberlist alone: a join, until listed", "ml_lan_join", _SPREAD),
)  # fmt: skip
"""The tables, in order."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its sampling error.

    Attributes:
        mean: of the single runs.
        error: standard error of the mean; infinite for a single run.
        runs: how many.
    """

    mean: float
    error: float
    runs: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Estimate:
        """The estimate from single runs, of which there is at least one."""
        runs = len(values)
        error = statistics.stdev(values) / math.sqrt(runs) if runs > 1 else math.inf
        return cls(statistics.fmean(values), error, runs)


@dataclass(frozen=True, slots=True)
class Cell:
    """One comparison.

    Attributes:
        nodes: size of the cluster.
        loss: percent.
        metric: what is compared.
        ours: our estimate; None if we have no run.
        reference: that of the real code.
    """

    nodes: int
    loss: float
    metric: Metric
    ours: Estimate | None
    reference: Estimate

    @property
    def law(self) -> bool:
        """Whether the narrow tolerance holds."""
        return self.metric.law and self.loss == 0

    @property
    def allowed(self) -> float:
        """The largest difference of the means that passes."""
        tolerance = LAW_TOLERANCE if self.law else TOLERANCE
        ours = self.ours.error if self.ours else 0.0
        chance = ERRORS * math.hypot(ours, self.reference.error)
        return max(tolerance * abs(self.reference.mean), chance)

    @property
    def passes(self) -> bool:
        """Whether the means agree."""
        if self.ours is None:
            return False
        return abs(self.ours.mean - self.reference.mean) <= self.allowed


@dataclass(frozen=True, slots=True)
class Comparison:
    """One table of cells."""

    title: str
    cells: tuple[Cell, ...]


Point = tuple[str, int, float, str]
"""Experiment, nodes, loss, metric."""


def compare(
    ours: Iterable[Row], reference: Iterable[Row], nodes: Sequence[int]
) -> list[Comparison]:
    """Every cell of the reference for clusters of these sizes."""
    mine, theirs = _grouped(ours), _grouped(reference)
    comparisons = []
    for topic in TOPICS:
        points = sorted({key[1:3] for key in theirs if key[0] == topic.experiment})
        cells = [
            Cell(
                count, loss, metric,
                Estimate.of(values) if (values := mine.get(key)) else None,
                Estimate.of(theirs[key]),
            )
            for count, loss in points
            if count in nodes
            for metric in topic.metrics
            if (key := (topic.experiment, count, loss, metric.name)) in theirs
        ]  # fmt: skip
        comparisons.append(Comparison(topic.title, tuple(cells)))
    return comparisons


def _grouped(rows: Iterable[Row]) -> dict[Point, list[float]]:
    groups: dict[Point, list[float]] = {}
    for row in rows:
        key = (row.experiment, row.nodes, row.loss, row.metric)
        groups.setdefault(key, []).append(row.value)
    return groups
