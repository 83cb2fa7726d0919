"""Workloads that hypothesis draws: small networks in which much happens at once."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from overlaysim.planes.workload import BulkFlow, Change, LinkTurns, LinkUpDown, Workload
from overlaysim.sim import composition
from overlaysim.traffic.schedule import (
    HORIZON,
    Constant,
    Exponential,
    Fixed,
    Mix,
    OnOff,
    Poisson,
    Replay,
    Schedule,
)
from overlaysim.underlay import LinkSpec, Topology, leaf_spine, line, ring, star
from overlaysim.units import NS, SECOND, US

RATES = (1_000_000_000, 2_500_000_000, 10_000_000_000, 8_000_000_000_000)
"""At the last one a byte lasts a picosecond: whatever comes at once or in steps of bytes ties."""
DELAYS = (0, 1, 300 * NS, US, 5 * US, 60 * US)
ROOM = (None, None, None, 20, 3, 1, 0)
BYTES = (None, None, None, None, 20_000, 3000, 1200, 0)
HOUR = 3600 * SECOND

specs = st.builds(
    LinkSpec,
    rate=st.sampled_from(RATES),
    delay=st.sampled_from(DELAYS),
    queue_packets=st.sampled_from(ROOM),
    queue_bytes=st.sampled_from(BYTES),
    loss=st.sampled_from((0.0, 0.0, 0.0, 0.0, 0.05, 0.3)),
    jitter=st.sampled_from((0, 0, 0, 1, 100 * NS, 3 * US)),
    mtu=st.sampled_from((1500, 1500, 1500, 1500, 1500, 9000, 700)),
)


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """A tree, ring, mesh, leaf-spine or any connected graph, each link with a spec of its own."""
    link = LinkSpec()
    hosts = [f"h{number}" for number in range(draw(st.sampled_from((4, 3, 2, 5))))]
    shape = draw(st.sampled_from(("star", "line", "ring", "leaf-spine", "mesh", "random")))
    if shape == "star":
        plain = star(hosts, link)
    elif shape == "line":
        plain = line(hosts, link, switches=draw(st.integers(1, 4)))
    elif shape == "ring":
        plain = ring(hosts, link, switches=draw(st.integers(3, 5)))
    elif shape == "leaf-spine":
        plain = leaf_spine(hosts, link, spines=draw(st.integers(1, 3)), leaves=2)
    else:
        plain = _graph(draw, hosts, complete=shape == "mesh")
    links = tuple((a, b, draw(specs)) for a, b, _ in plain.links)
    return Topology(plain.hosts, plain.switches, links)


def _graph(draw: st.DrawFn, hosts: list[str], *, complete: bool) -> Topology:
    switches = [f"s{number}" for number in range(draw(st.integers(2, 4)))]
    pairs = [(a, b) for place, a in enumerate(switches) for b in switches[:place]]
    if complete:
        chosen = pairs
    else:
        chosen = [
            (switches[n], switches[draw(st.integers(0, n - 1))]) for n in range(1, len(switches))
        ]
        chosen += draw(st.lists(st.sampled_from(pairs), max_size=3))
    links = {frozenset(pair): (*pair, LinkSpec()) for pair in chosen}
    for host in hosts:
        for switch in draw(st.sets(st.sampled_from(switches), min_size=1, max_size=2)):
            links[frozenset((host, switch))] = (host, switch, LinkSpec())
    return Topology(
        tuple(hosts), tuple(switches), tuple(sorted(links.values(), key=lambda e: e[:2]))
    )


gaps = st.one_of(
    st.builds(Constant, st.sampled_from((US, 873_600, Fraction(1_747_200, 7), 12 * US, 100, 1))),
    st.builds(Poisson, st.sampled_from((US, 5 * US, 20, 30 * US))),
    st.builds(Constant, st.sampled_from((HOUR, HORIZON // 40))),
    st.builds(
        OnOff,
        on=st.one_of(st.just(20 * US), st.builds(Exponential, st.just(15 * US))),
        off=st.just(30 * US),
        gaps=st.builds(Constant, st.sampled_from((US, 2 * US))),
    ),
)  # fmt: skip
sizes = st.sampled_from((Fixed(1000), Fixed(64), Mix(((100, 7), (600, 4), (1400, 1)))))


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Any kind of schedule, some dozens of packets long."""
    if draw(st.integers(0, 5)) == 0:
        times = sorted(draw(st.lists(st.integers(0, 60), min_size=1, max_size=30)))
        trace = Replay(tuple(t * US for t in times), (500,) * len(times))
        return Schedule(gaps=trace, sizes=trace)
    return Schedule(
        gaps=draw(gaps), sizes=draw(sizes), start=draw(st.sampled_from((0, 0, 7 * US))),
        stop=draw(st.sampled_from((None, None, 100 * US))),
        count=draw(st.sampled_from((30, 60, 100, 8, 1))),
    )  # fmt: skip


@st.composite
def flows(draw: st.DrawFn, number: int, hosts: tuple[str, ...]) -> BulkFlow:
    """A flow between two hosts; sometimes it is answered, or what hosts know changes."""
    source, *others = draw(st.permutations(hosts))
    peers = ((0, others[0]),)
    accepts = ((0, ""),)
    if draw(st.integers(0, 3)) == 0:
        peers += ((20 * US, "no neighbour"), (40 * US, draw(st.sampled_from(others))))
    if draw(st.integers(0, 4)) == 0:
        accepts += ((30 * US, "no such container"), (50 * US, ""))
    schedule = draw(schedules())
    headers = draw(st.sampled_from((42, 92)))
    return BulkFlow(
        name=str(number), source=source, peers=peers, accepts=accepts, schedule=schedule,
        frames=tuple(composition("bulk", size, headers) for size in schedule.sizes.payloads),
        flow_hash=draw(st.integers(0, 2**32 - 1)),
        echo_hash=draw(st.one_of(st.none(), st.integers(0, 2**32 - 1))),
    )  # fmt: skip


turns = st.one_of(
    st.fixed_dictionaries({"rate": st.sampled_from(RATES)}),
    st.fixed_dictionaries({"delay": st.sampled_from(DELAYS)}),
    st.fixed_dictionaries({"loss": st.sampled_from((0.0, 0.3, 1.0))}),
    st.fixed_dictionaries({"jitter": st.sampled_from((0, 2 * US))}),
    st.fixed_dictionaries({"mtu": st.sampled_from((9000, 700))}),
    st.fixed_dictionaries(
        {"queue_packets": st.sampled_from(ROOM), "queue_bytes": st.sampled_from(BYTES)}
    ),
)  # fmt: skip
instants = st.sampled_from((0, 10 * US, 21 * US, 40 * US, 40 * US + 1)) | st.integers(0, 100 * US)


@st.composite
def changes(draw: st.DrawFn, topology: Topology) -> Change:
    """A link goes down, comes up, or is not what it was."""
    a, b, _ = draw(st.sampled_from(topology.links))
    at = draw(instants)
    if draw(st.booleans()):
        return LinkUpDown(at, a, b, draw(st.booleans()))
    return LinkTurns(at, a, b, draw(turns))


@st.composite
def workloads(draw: st.DrawFn) -> Workload:
    """Everything together."""
    topology = draw(topologies())
    several = draw(st.sampled_from((4, 2, 6, 3, 1)))
    what_changes = draw(st.lists(changes(topology), max_size=6))
    return Workload(
        topology=topology,
        flows=tuple(draw(flows(number, topology.hosts)) for number in range(several)),
        underlay={
            "framing": draw(st.sampled_from(("ethernet", "none"))),
            "ecmp": draw(st.sampled_from(("per-switch", "shared"))),
            "convergence_delay": draw(st.sampled_from((0, 15 * US, 30 * US + 1))),
        },
        changes=tuple(sorted(what_changes, key=lambda change: change.at)),
        until=draw(st.sampled_from((None, None, None, 30 * HOUR, 80 * US, 40 * US))),
    )
