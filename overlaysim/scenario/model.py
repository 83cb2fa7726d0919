"""What a scenario file says, read and checked: plain frozen data.

Times are picoseconds, rates bit/s, sizes bytes; ``line`` is where it stands in the file, from 1, or
0 where that is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from overlaysim.cluster.faults import Fault
from overlaysim.gossip import GossipSettings
from overlaysim.overlay.encapsulation import TunnelChoice
from overlaysim.scenario.expect import Expectation
from overlaysim.underlay.topology import Topology

LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Command:
    """A docker command as somebody would type it, and where it begins in the file."""

    text: str
    line: int
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What all steps of a timeline have.

    Attributes:
        at: when it begins; None for when the step before has ended.
        every: period of its repetition; None for once.
        until: the instant after which it does not begin again; None for once.
    """

    line: int
    at: int | None = None
    every: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStep(Step):
    """Commands typed on a host, one after the other; with ``fails`` they are expected to fail."""

    host: str
    commands: tuple[Command, ...]
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    """Something is broken, at one instant in each of these ways.

    Attributes:
        duration: after this time it is undone; None for never.
    """

    faults: tuple[Fault, ...]
    duration: int | None = None


@dataclass(frozen=True, slots=True)
class Heal:
    """Faults that last end now.

    Attributes:
        kind: only those of this kind, as ``link``; empty for every kind.
        nodes: only those that have to do with all of these hosts and switches: one for its own
            faults and those of its links, two for those of their link; empty for any.
    """

    kind: str = ""
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultStep(Step):
    """Something breaks or is healed."""

    order: Break | Heal


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStep(Step):
    """Nothing happens for a while."""

    duration: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What all traffic has: from a container to a container, service, other name or address."""

    line: int
    source: str
    target: str
    size: int
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UdpFlow(Flow):
    """Datagrams of ``size`` payload bytes at ``rate`` payload bits per second.

    Attributes:
        poisson: whether the spacing is exponential instead of constant.
    """

    rate: int
    stop: int
    poisson: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PingFlow(Flow):
    """Echo requests, until ``stop`` or ``count`` of them; at least one of the two is given."""

    interval: int
    stop: int | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class UnderlaySpec:
    """The network under the overlay.

    Attributes:
        shape: ``star``, ``line``, …, ``graphml`` or ``listed``.
        framing: whether a frame occupies a link for Ethernet's extras too.
        convergence: how long after a link changes the routes change.
        ecmp: whether each switch hashes flows in its own way or all alike.
        hash_keys: whether switches hash the keys of tunnels as well.
        subnet: of the hosts' addresses, in CIDR notation.
        addresses: host -> address in that subnet: .11, .12, … where they fit, else from .1 on.
    """

    shape: str
    topology: Topology
    framing: Literal["ethernet", "none"]
    convergence: int
    ecmp: Literal["per-switch", "shared"]
    hash_keys: bool
    subnet: str
    addresses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DnsSpec:
    """The DNS server outside: whether it ``answers``, what, and after how long."""

    answers: bool
    records: Mapping[str, str]
    delay: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole scenario.

    Attributes:
        automatic_join: whether all hosts join after the first ``docker swarm init``.
        managers: hosts that join as managers, besides the first.
        late: hosts that do not join with the others.
        timing: the named durations that differ from their defaults.
        replaces_learned: whether peers' records replace learned forwarding entries.
        tunnel: how overlay networks cross the underlay unless their own options say it.
        bridge_nf: whether netfilter sees, and so cuts, what bridges carry.
        duration: simulated time; None for until 1 s after timeline and traffic have ended.
    """

    name: str
    about: str
    seed: int
    underlay: UnderlaySpec
    automatic_join: bool
    managers: tuple[str, ...]
    late: tuple[str, ...]
    timeline: tuple[Step, ...]
    traffic: tuple[Flow, ...]
    expect: tuple[Expectation, ...]
    dns: DnsSpec
    timing: Mapping[str, int]
    gossip: GossipSettings
    replaces_learned: bool
    tunnel: TunnelChoice
    bridge_nf: bool
    duration: int | None
