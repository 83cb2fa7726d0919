"""Types a long list of commands and prints everything that came of it; run as a program."""

from __future__ import annotations

import sys

from cluster_lab import Cluster

COMMANDS = """
host-a docker network create -d overlay --attachable app
host-a docker network create -d overlay --attachable two
host-b docker run -d --network app --name web alpine sleep 1000
host-c docker run -d --network app --network two --network-alias db alpine sleep 1000
host-b docker exec web ping -c 2 db
host-a docker service create --name api --network app --replicas 5 my:1
host-a docker service create -d --name bad --network app --replicas 3 alpine false
host-b docker exec web nslookup tasks.api
host-a docker service scale api=7
host-a docker node update --availability drain host-c
host-a docker service update --image my:2 api
host-a docker service ps --no-trunc api
host-a docker service ps --no-trunc bad
host-b docker restart -t 1 web
host-b docker network inspect --verbose app
host-a docker node ls
host-a docker service inspect api
host-a docker service rm api bad
host-b docker network connect two web
host-b docker inspect web
host-c docker ps -a
host-a docker network ls
"""


def transcript(seed: int) -> str:
    cluster = Cluster(seed=seed)
    said = []
    for line in COMMANDS.strip().splitlines():
        host, _, command = line.partition(" ")
        outcome = cluster.type(host, command)
        said.append(f"{cluster.now} {line} -> {outcome.status}\n{outcome.text}")
    cluster.cut("host-c")
    cluster.wait("25 s")
    said.append(cluster.run("host-a", "docker node ls"))
    ledger = cluster.session.simulator.ledger
    said.append(f"{ledger.created} {ledger.delivered} {sorted(ledger.dropped.items())}")
    return "\n".join(said)


if __name__ == "__main__":
    print(transcript(int(sys.argv[1])))
