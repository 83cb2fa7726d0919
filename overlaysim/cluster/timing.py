"""What takes time on a real host takes simulated time here: the named durations.

The defaults reproduce medians observed on a Docker 20.10 swarm (five hosts, no added delay): join
0.15 s, ``docker run`` about 0.5 s, tasks of a new service running after about 2 s and
``docker service create`` back after about 7 s, of which 5 s are its own monitor time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from overlaysim.units import MS, SECOND, US


def _named(default: int, about: str) -> int:
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True, slots=True)
class Timing:
    """Named durations in picoseconds; a scenario's ``timing`` section sets them by name."""

    swarm_init: int = _named(600 * MS, "docker swarm init")
    swarm_join: int = _named(120 * MS, "the joining host's own work in docker swarm join")
    swarm_leave: int = _named(100 * MS, "docker swarm leave, apart from gossip's farewell")
    daemon_start: int = _named(1 * SECOND, "systemctl start docker, or its start at boot")
    network_create: int = _named(40 * MS, "docker network create")
    network_remove: int = _named(20 * MS, "docker network rm")
    network_setup: int = _named(50 * MS, "bridge and VXLAN device of a host's first container")
    allocate: int = _named(20 * MS, "the manager's allocator and store, per attachment")
    container_create: int = _named(30 * MS, "docker create: the writable layer")
    container_start: int = _named(380 * MS, "start of a container's process, after its network")
    container_remove: int = _named(80 * MS, "removal of a container, after its process ended")
    exec_start: int = _named(60 * MS, "docker exec, until the program runs")
    schedule: int = _named(50 * MS, "the scheduler's debounce interval")
    task_prepare: int = _named(1300 * MS, "a task's preparation: image check and container")
    task_drain: int = _named(2 * SECOND, "from leaving the load balancing to the signal")
    stop_grace: int = _named(10 * SECOND, "from SIGTERM to SIGKILL")
    attach_limit: int = _named(20 * SECOND, "how long docker run waits for an attachment")
    heartbeat: int = _named(5 * SECOND, "period of the workers' heartbeat to the manager")
    resolver: int = _named(200 * US, "an answer of the embedded DNS server")
    encapsulate: int = _named(0, "the VTEP's work per packet sent")
    encapsulate_byte: int = _named(0, "the VTEP's work per byte sent")
    decapsulate: int = _named(0, "the VTEP's work per packet received")
    decapsulate_byte: int = _named(0, "the VTEP's work per byte received")
    crypt: int = _named(0, "encryption or decryption of a packet, where the tunnel encrypts")
    crypt_byte: int = _named(0, "encryption or decryption of a byte")
