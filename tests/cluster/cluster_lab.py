"""A session to type docker commands into, and what tests want to read out of it."""

from __future__ import annotations

import json
import re
from typing import Any

from overlaysim.cluster.manager import Manager
from overlaysim.cluster.records import Network
from overlaysim.cluster.world import World
from overlaysim.scenario.run import load
from overlaysim.scenario.session import Outcome, Session, with_seed
from overlaysim.units import parse_duration

THREE = "name: three\n"


class Cluster:
    """Hosts host-a, host-b, … with their swarm, which host-a has begun unless told otherwise.

    The books are checked after every command.
    """

    def __init__(self, *, seed: int = 7, scenario: str = THREE, swarm: bool = True) -> None:
        loaded, _ = load(scenario, name="test")
        self.session = Session(with_seed(loaded, seed))
        if swarm:
            self.run("host-a", "docker swarm init")

    @property
    def world(self) -> World:
        return self.session.world

    @property
    def manager(self) -> Manager:
        return self.world.managers["host-a"]

    @property
    def now(self) -> int:
        return self.session.simulator.now

    # ---- commands -------------------------------------------------------------------------

    def type(self, host: str, command: str) -> Outcome:
        outcome = self.session.execute(host, command)
        self.world.check_conservation()
        assert "Traceback" not in outcome.text
        return outcome

    def run(self, host: str, command: str) -> str:
        """Type a command that must succeed; returns what it printed."""
        outcome = self.type(host, command)
        assert outcome.status == 0, outcome.text
        return outcome.stdout

    def fail(self, host: str, command: str, status: int = 1) -> str:
        """Type a command that must fail with this status; returns what it complained about."""
        outcome = self.type(host, command)
        assert outcome.status == status, outcome.text
        return outcome.stderr

    def start(self, host: str, command: str) -> Any:
        """Type a command and let it run by itself; :meth:`finish` waits for its outcome."""
        return self.session.simulator.spawn(self.session.command(host, command))

    def finish(self, *processes: Any) -> list[Outcome]:
        outcomes = [self.session.simulator.run_until(process) for process in processes]
        self.world.check_conservation()
        return outcomes

    def wait(self, duration: str) -> None:
        self.session.wait(parse_duration(duration))
        self.world.check_conservation()

    def network(self, name: str = "app", options: str = "--attachable") -> str:
        return self.run("host-a", f"docker network create -d overlay {options} {name}").strip()

    def sleeper(self, host: str, name: str, options: str = "--network app") -> str:
        """Run a container that sleeps; returns its address in the first network."""
        self.run(host, f"docker run -d {options} --name {name} alpine sleep 100000")
        return self.address(host, name)

    def cut(self, host: str) -> None:
        self.world.underlay.set_link_state(host, "switch", False)

    def mend(self, host: str) -> None:
        self.world.underlay.set_link_state(host, "switch", True)

    # ---- what is there --------------------------------------------------------------------

    def json(self, host: str, command: str) -> Any:
        return json.loads(self.run(host, command))[0]

    def address(self, host: str, container: str, network: str = "") -> str:
        networks = self.json(host, f"docker inspect {container}")["NetworkSettings"]["Networks"]
        return networks[network or next(iter(networks))]["IPAddress"]

    def balancer(self, host: str, network: str = "app") -> str:
        containers = self.json(host, f"docker network inspect {network}")["Containers"]
        return containers[f"lb-{network}"]["IPv4Address"].partition("/")[0]

    def table(self, host: str, command: str) -> list[dict[str, str]]:
        """A table that a command prints, as one dictionary per row."""
        header, *rows = self.run(host, command).splitlines()
        starts = [match.start() for match in re.finditer(r"(?:^|(?<=   ))\S", header)]
        ends = [*starts[1:], None]
        names = [header[a:b].strip() for a, b in zip(starts, ends, strict=True)]
        return [
            {name: row[a:b].strip() for name, a, b in zip(names, starts, ends, strict=True)}
            for row in rows
        ]

    def tasks(self, service: str) -> list[dict[str, str]]:
        """Rows of ``service ps``, with the bare words of the states and the plain name."""
        rows = self.table("host-a", f"docker service ps --no-trunc {service}")
        for row in rows:
            row["OLD"] = "old" if row["NAME"].startswith("\\_") else ""
            row["NAME"] = row["NAME"].removeprefix("\\_ ")
            row["STATE"] = row["CURRENT STATE"].partition(" ")[0]
        return rows

    def running(self, service: str) -> dict[str, str]:
        """Node by name of every task that runs and shall."""
        return {
            row["NAME"]: row["NODE"]
            for row in self.tasks(service)
            if row["STATE"] == row["DESIRED STATE"] == "Running"
        }

    def task_addresses(self, service: str, network: str = "app") -> list[str]:
        """Addresses of the tasks that hold one, in the order of their slots."""
        found = {s.spec.name: s.id for s in self.manager.store.services.values()}[service]
        network_id = self.manager.store.network(network).id
        tasks = [t for t in self.manager.store.tasks_of(found) if network_id in t.addresses]
        return [t.addresses[network_id] for t in sorted(tasks, key=lambda t: t.slot)]

    def plugged(self, network: str) -> list[str]:
        """Addresses of the containers that are plugged into a network, on all hosts."""
        return sorted(
            attachment.interface.address
            for host in self.world.hosts.values()
            for container in host.containers.values()
            for attachment in container.attachments
            if attachment.info.name == network
        )

    def answers(self, host: str, name: str, network: str = "app") -> tuple[str, ...]:
        """What a host answers for a name of a network; empty if it does not know it."""
        membership = next(
            m for m in self.world.hosts[host].memberships.values() if m.info.name == network
        )
        return membership.beliefs.names.lookup(name)


def check_rest(cluster: Cluster) -> None:
    """Check what must hold in a cluster that has come to rest."""
    cluster.world.check_conservation()
    for network in cluster.manager.store.networks.values():
        if not network.spec.ingress:
            _check_books(cluster, network)
            _check_names(cluster, network)


def _check_books(cluster: Cluster, network: Network) -> None:
    """The managers' books name exactly what is plugged in, and the nodes where.

    Nodes that left keep what they had until they are removed.
    """
    store, hosts = cluster.manager.store, cluster.world.hosts
    members = {worker.node for worker in cluster.world.workers.values() if worker.node}
    booked = [a.address for a in store.attachments if a.network == network.id and a.node in members]
    booked += [
        task.addresses[network.id]
        for task in store.tasks.values()
        if network.id in task.addresses and task.node in members
    ]
    assert sorted(booked) == cluster.plugged(network.spec.name)
    used = [
        name
        for name, host in hosts.items()
        if any(container.attachment(network.id) for container in host.containers.values())
    ]
    joined = [name for name, host in hosts.items() if network.id in host.memberships]
    charged = [store.nodes[node].hostname for node in network.load_balancers if node in members]
    assert sorted(charged) == used == joined


def _check_names(cluster: Cluster, network: Network) -> None:
    """Every host in the network knows the names of all endpoints in it, and no others."""
    hosts = cluster.world.hosts.values()
    records = {
        attachment.endpoint: attachment.record
        for host in hosts
        for container in host.containers.values()
        for attachment in container.attachments
        if attachment.info.id == network.id and attachment.record is not None
    }
    for host in hosts:
        membership = host.memberships.get(network.id)
        if membership is not None:
            assert membership.beliefs.records == records, host.name


def seconds(duration: int) -> float:
    """Picoseconds as seconds."""
    return duration / 10**12
