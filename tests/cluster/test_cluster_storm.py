"""A storm of commands at random moments on random hosts, and links that come and go.

Whatever happens meanwhile: no command dies of anything but a refusal, and when it is over the books
of the managers are those of the hosts, and every host knows the names that there are.
"""

from __future__ import annotations

from random import Random

import pytest
from cluster_lab import Cluster, check_rest

CONTAINERS = ("c1", "c2", "c3")
SERVICES = ("s1", "s2")
NETWORKS = ("app", "two")
COMMANDS = (
    "docker run -d --network {network} --name {container} alpine sleep 1000",
    "docker run -d --network {network} --name {container} alpine sleep 3",
    "docker run --rm --network {network} --name {container} alpine true",
    "docker start {container}",
    "docker stop -t 1 {container}",
    "docker kill {container}",
    "docker restart -t 0 {container}",
    "docker rm -f {container}",
    "docker rm -f {container}",
    "docker network connect {network} {container}",
    "docker network disconnect {network} {container}",
    "docker exec {container} nslookup {service}",
)
LEAVING = (
    "docker swarm leave",
    "docker swarm join --token {token} 10.77.0.11:2377",
    "docker swarm join --token {token} 10.77.0.11:2377",
)
ON_THE_MANAGER = (
    "docker service create -d --name {service} --network {network} --replicas {number} my:1",
    "docker service create -d --name {service} --network {network} --mode global my:1",
    "docker service create -d --name {service} --network {network} --restart-delay 1s alpine false",
    "docker service scale -d {service}={number}",
    "docker service update -d --force {service}",
    "docker service update -d --image my:{number} {service}",
    "docker service rollback -d {service}",
    "docker service rm {service}",
    "docker node update --availability drain {host}",
    "docker node update --availability active {host}",
    "docker node update --availability active {host}",
    "docker network rm {network}",
    "docker network create -d overlay --attachable {network}",
)


def storm(cluster: Cluster, rng: Random, trouble: str) -> list:
    """Start commands at random moments; returns their processes."""
    processes = []
    on_workers = (*COMMANDS, *LEAVING) if trouble == "nodes leave" else COMMANDS
    token = cluster.manager.tokens["worker"]
    for _ in range(60):
        cluster.wait(f"{rng.choice((0, 1, 10, 60, 400, 2500))} ms")
        host = rng.choice(("host-a", "host-b", "host-c"))
        if trouble == "links fail" and rng.random() < 0.1:
            (cluster.cut if rng.random() < 0.5 else cluster.mend)("host-c")
        line = rng.choice(ON_THE_MANAGER if host == "host-a" else on_workers).format(
            network=rng.choice(NETWORKS), container=rng.choice(CONTAINERS),
            service=rng.choice(SERVICES), number=rng.randrange(5), token=token,
            host=rng.choice(("host-b", "host-c")),
        )  # fmt: skip
        processes.append(cluster.start(host, line))
    return processes


@pytest.mark.parametrize("trouble", ["nodes leave", "links fail"])
@pytest.mark.parametrize("seed", range(8))
def test_books_and_beliefs_agree_after_the_storm(seed: int, trouble: str) -> None:
    cluster = Cluster(seed=seed)
    cluster.network("app")
    cluster.network("two")
    processes = storm(cluster, Random(seed), trouble)
    cluster.mend("host-c")
    for outcome in cluster.finish(*processes):
        assert outcome.status in {0, 1, 125, 137}, outcome.text
    for service in list(cluster.manager.store.services.values()):
        if service.spec.command:  # one that fails for ever: it never comes to rest
            cluster.run("host-a", f"docker service rm {service.spec.name}")
    for host in ("host-b", "host-c"):
        if not cluster.world.workers[host].node:
            token = cluster.manager.tokens["worker"]
            cluster.run(host, f"docker swarm join --token {token} 10.77.0.11:2377")
    cluster.wait("120 s")
    check_rest(cluster)
