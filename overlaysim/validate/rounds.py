"""Rounds: a cluster is formed, and one or more experiments are made on it, each giving rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from overlaysim.sim.streams import Streams
from overlaysim.units import MS, SECOND
from overlaysim.validate import members, tables
from overlaysim.validate.conditions import MEMBERLIST_GAP, NETWORKDB_GAP, Conditions, Scene
from overlaysim.validate.spread import Metrics

LARGE = 50
"""Clusters of at least this many nodes are used for more changes, as in the reference."""


class Row(NamedTuple):
    """One value of one run, in the columns of the reference's file.

    Attributes:
        experiment: what was done.
        nodes: size of the cluster.
        loss: percent.
        latency_ms: one way.
        seed: number of the run.
        metric: what was measured.
        value: of it; times in seconds.
    """

    experiment: str
    nodes: int
    loss: float
    latency_ms: float
    seed: int
    metric: str
    value: float


@dataclass(frozen=True, slots=True)
class Round:
    """What one process does at a time.

    Attributes:
        kind: which experiments: a key of :data:`KINDS`.
        conditions: where.
        number: of the round; it is in the rows' seeds.
        seed: all rounds of one invocation share it.
        burst: entries of a burst.
        duration: of a partition, picoseconds.
    """

    kind: str
    conditions: Conditions
    number: int
    seed: int = 1
    burst: int = 100
    duration: int = 60 * SECOND

    def run(self) -> list[Row]:
        """Form the cluster and make the experiments."""
        return list(KINDS[self.kind](self))

    def scene(self, *, plain: bool = False) -> Scene:
        """A cluster of its own random choices: they depend on seed, kind, conditions and number.

        Args:
            plain: memberlist alone, without what NetworkDB does about failed nodes.
        """
        c = self.conditions
        settings = c.settings
        if plain:
            settings = replace(settings, reconnect=False, bootstrap_rejoin=False)
        where = (c.profile, str(c.nodes), str(float(c.loss)), str(c.latency))
        seed = Streams(self.seed).number("validate", self.kind, *where, str(self.number), bits=63)
        return Scene(c, settings, seed)

    def rows(self, experiment: str, seed: int, metrics: Metrics) -> Iterator[Row]:
        """The metrics of one run as rows."""
        c = self.conditions
        for metric in sorted(metrics):
            yield Row(
                experiment, c.nodes, c.loss, c.latency / MS, seed, metric, float(metrics[metric])
            )


def changes_per_round(nodes: int) -> int:
    """How many entries are created and deleted on one cluster."""
    return 6 if nodes >= LARGE else 3


def _populated(round_: Round, nodes: int) -> Scene:
    scene = round_.scene()
    scene.form(nodes, NETWORKDB_GAP)
    scene.enter_network()
    scene.load()
    scene.begin_loss()
    scene.pause()
    return scene


def _late_join(round_: Round) -> Iterator[Row]:
    scene = _populated(round_, round_.conditions.nodes - 1)
    yield from _completed(round_, scene)


def _completed(round_: Round, scene: Scene) -> Iterator[Row]:
    yield from round_.rows("late_join", round_.number, tables.late_join(scene))
    scene.pause()


def _changes(round_: Round) -> Iterator[Row]:
    """The last node joins late; idle traffic; entries created and deleted again one by one.

    The reference's counts of idle connections show that its late joiner had just come: its first
    push/pull is still to wait for.
    """
    scene = _populated(round_, round_.conditions.nodes - 1)
    yield from _completed(round_, scene)
    level = tables.idle(scene, tables.IDLE_WINDOW)
    yield from round_.rows("idle_100_entries", round_.number, level)
    for number in range(changes_per_round(round_.conditions.nodes)):
        run = 100 * round_.number + number
        writer, key = scene.rng.choice(scene.cluster.up()), scene.new_key()
        for experiment, kind in (("create", "created"), ("delete", "deleted")):
            scene.pause()
            metrics = tables.change(scene, kind, writer, key, level)
            yield from round_.rows(experiment, run, metrics)


def _idle(round_: Round) -> Iterator[Row]:
    scene = _populated(round_, round_.conditions.nodes - 1)
    yield from _completed(round_, scene)
    level = tables.idle(scene, tables.IDLE_WINDOW)
    yield from round_.rows("idle_100_entries", round_.number, level)


def _burst(round_: Round) -> Iterator[Row]:
    scene = _populated(round_, round_.conditions.nodes)
    level = tables.idle(scene, tables.IDLE_WINDOW)
    scene.pause()
    writer = scene.rng.choice(scene.cluster.up())
    metrics = tables.burst(scene, writer, round_.burst, level)
    yield from round_.rows("burst", round_.number, metrics)


def _idle_empty(round_: Round) -> Iterator[Row]:
    scene = round_.scene()
    scene.form(round_.conditions.nodes, NETWORKDB_GAP)
    scene.enter_network()
    scene.rest()
    scene.begin_loss()
    scene.pause()
    metrics = tables.idle(scene, tables.IDLE_EMPTY_WINDOW)
    metrics["failed_views_at_end"] = tables.failed_views(scene)
    yield from round_.rows("idle_empty_table", round_.number, metrics)


def _members(round_: Round) -> Iterator[Row]:
    """One more node joins; some time later any one crashes."""
    scene = round_.scene(plain=True)
    scene.form(round_.conditions.nodes - 1, MEMBERLIST_GAP)
    scene.begin_loss()
    for experiment, make in (("join", members.join), ("crash", members.crash)):
        scene.pause()
        name = f"ml_{round_.conditions.profile}_{experiment}"
        yield from round_.rows(name, round_.number, make(scene))


def _partition(round_: Round) -> Iterator[Row]:
    scene = _populated(round_, round_.conditions.nodes)
    metrics = members.partition(scene, round_.duration)
    yield from round_.rows("partition", round_.number, metrics)


KINDS: dict[str, Callable[[Round], Iterator[Row]]] = {
    "changes": _changes,
    "burst": _burst,
    "late_join": _late_join,
    "idle": _idle,
    "idle_empty": _idle_empty,
    "members": _members,
    "partition": _partition,
}
"""What a round may do."""
