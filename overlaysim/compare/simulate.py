"""The simulated half of a comparison: throughput, latency and balance, measured at the far end."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from overlaysim.compare.arithmetic import Load
from overlaysim.compare.crossing import Crossing
from overlaysim.compare.datagram import Road, datagram
from overlaysim.compare.frames import Flow, frames_of
from overlaysim.compare.mix import Mix
from overlaysim.overlay.flow import underlay_hash
from overlaysim.sim import Simulator, composition
from overlaysim.sim.streams import Streams
from overlaysim.underlay import LinkSpec, Underlay, leaf_spine
from overlaysim.units import SECOND

_WARM_ROUNDS = 2
"""Rounds until the gaps between rounds are those of the slowest part: see :func:`throughput`."""

NEAREST = 0.95
"""Utilisation up to which a queue is simulated: beyond, runs would have to be too long."""

_MEASURED = 100
"""Datagrams over which throughput is measured at least; more would say the same."""

_PROBE = 64
"""Bytes of payload of the datagrams that show which path their flow takes."""


@dataclass(frozen=True)
class Throughput:
    """What arrived when the sender always had more to send.

    Attributes:
        packets: datagrams per second.
        goodput: bit/s of payload.
        wire: bytes on the last link per datagram.
        frames: frames on the last link per datagram.
        rounding: the largest relative error that whole picoseconds can have caused.
    """

    packets: Fraction
    goodput: Fraction
    wire: Fraction
    frames: Fraction
    rounding: float

    @property
    def efficiency(self) -> Fraction:
        """Delivered payload as a share of the bytes on the last link."""
        return self.goodput / (8 * self.packets * self.wire)


def throughput(load: Load, mix: Mix, rates: Sequence[int]) -> Throughput | None:
    """Send whole rounds of a mix as fast as links of these rates take them.

    All datagrams are at the sender at once. The end of round n comes after the longest path through
    the parts (ends and links); from the third round on each round adds exactly one round of the
    slowest part to it. So two rounds are let pass before anything is measured.

    Returns:
        None if nothing of the mix fits.
    """
    if not load.count:
        return None
    crossing = Crossing(load.road, rates, load.work)
    by_size = {known.payload: known for known, _ in load.carried}
    round_ = [by_size[size] for size in mix.round() if size in by_size]
    rounds = _WARM_ROUNDS + -(-_MEASURED // len(round_))
    for number in range(rounds * len(round_)):
        crossing.send(number, round_[number % len(round_)])
    crossing.finish()
    warm = _WARM_ROUNDS * len(round_)
    measured = crossing.arrivals[warm:]
    time = crossing.arrivals[-1].at - crossing.arrivals[warm - 1].at
    link, sent = crossing.last_link, len(crossing.arrivals)
    return Throughput(
        Fraction(len(measured) * SECOND, time),
        Fraction(8 * SECOND * sum(arrival.payload for arrival in measured), time),
        Fraction(link.bytes, sent),
        Fraction(link.frames, sent),
        (link.frames + 1) / (2 * time),
    )


# ---- latency ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Arrivals:
    """Datagrams that come to a sender: when (picoseconds) and with which payload."""

    times: tuple[int, ...]
    sizes: tuple[int, ...]
    warm: int
    """How many of the first ones are not measured."""


def poisson_arrivals(
    mix: Mix, rate: float, warm: int, packets: int, seed: int, replication: int
) -> Arrivals:
    """Draw a Poisson process of ``rate`` datagrams per second with sizes drawn from a mix.

    The draws of a replication are the same for every rate and length: a longer process begins with
    the shorter one, a faster one is the slower one compressed.
    """
    streams = Streams(seed)
    gaps = streams("latency", "gaps", str(replication))
    which = streams("latency", "sizes", str(replication))
    now, times = 0.0, []
    for _ in range(warm + packets):
        now += gaps.expovariate(rate)
        times.append(round(now * SECOND))
    sizes = which.choices(
        [size for size, _ in mix.sizes], cum_weights=mix.cumulative(), k=len(times)
    )
    return Arrivals(tuple(times), tuple(sizes), warm)


def warm_up(utilisation: float, variation: float) -> int:
    """How many datagrams a queue needs to forget that it was empty at first.

    Ten relaxation times, which are (1 + variation) / (1 - utilisation)^2 services long (Newell,
    "Applications of Queueing Theory", chapter 3); ``variation`` is the squared coefficient of
    variation of service times.
    """
    return 100 + math.ceil(10 * (1 + variation) / (1 - utilisation) ** 2)


def mean_latency(load: Load, arrivals: Arrivals, rate: int) -> float:
    """Let datagrams arrive at a sender with a link of ``rate``; return their mean latency (s).

    What does not fit is dropped at the sender and does not count.
    """
    crossing = Crossing(load.road, [rate], load.work)
    by_size = {known.payload: known for known, _ in load.carried}
    todo = _carried(arrivals, by_size)

    def next_one(_: object) -> None:
        number = next(todo, None)
        if number is not None:
            crossing.simulator.call_at(arrivals.times[number], arrive, number)

    def arrive(number: int) -> None:
        crossing.send(number, by_size[arrivals.sizes[number]])
        next_one(None)

    next_one(None)
    crossing.finish()
    waits = [
        at - arrivals.times[number]
        for at, number, _ in crossing.arrivals
        if number >= arrivals.warm
    ]
    return sum(waits) / len(waits) / SECOND


def _carried(arrivals: Arrivals, by_size: Container[int]) -> Iterator[int]:
    return (number for number, size in enumerate(arrivals.sizes) if size in by_size)


# ---- balance ----------------------------------------------------------------------------------


def busiest_shares(
    road: Road, flows: int, paths: int, replications: int, seed: int, *, keys: bool
) -> list[float]:
    """Send one datagram of each of many flows across a fabric of equal paths.

    Each replication has other VTEPs and another network, so that what does not depend on the flow
    gets another place in the hash too.

    Returns:
        Per replication, the share of the flows on the path that has most.
    """
    simulator = Simulator()
    hosts = ("sender", "receiver")
    link = LinkSpec(queue_packets=None, mtu=road.mtu + road.encapsulation.tag)
    underlay = Underlay(simulator, leaf_spine(hosts, link, spines=paths, leaves=2))
    underlay.attach(
        "receiver", lambda journey: simulator.ledger.deliver(journey, simulator.now, "receiver")
    )
    up = [underlay.links["leaf-1", f"spine-{number}"] for number in range(1, paths + 1)]
    streams = Streams(seed)
    shares = []
    for replication in range(replications):
        before = [spine.frames for spine in up]
        for flow in random_flows(flows, streams, str(replication)):
            _send_probe(underlay, road, flow, keys)
        simulator.run_for(SECOND)
        counts = [spine.frames - count for spine, count in zip(up, before, strict=True)]
        shares.append(max(counts) / flows)
    return shares


def _send_probe(underlay: Underlay, road: Road, flow: Flow, keys: bool) -> None:
    simulator = underlay.simulator
    (frame,) = frames_of(road, datagram(road, _PROBE), flow)
    journey = simulator.ledger.create(
        "data", simulator.now, source="sender", intended="receiver", message=None
    )
    journey.packet = frame
    journey.length = frame.length
    journey.composition = composition("data", _PROBE, 0, 0, frame.length - _PROBE)
    journey.destination = "receiver"
    journey.flow_hash = underlay_hash(frame, keys=keys)
    underlay.send(journey, "sender")


def random_flows(count: int, streams: Streams, *name: str) -> Iterator[Flow]:
    """Draw flows between containers of one network behind two VTEPs."""
    draw = streams("flows", *name)
    a, b = draw.sample(range(1, 255), 2)
    vteps = {4: (f"192.0.2.{a}", f"192.0.2.{b}"), 6: (f"2001:db8::{a:x}", f"2001:db8::{b:x}")}
    network = draw.randrange(4096, 1 << 24)
    for _ in range(count):
        c, d = draw.randrange(2, 255), draw.randrange(2, 255)
        containers = {4: (f"10.0.1.{c}", f"10.0.2.{d}"), 6: (f"fd01::{c:x}", f"fd02::{d:x}")}
        ports = draw.randrange(32_768, 61_000), draw.randrange(1024, 32_768)
        yield Flow(network, vteps, containers, ports)
