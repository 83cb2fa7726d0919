"""Bulk traffic of a scenario as flows of real frames, for whichever plane carries them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address

from overlaysim.cluster.world import World
from overlaysim.host.directory import HostAddress
from overlaysim.host.tunnels import account
from overlaysim.overlay.encapsulation.choice import TunnelChoice
from overlaysim.overlay.flow import underlay_hash
from overlaysim.planes.frames import Flow
from overlaysim.planes.workload import ALWAYS, KIND, BulkFlow
from overlaysim.scenario.model import BulkSpec
from overlaysim.sim import Composition, composition
from overlaysim.traffic.schedule import (
    Constant,
    Exponential,
    Fixed,
    Gaps,
    Mix,
    OnOff,
    Poisson,
    Schedule,
    spacing,
)
from overlaysim.wire import Packet

_HEADERS = 14 + 20 + 8
"""Bytes of Ethernet, IPv4 and UDP in front of a payload."""
_FIRST_PORT, _PORTS = 49_152, 16_384
"""Each flow has a source port of its own (RFC 6335's dynamic ports), as long as there are any."""
_TARGET_PORT = 5001
_CONTAINERS = IPv4Address("10.200.0.1")
"""Where the containers' addresses begin, one for each host."""


@dataclass(frozen=True, slots=True)
class PlannedFlow:
    """A flow, the place of its entry in the scenario, and the host that it is meant for."""

    entry: int
    target: str
    flow: BulkFlow


def plan_flows(
    world: World, specs: Sequence[BulkSpec], *, with_packets: bool
) -> Iterator[PlannedFlow]:
    """Yield the flows of a scenario.

    A flow keeps the hash of its first frame when its receiver moves: its sender's port stays.

    Args:
        with_packets: whether somebody looks into frames.
    """
    makers = _Frames(world, with_packets=with_packets)
    for entry, spec in enumerate(specs):
        peers = tuple((at, host or "no neighbour") for at, host in spec.moves)
        accepts = tuple((at, "" if there else "no such container") for at, there in spec.receiver)
        pairs = spec.pairs
        for place, (source, target) in enumerate(pairs):
            frames = makers.of(spec, source, target)
            flow = BulkFlow(
                name=f"bulk {entry} {source} {target}",
                source=source,
                peers=((0, target), *peers),
                accepts=(*ALWAYS, *accepts) if accepts else ALWAYS,
                schedule=_schedule(spec, spec.spread * place // len(pairs)),
                frames=frames.compositions,
                flow_hash=frames.there,
                echo_hash=frames.back,
                packets=frames.packets,
                answers=frames.answers,
            )
            yield PlannedFlow(entry, target, flow)


# ---- when -------------------------------------------------------------------------------------


def _schedule(spec: BulkSpec, later: int) -> Schedule:
    start = spec.start + later
    if spec.trace is not None:
        return Schedule(
            gaps=spec.trace, sizes=spec.trace, start=start, stop=spec.stop, count=spec.count
        )
    sizes = Fixed(spec.sizes[0][0]) if len(spec.sizes) == 1 else Mix(spec.sizes)
    mean = spec.interval if spec.rate is None else spacing(spec.rate, sizes.mean)
    assert mean is not None
    gaps: Gaps = Poisson(mean) if spec.arrivals == "poisson" else Constant(mean)
    if spec.arrivals == "on-off":
        gaps = OnOff(_phase(spec, spec.on), _phase(spec, spec.off), Constant(mean))
    return Schedule(gaps=gaps, sizes=sizes, start=start, stop=spec.stop, count=spec.count)


def _phase(spec: BulkSpec, duration: int) -> int | Exponential:
    return Exponential(duration) if spec.random_phases and duration else duration


# ---- what -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _FramesOfFlow:
    """The frames of a flow, for each of its sizes, and the hashes of its two directions.

    ``back`` is None, and there are no answers, if nobody answers.
    """

    compositions: tuple[Composition, ...]
    there: int
    back: int | None
    packets: tuple[Packet, ...]
    answers: tuple[Packet, ...]


class _Frames:
    """Builds the frames of one flow after the other, as the hosts' tunnel devices would."""

    def __init__(self, world: World, *, with_packets: bool) -> None:
        self._world = world
        self._with_packets = with_packets
        self._places = {name: place for place, name in enumerate(world.topology.hosts)}
        self._count = 0

    def of(self, spec: BulkSpec, source: str, target: str) -> _FramesOfFlow:
        """Return the frames of the next flow."""
        there, payloads = self._flow(source, target), [payload for payload, _ in spec.sizes]
        back = there.reversed(self._key(target)) if spec.echo else None
        shown = payloads if self._with_packets else payloads[:1]
        packets, answers = (
            () if flow is None else tuple(_outer(flow, spec.tunnel, payload) for payload in shown)
            for flow in (there, back)
        )
        keys = self._world.underlay.hash_keys
        return _FramesOfFlow(
            tuple(_composition(spec.tunnel, payload) for payload in payloads),
            underlay_hash(packets[0], keys=keys),
            underlay_hash(answers[0], keys=keys) if answers else None,
            packets if self._with_packets else (),
            answers if self._with_packets else (),
        )

    def _flow(self, source: str, target: str) -> Flow:
        a, b = (self._address(host) for host in (source, target))
        port = _FIRST_PORT + self._count % _PORTS
        self._count += 1
        return Flow(
            vteps={4: (a.address, b.address), 6: (a.address6, b.address6)},
            containers={4: (self._container(source), self._container(target))},
            ports=(port, _TARGET_PORT), macs=(a.mac, b.mac), key=self._key(source),
        )  # fmt: skip

    def _address(self, host: str) -> HostAddress:
        address = self._world.directory.host_at(self._world.hosts[host].address)
        assert address is not None
        return address

    def _container(self, host: str) -> str:
        return str(_CONTAINERS + self._places[host])

    def _key(self, host: str) -> int:
        """The key of a host's kernel, as :class:`overlaysim.host.datapath.Datapath` has it."""
        return self._world.simulator.streams.number("flow-hash", host, bits=32)


def _outer(flow: Flow, tunnel: TunnelChoice, payload: int) -> Packet:
    """The frame on the underlay around a datagram."""
    known = tunnel.encapsulation
    frame = flow.frame(known, payload, inner=4)
    return known.encapsulate(
        frame, flow.tunnel(frame, family=tunnel.family, settings=tunnel.settings)
    )


@lru_cache(maxsize=1024)
def _composition(tunnel: TunnelChoice, payload: int) -> Composition:
    """What the bytes of a frame are: the same for all flows."""
    return account(composition(KIND, payload, _HEADERS), tunnel, _outer(Flow(), tunnel, payload))
