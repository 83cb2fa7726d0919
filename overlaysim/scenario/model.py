"""What a scenario file says, read and checked: plain frozen data.

Times are picoseconds, rates bit/s, sizes bytes; ``line`` is where it stands in the file, from 1, or
0 where that is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from overlaysim.cluster.faults import Fault
from overlaysim.gossip import GossipSettings
from overlaysim.overlay.encapsulation import TunnelChoice
from overlaysim.scenario.expect import Expectation
from overlaysim.underlay.topology import Topology

if TYPE_CHECKING:
    from overlaysim.traffic.schedule import Replay

PLANES = ("auto", "event", "vector")
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
        column: where in that line.
        at: when it begins; None for when the step before has ended.
        every: period of its repetition; None for once.
        until: the instant after which it does not begin again; None for once.
    """

    line: int
    column: int = field(default=0, compare=False)
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
    column: int = field(default=0, compare=False)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkSpec:
    """Bulk traffic: a flow from each of ``sources`` to each of ``targets``, but to itself.

    Attributes:
        sizes: payload of a packet and its weight, for each size.
        rate: payload bit/s while it is on, or
        interval: mean time between two packets; both are None for as the trace has it.
        arrivals: ``constant``, ``poisson`` or ``on-off``.
        on, off: how long it is so, with ``on-off``.
        random_phases: whether these are means of exponential distributions.
        trace: what is sent again, a :class:`overlaysim.traffic.schedule.Replay`.
        spread: flow k of n starts k / n of this later.
        count: packets per flow at most.
        moves: since when the sender takes the receiver to be on another host; empty for on none.
        receiver: since when the receiver is there, or is not.
    """

    line: int
    column: int = field(default=0, compare=False)
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    rate: int | None
    interval: int | None
    arrivals: str
    on: int
    off: int
    random_phases: bool
    trace: Replay | None
    start: int
    spread: int
    stop: int | None
    count: int | None
    echo: bool
    tunnel: TunnelChoice
    moves: tuple[tuple[int, str], ...]
    receiver: tuple[tuple[int, bool], ...]

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Sender and receiver of each flow."""
        return tuple((a, b) for a in self.sources for b in self.targets if a != b)


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
        bulk: what hosts send to one another.
        plane: what carries that: one of :data:`PLANES`.
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
    bulk: tuple[BulkSpec, ...]
    plane: str
    duration: int | None
