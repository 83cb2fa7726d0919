"""The host of a task fails: five hosts, two services and standalone containers, one fault.

What was done to a real swarm (Docker 20.10, five hosts on one switch, services ``rr`` in DNS round
robin and ``api`` behind a VIP with five replicas each, a standalone container on every host) is
done here: its daemon is stopped by SIGSTOP for 40.6 s, or its link is cut for 35.2 s. A third
experiment cuts the link for longer than any host takes to forget the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from overlaysim.cluster.faults import Fault, FreezeDaemon, LinkState
from overlaysim.cluster.world import World, WorldSettings
from overlaysim.docker.client.client import DockerClient
from overlaysim.docker.client.line import split_line
from overlaysim.docker.daemon import Daemon
from overlaysim.errors import ModelError
from overlaysim.gossip import LAN
from overlaysim.underlay.topology import star
from overlaysim.units import MS, SECOND
from overlaysim.validate.failover_events import Story
from overlaysim.validate.rounds import Row

HOSTS = ("host-a", "host-b", "host-c", "host-d", "host-e")
WATCHED = ("host-a", "host-b")
"""The hosts that were asked in the real swarm; the first is its manager."""
VICTIM = "host-e"

SETUP = (
    "docker swarm init",
    "docker network create --driver overlay --attachable app",
    "docker service create --name rr --network app --endpoint-mode dnsrr --replicas 5 "
    "alpine sleep 1000000",
    "docker service create --name api --network app --replicas 5 alpine sleep 1000000",
)
"""What is typed on the first host."""
BOX = "docker run -d --network app --name box-{} alpine sleep 1000000"
"""What is typed on every host."""

REST = 100 * SECOND
"""Three full-state exchanges: no table lacks anything when the host fails."""
AFTERWARDS = 120 * SECOND
"""How long is watched after the fault is healed: four periodic full-state exchanges of 30 s."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """One way in which the host fails.

    Attributes:
        fault: what is broken.
        duration: for how long, picoseconds.
    """

    fault: Fault
    duration: int


EXPERIMENTS: Mapping[str, Experiment] = {
    "failover_freeze": Experiment(FreezeDaemon(VICTIM), 40_600 * MS),
    "failover_link": Experiment(LinkState(VICTIM, "switch", up=False), 35_200 * MS),
    "failover_long_link": Experiment(LinkState(VICTIM, "switch", up=False), 150 * SECOND),
}


@dataclass(frozen=True, slots=True)
class FailoverRun:
    """One run of one experiment.

    Attributes:
        experiment: a key of :data:`EXPERIMENTS`.
        seed: of everything random.
        hides: whether entries of failed hosts are hidden, as in current moby, or dropped, as in
            the engine that was observed.
    """

    experiment: str
    seed: int
    hides: bool = False

    def run(self) -> list[Row]:
        """Run it; one row per metric and, where hosts are compared, per host."""
        experiment = EXPERIMENTS[self.experiment]
        world = _world(self.seed, hides=self.hides)
        story = Story(world.simulator, WATCHED, VICTIM)
        _set_up(world)
        simulator = world.simulator
        # All tables were complete, and nobody looked at a clock before pulling the plug.
        simulator.run_for(REST + simulator.streams("failover").randrange(10 * SECOND))
        began = simulator.now
        number = world.faults.begin(experiment.fault)
        simulator.run_for(experiment.duration)
        world.faults.end(number)
        simulator.run_for(AFTERWARDS)
        world.check_conservation()
        values = story.measure(began, began + experiment.duration)
        latency = 2 * world.topology.links[0][2].delay / MS
        return [
            Row(self.experiment, len(HOSTS), 0.0, latency, self.seed, metric, value)
            for metric, value in values
        ]


def runs_of(count: int, first: int, *, hides: bool) -> list[FailoverRun]:
    """So many runs of each experiment, with seeds from ``first`` on."""
    return [
        FailoverRun(experiment, seed, hides)
        for experiment in EXPERIMENTS
        for seed in range(first, first + count)
    ]


def _world(seed: int, *, hides: bool) -> World:
    addresses = {host: f"10.77.0.{11 + place}" for place, host in enumerate(HOSTS)}
    gossip = replace(LAN, rejoin_hides=hides)
    return World(star(HOSTS), addresses, WorldSettings(seed=seed, gossip=gossip))


def _set_up(world: World) -> None:
    """Form the swarm, start a container on every host, create the services."""
    first, *commands = SETUP
    _type(world, HOSTS[0], first)
    world.simulator.run_until(world.simulator.spawn(world.join_others(HOSTS[0])))
    network, *services = commands
    _type(world, HOSTS[0], network)
    for host in HOSTS:
        _type(world, host, BOX.format(host))
    for command in services:
        _type(world, HOSTS[0], command)


def _type(world: World, host: str, line: str) -> None:
    """Type a docker command that must succeed."""
    client = DockerClient(Daemon(world, host))
    result: Any = world.simulator.run_until(world.simulator.spawn(client.run(split_line(line))))
    if result.status:
        raise ModelError(f"{line}: {result.stderr.strip()}")
