"""Random frames of all encapsulations, for whoever wants to show them to somebody else.

``sample_frames(seed, count)`` takes turns: every encapsulation over every IP version it knows, with
every kind of packet it can carry. The lengths lean towards the edges: nothing, one byte, odd
numbers, the most that fits. Each encapsulation has VTEPs and containers of its own, so that two
which look alike on the wire (such as ESP with different ciphers) are told apart by addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import cycle, islice
from random import Random
from typing import NamedTuple

from overlaysim.overlay.encapsulation import (
    CannotCarry,
    Carries,
    DeviceSettings,
    Encapsulation,
    Tunnel,
    encapsulations,
)
from overlaysim.wire import ARP, ICMP, TCP, UDP, Ethernet, ICMPv6, IPv4, IPv6, Opaque, Packet
from overlaysim.wire.tcp import ACK, PSH

MTU = 1500
"""Of the underlay, bytes."""

HERE, THERE = "02:42:0a:00:01:02", "02:42:0a:00:01:03"
OURS = encapsulations()[:46]
"""The catalogue; what tests or installed packages make known stands behind it."""

NETWORKS = 24
"""How many overlay networks an encapsulation has in a sample."""

_HOSTS = 4
_TIMESTAMPS = bytes.fromhex("0101080a")
_FIRST_PORT = 40_000  # from here on no dissector is at home, so a payload stays a payload
_ETHERNET, _IPV4, _IPV6, _UDP, _TCP, _ICMP = 14, 20, 40, 8, 32, 8


class Sample(NamedTuple):
    """A frame on the underlay and how it came about."""

    encapsulation: Encapsulation
    outer: Packet
    tunnel: Tunnel
    inner: Packet
    """The container's frame that went in."""
    kind: str
    """What that frame holds, as in :func:`ways`: ``udp4``, ``tcp6``, ``icmp``, ``arp`` …"""


def sample_frames(seed: int, count: int) -> list[Sample]:
    """Return ``count`` frames, the same for the same seed; each of :func:`ways` comes in turn."""
    random = Random(seed)
    return [_sample(random, *way) for way in islice(cycle(ways()), count)]


@cache
def ways() -> tuple[tuple[Encapsulation, int, str], ...]:
    """All triples of encapsulation, outer IP version, and kind of packet that can be carried."""
    return tuple(
        (known, family, kind)
        for known in OURS
        for family in known.families
        for kind in _KINDS
        if _carries(known, family, kind)
    )


@cache
def networks(known: Encapsulation) -> list[int]:
    """The networks of an encapsulation's samples: a small one, a large one, and some between.

    No two encapsulations share one. Below 256 there are reserved ones (SPIs, RFC 4303 section 2.1;
    labels, RFC 3032 section 2.1).
    """
    if known.network is None:
        return [1]
    place, most = _place(known), (1 << known.network[2]) - 1
    random = Random(known.name)
    between = (random.randrange(512, most - 512) for _ in range(NETWORKS - 2))
    return [256 + place, most - place, *between]


@cache
def addresses(known: Encapsulation, family: int) -> list[str]:
    """The VTEPs of an encapsulation's samples."""
    place = _place(known)
    form = f"10.77.{place}.{{}}" if family == 4 else f"fd77:{place:x}::{{:x}}"
    return [form.format(1 + host) for host in range(_HOSTS)]


@cache
def _place(known: Encapsulation) -> int:
    return OURS.index(known)


@cache
def _room(known: Encapsulation, family: int) -> int:
    return known.inner_mtu(MTU, family)


def _sample(random: Random, known: Encapsulation, family: int, kind: str) -> Sample:
    tunnel = _tunnel(random, known, family)
    inner = _KINDS[kind](random, _place(known), _size(random, known, tunnel, kind))
    return Sample(known, known.encapsulate(inner, tunnel), tunnel, inner, kind)


def _tunnel(random: Random, known: Encapsulation, family: int) -> Tunnel:
    source, target = random.sample(addresses(known, family), 2)
    settings = DeviceSettings(
        df=random.choice((None, "unset", "set", "inherit")),
        ttl=random.choice((64, 1, 255, "inherit")),
        tos=random.choice((0, 0xB8, "inherit")),
        udp_checksum=random.choice((None, None, True) if family == 6 else (None, True, False)),
        flow_label=random.choice((None, random.getrandbits(20))),
    )
    return Tunnel(
        source, target, "02:00:00:00:00:01", "02:00:00:00:00:02",
        network=random.choice(networks(known)), flow=random.getrandbits(32),
        number=random.choice((0, random.getrandbits(16))), ident=random.getrandbits(16),
        mtu=MTU, settings=settings,
    )  # fmt: skip


def _size(random: Random, known: Encapsulation, tunnel: Tunnel, kind: str) -> int:
    """Bytes of payload, at most what fits into one packet on the underlay."""
    room = _room(known, tunnel.family) - _HEADERS[kind]
    return random.choice((0, 1, room, room - 1, 2 * random.randrange(room // 2) + 1,
                          random.randrange(200), random.randrange(room)))  # fmt: skip


# ---- containers' frames -------------------------------------------------------------------


def _ipv4(random: Random, place: int) -> IPv4:
    return IPv4(
        f"10.0.{place}.{random.randint(2, 250)}", f"10.0.{place}.{random.randint(2, 250)}",
        ident=random.getrandbits(16), df=random.random() < 0.5, ttl=random.choice((64, 37)),
        tos=random.choice((0, 1, 2, 3, 0xB8)),
    )  # fmt: skip


def _ipv6(random: Random, place: int) -> IPv6:
    return IPv6(
        f"fd00:{place:x}::{random.randint(2, 250):x}",
        f"fd00:{place:x}::{random.randint(2, 250):x}",
        traffic_class=random.choice((0, 1, 2, 3, 0xB8)), flow_label=random.getrandbits(20),
        hop_limit=random.choice((64, 37)),
    )  # fmt: skip


def _ports(random: Random) -> tuple[int, int]:
    return _FIRST_PORT + random.getrandbits(8), _FIRST_PORT + random.getrandbits(8)


def _udp(random: Random, size: int, ip: IPv4 | IPv6) -> Packet:
    return Packet((Ethernet(THERE, HERE), ip, UDP(*_ports(random))), Opaque(size))


def _tcp(random: Random, size: int, ip: IPv4 | IPv6) -> Packet:
    flags = random.choice((ACK, ACK | PSH))
    options = _TIMESTAMPS + random.randbytes(8)
    numbers = random.getrandbits(32), random.getrandbits(32)
    tcp = TCP(*_ports(random), *numbers, flags, random.getrandbits(16), options)
    return Packet((Ethernet(THERE, HERE), ip, tcp), Opaque(size))


def _icmp(random: Random, place: int, size: int) -> Packet:
    echo = ICMP(random.choice((0, 8)), 0, random.getrandbits(16), random.getrandbits(16))
    return Packet((Ethernet(THERE, HERE), _ipv4(random, place), echo), Opaque(size))


def _icmpv6(random: Random, place: int, size: int) -> Packet:
    echo = ICMPv6(random.choice((128, 129)), 0, random.getrandbits(16), random.getrandbits(16))
    return Packet((Ethernet(THERE, HERE), _ipv6(random, place), echo), Opaque(size))


def _arp(random: Random, place: int, size: int) -> Packet:
    mine, theirs = (f"10.0.{place}.{random.randint(2, 250)}" for _ in range(2))
    question = ARP(random.choice((1, 2)), HERE, mine, THERE, theirs)
    return Packet((Ethernet(THERE, HERE), question))


_KINDS: dict[str, Callable[[Random, int, int], Packet]] = {
    "udp4": lambda random, place, size: _udp(random, size, _ipv4(random, place)),
    "udp6": lambda random, place, size: _udp(random, size, _ipv6(random, place)),
    "tcp4": lambda random, place, size: _tcp(random, size, _ipv4(random, place)),
    "tcp6": lambda random, place, size: _tcp(random, size, _ipv6(random, place)),
    "icmp": _icmp,
    "icmpv6": _icmpv6,
    "arp": _arp,
}
_HEADERS = {
    "udp4": _IPV4 + _UDP, "udp6": _IPV6 + _UDP, "tcp4": _IPV4 + _TCP, "tcp6": _IPV6 + _TCP,
    "icmp": _IPV4 + _ICMP, "icmpv6": _IPV6 + _ICMP, "arp": _IPV4 + _ICMP,
}  # fmt: skip
"""Bytes of an inner IP packet that are not payload."""


def _carries(known: Encapsulation, family: int, kind: str) -> bool:
    """Whether an encapsulation carries such a packet; ESP transport protects the outer IP's own."""
    frame = _KINDS[kind](Random(0), 0, 8)
    ip = frame.layers[1]
    if known.carries is Carries.SEGMENT and not isinstance(ip, IPv4 if family == 4 else IPv6):
        return False
    tunnel = _tunnel(Random(0), known, family)
    try:
        known.encapsulate(frame, tunnel)
    except CannotCarry:
        return False
    return True
