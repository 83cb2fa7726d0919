"""Scenarios with faults drawn at random: of any kind, overlapping, repeated, all healed in the end.

What is drawn is the text of a scenario file (JSON is YAML), so that a seed that fails can be read,
cut down, and run by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from overlaysim.underlay.topology import leaf_spine, ring, star

FIRST_FAULT, LAST_FAULT = 30.0, 75.0
"""Seconds: by then everything has been created; no fault begins later."""
SHORTEST, LONGEST = 0.5, 45.0
"""Seconds that a fault lasts, drawn with a uniform logarithm: blinks as well as long failures."""

Fault = dict[str, Any]
Words = dict[str, Any]


def scenario(seed: int) -> Words:
    """Draw a scenario: a swarm of 3 to 8 hosts, its containers, traffic, and 1 to 6 faults."""
    rng = Random(seed)
    hosts = [f"host-{letter}" for letter in "abcdefgh"[: rng.randint(3, 8)]]
    underlay = _underlay(rng, hosts)
    late = [hosts[-1]] if len(hosts) > 3 and rng.random() < 0.3 else []
    members = [host for host in hosts if host not in late]
    return {
        "name": f"random-faults-{seed}",
        "seed": seed,
        "late": late,
        "underlay": underlay,
        "gossip": {"rejoin": rng.choice(["hiding", "dropping"])},
        "timeline": [*_setup(rng, members), *_faults(rng, hosts, late, _links(underlay))],
        "traffic": _traffic(rng, members),
    }


def text(words: Words) -> str:
    """The scenario as a file."""
    return json.dumps(words, indent=1)


# ---- the swarm --------------------------------------------------------------------------------


def _underlay(rng: Random, hosts: list[str]) -> Words:
    words: Words = {
        "topology": rng.choice(["star", "ring", "leaf-spine"]),
        "hosts": hosts,
        "link": {"rate": "1 Gbit/s", "delay": "50 us", "queue": "200 packets"},
        "convergence": rng.choice(["0 s", "200 ms", "3 s"]),
    }
    if words["topology"] == "ring":
        words["switches"] = rng.randint(3, 4)
    if words["topology"] == "leaf-spine":
        words |= {"spines": 2, "leaves": 2}
    return words


def _links(underlay: Words) -> list[tuple[str, str]]:
    hosts = underlay["hosts"]
    topology = {
        "star": lambda: star(hosts),
        "ring": lambda: ring(hosts, switches=underlay["switches"]),
        "leaf-spine": lambda: leaf_spine(hosts, spines=2, leaves=2),
    }[underlay["topology"]]()
    return [(a, b) for a, b, _ in topology.links]


def _setup(rng: Random, members: list[str]) -> list[Words]:
    mode = rng.choice(["vip", "dnsrr"])
    steps = [
        {"on": members[0], "run": "docker swarm init"},
        {"on": members[0], "run": "docker network create -d overlay --attachable app"},
    ]
    steps += [
        {"on": host, "run": f"docker run -d --network app --name box-{host[-1]} alpine sleep 9999"}
        for host in members
    ]
    service = (
        f"docker service create -d --name api --network app --endpoint-mode {mode} "
        f"--replicas {rng.randint(1, 5)} alpine sleep 9999"
    )
    return [*steps, {"on": members[0], "run": service}]


def _traffic(rng: Random, members: list[str]) -> list[Words]:
    boxes = [f"box-{host[-1]}" for host in members]
    flows = []
    for _ in range(rng.randint(1, 3)):
        source, target = rng.sample(boxes, 2)
        common = {"from": source, "to": target, "start": "25 s", "stop": "120 s"}
        kind = rng.choice([
            {"kind": "ping", "interval": "500 ms"},
            {"kind": "udp", "rate": "40 kbit/s", "size": "500 B"},
        ])  # fmt: skip
        flows.append({**common, **kind})
    return flows


# ---- the faults -------------------------------------------------------------------------------


def _faults(
    rng: Random, hosts: list[str], late: list[str], links: list[tuple[str, str]]
) -> list[Words]:
    """Steps that break something and mend it; some break the same thing again and again."""
    steps = []
    for _ in range(rng.randint(1, 6)):
        duration = SHORTEST * (LONGEST / SHORTEST) ** rng.random()
        begin = rng.uniform(FIRST_FAULT, LAST_FAULT)
        fault = rng.choice(KINDS)(rng, hosts, late, links)
        step: Words = {"at": f"{begin:.3f} s", "fault": {**fault, "for": f"{duration:.3f} s"}}
        if rng.random() < 0.2:
            step |= {"every": f"{rng.uniform(0.5, 2) * duration:.3f} s"}
            step |= {"until": f"{min(LAST_FAULT, begin + 3 * duration):.3f} s"}
        steps.append(step)
    return sorted(steps, key=lambda step: float(step["at"].split()[0]))


def _link_down(rng: Random, hosts: list[str], late: list[str], links: list[Any]) -> Fault:
    return {"link": list(rng.choice(links)), "state": "down"}


def _degraded(rng: Random, hosts: list[str], late: list[str], links: list[Any]) -> Fault:
    change = rng.choice([
        {"loss": f"{rng.randint(5, 60)} %"},
        {"delay": f"{rng.randint(1, 800)} ms"},
        {"loss": f"{rng.randint(1, 30)} %", "jitter": f"{rng.randint(1, 200)} ms"},
        {"rate": "64 kbit/s", "queue": "20 packets"},
    ])  # fmt: skip
    return {"link": list(rng.choice(links)), **change}


def _partition(rng: Random, hosts: list[str], late: list[str], links: list[Any]) -> Fault:
    mixed = rng.sample(hosts, len(hosts))
    cut = rng.randint(1, len(hosts) - 1)
    groups = [mixed[:cut]] if rng.random() < 0.5 else [mixed[:cut], mixed[cut:]]
    return {"partition": groups}


def _host(state: str) -> Callable[..., Fault]:
    def draw(rng: Random, hosts: list[str], late: list[str], links: list[Any]) -> Fault:
        return {"host": rng.choice(hosts), "state": state}

    return draw


def _left(rng: Random, hosts: list[str], late: list[str], links: list[Any]) -> Fault:
    return {"host": rng.choice(hosts[1:]), "state": "left"}  # the first is the only manager


def _joined(rng: Random, hosts: list[str], late: list[str], links: list[Any]) -> Fault:
    return {"host": late[0], "state": "joined"} if late else _left(rng, hosts, late, links)


def _slow(rng: Random, hosts: list[str], late: list[str], links: list[Any]) -> Fault:
    return {"host": rng.choice(hosts), "delay": f"{rng.choice([1, 20, 200, 1000])} ms"}


def _block(rng: Random, hosts: list[str], late: list[str], links: list[Any]) -> Fault:
    ports = ["7946/tcp", "7946/udp", "4789/udp", "2377/tcp"]
    place = rng.choice(hosts) if rng.random() < 0.6 else list(rng.choice(links))
    return {"block": rng.sample(ports, rng.randint(1, 3)), "at": place}


def _churn(rng: Random, hosts: list[str], late: list[str], links: list[Any]) -> Fault:
    rates = {"starts": "1/s", "stops": "0.7/s", "network": "app"}
    if rng.random() < 0.5:
        rates |= {"joins": "0.2/s", "leaves": "0.1/s"}
    return {"churn": rates}


KINDS: tuple[Callable[..., Fault], ...] = (
    _link_down, _degraded, _partition, _host("crashed"), _host("frozen"), _host("stopped"), _left,
    _joined, _slow, _block, _churn,
)  # fmt: skip
