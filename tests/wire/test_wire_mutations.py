"""Whatever the bytes: a packet that packs to them, or MalformedPacket."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from wire_samples import CAPTURES

from overlaysim.wire import IPv4, IPv6, MalformedPacket, decode, read_pcap

SEEDS = sorted({frame[:260] if len(frame) > 300 else frame
                for path in CAPTURES for _, frame in read_pcap(path)})  # fmt: skip


def check(data: bytes) -> None:
    try:
        packet = decode(data)
    except MalformedPacket:
        return
    assert packet.pack() == data
    assert packet.length == len(data)
    assert packet.resolved().pack() == data
    packet.recomputed().pack()


@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    check(data)


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 259), st.integers(0, 255)), max_size=6),
    st.integers(-40, 40),
)
def test_mutated_frames(frame: bytes, changes: list[tuple[int, int]], stretch: int) -> None:
    data = bytearray(frame)
    for place, value in changes:
        data[place % len(data)] = value
    check(bytes(data) + bytes(stretch) if stretch > 0 else bytes(data)[: len(data) + stretch])


def test_every_single_byte_of_a_ping() -> None:
    frame = next(frame for frame in SEEDS if len(frame) == 148)
    for place in range(len(frame)):
        for value in (0, 1, 4, 0x45, 0x4F, 0x60, 0x7F, 0x80, 0xFF):
            check(frame[:place] + bytes((value,)) + frame[place + 1 :])


@given(st.binary(min_size=40, max_size=120), st.sampled_from([0x45, 0x46, 0x4F, 0x60]))
def test_random_ip_packets(data: bytes, first: int) -> None:
    data = bytes((first,)) + data[1:]
    try:
        packet = decode(data, IPv6 if first == 0x60 else IPv4)
    except MalformedPacket:
        return
    assert packet.pack() == data
