"""Bytes to begin with for tests that try all sorts of bytes: captured frames and built ones.

The corpus grows by itself with ``tests/data`` and with the registry of encapsulations; a header
that neither of them has gets a packet in :func:`sample_packets`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from wire_samples import INNER, OUTER, overlay_ping

from overlaysim.overlay.encapsulation import Carries, Tunnel, encapsulations
from overlaysim.wire import (
    ARP,
    ICMP,
    TCP,
    UDP,
    DestinationOptions,
    Ethernet,
    Header,
    HopByHop,
    ICMPv6,
    IPv4,
    IPv6,
    IPv6Fragment,
    Opaque,
    Packet,
    decode,
    read_capture,
)
from overlaysim.wire.capture import CapturedFrame
from overlaysim.wire.link_types import Loopback, first_header

DATA = Path(__file__).parents[1] / "data"
CAPTURE_FILES = sorted(path for folder in ("pcaps", "captures")
                       for path in (DATA / folder).glob("*.pcap*"))  # fmt: skip


def frames_of(path: Path) -> Iterator[CapturedFrame]:
    return (record.frame for record in read_capture(path) if record.frame is not None)


def sample_packets() -> Iterator[Packet]:
    """Packets that the simulator can build: every encapsulation, and headers that none of them has.

    The first header is an Ethernet header, or that of a link type.
    """
    yield from _encapsulated()
    host = Ethernet("02:00:00:00:00:02", "02:00:00:00:00:01")
    ip4, ip6 = IPv4("10.9.0.1", "10.9.0.2"), IPv6("fd09::1", "fd09::2")
    arp = ARP(1, "02:00:00:00:00:01", "10.9.0.1", "00:00:00:00:00:00", "10.9.0.2")
    syn = TCP(40000, 2377, 1, 0, 2, 64240, options=bytes.fromhex("020405b40402080a"))
    yield overlay_ping()
    yield Packet((host, arp), b"", ((1, bytes(18)),))
    yield Packet((host, ip4.replace(options=bytes.fromhex("94040000")), UDP(1, 9)), b"router alert")
    yield Packet((host, ip4, syn))
    yield Packet((host, ip6, HopByHop(bytes(6)), DestinationOptions(bytes(14)), UDP(1, 9)), b"six")
    yield Packet((host, ip6, IPv6Fragment(7, 0, True), UDP(4000, 9, 2000, 1)), Opaque(1200))
    yield Packet((host, ip6, IPv6Fragment(7, 1208, False, 17)), Opaque(800))
    yield Packet((host, ip4, ICMP(3, 4, 0, 1400)), overlay_ping().pack()[14:100])
    yield Packet((host, ip6, ICMPv6(2, 0, 0, 1280)), Packet((ip6, UDP(1, 9)), b"too big").pack())
    first = overlay_ping().resolved().replace(1, OUTER[1].replace(mf=True))
    yield Packet(first.recomputed().layers[:2] + first.layers[2:], Opaque(20))
    yield Packet((Loopback(2), ip4, UDP(1, 9)), b"null")
    yield Packet((Loopback(30, little_endian=True), ip6, UDP(1, 9)), b"null")


def _encapsulated() -> Iterator[Packet]:
    ends = {4: ("10.77.0.1", "10.77.0.2"), 6: ("fd77::1", "fd77::2")}
    inner = {4: INNER[1], 6: IPv6("fd00:1::2", "fd00:1::3")}
    for encapsulation in encapsulations():
        for family in encapsulation.families:
            version = family if encapsulation.carries is Carries.SEGMENT else encapsulation.inner[0]
            tunnel = Tunnel(*ends[family], "02:00:00:00:00:01", "02:00:00:00:00:02",
                            network=4097, flow=0x12345678, number=3)  # fmt: skip
            frame = Packet((INNER[0], inner[version], UDP(1111, 2222)), Opaque(50))
            yield encapsulation.encapsulate(frame, tunnel)


class Sample(NamedTuple):
    """Bytes that begin with a header of class ``first``."""

    first: type[Header]
    data: bytes


@cache
def corpus() -> tuple[Sample, ...]:
    """Every whole captured and every built frame, those of the same bytes once."""
    found = [
        Sample(first_header(frame.link_type, frame.data), frame.data)
        for path in CAPTURE_FILES for frame in frames_of(path) if not frame.missing
    ]  # fmt: skip
    found += [Sample(type(packet.layers[0]), packet.pack()) for packet in sample_packets()]
    return tuple(dict.fromkeys(found))


@cache
def header_corpus() -> dict[type[Header], tuple[bytes, ...]]:
    """For each class of header the bytes from where one begins to the end of what is inside."""
    found: dict[type[Header], dict[bytes, None]] = {}
    for first, data in corpus():
        _collect(decode(data, first), data, found)
    for packet in sample_packets():  # as the ends of a tunnel know it: not all can be seen
        _collect(packet, packet.pack(), found)
    return {kind: tuple(data) for kind, data in found.items()}


def _collect(packet: Packet, data: bytes, found: dict[type[Header], dict[bytes, None]]) -> None:
    start, end = 0, len(data)
    trailers = dict(packet.trailers)
    for index, layer in enumerate(packet.layers):
        end -= len(trailers.get(index, b""))
        found.setdefault(type(layer), {})[data[start:end]] = None
        start += layer.header_length
        end -= layer.tail_length


# ---- damage --------------------------------------------------------------------------------------

_ODD_WORDS = (0, 1, 7, 8, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF)


def _flip(data: bytes, other: bytes, random: Random) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + bytes((data[place] ^ 1 << random.randrange(8),)) + data[place + 1 :]


def _overwrite(data: bytes, other: bytes, random: Random) -> bytes:
    place = random.randrange(len(data))
    word = random.choice(_ODD_WORDS).to_bytes(2, "big")
    return (data[:place] + word + data[place + 2 :])[: len(data)]


def _cut(data: bytes, other: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data))]


def _drop(data: bytes, other: bytes, random: Random) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + data[place + random.randrange(1, 9) :]


def _insert(data: bytes, other: bytes, random: Random) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + random.randbytes(random.randrange(1, 9)) + data[place:]


def _swap(data: bytes, other: bytes, random: Random) -> bytes:
    """The front of one with the back of another."""
    return data[: random.randrange(len(data))] + other[random.randrange(len(other)) :]


_DAMAGE: tuple[Callable[[bytes, bytes, Random], bytes], ...] = (
    _flip, _flip, _overwrite, _overwrite, _cut, _drop, _insert, _swap,
)  # fmt: skip
_FRONT = 160
"""Most damage is done in the first bytes, where the headers are."""


def damaged(data: bytes, other: bytes, random: Random) -> bytes:
    """Return ``data`` with one to four things wrong, perhaps with a piece of ``other``."""
    if random.random() < 0.8:
        front, back = data[:_FRONT], data[_FRONT:]
    else:
        front, back = data, b""
    for _ in range(random.randrange(1, 5)):
        if front:
            front = random.choice(_DAMAGE)(front, other or b"\0", random)
    return front + (back if random.random() < 0.8 else b"")
