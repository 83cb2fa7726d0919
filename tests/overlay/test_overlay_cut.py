"""IPv6 fragments and STT segments."""

from __future__ import annotations

import pytest

from overlaysim.overlay.fragments6 import fragment6
from overlaysim.overlay.stt import segments
from overlaysim.wire import (
    STT,
    TCP,
    UDP,
    Ethernet,
    IPv4,
    IPv6,
    IPv6Fragment,
    Opaque,
    Packet,
    decode,
)
from overlaysim.wire.stt import SttFirstSegment, place, sequence
from overlaysim.wire.tcp import ACK

MAC = Ethernet("02:00:00:00:00:02", "02:00:00:00:00:01")


def ipv6_packet(payload: int) -> Packet:
    return Packet((MAC, IPv6("fd00::1", "fd00::2"), UDP(1000, 2000)), Opaque(payload))


def test_ipv6_fragments_hold_the_whole_in_pieces_of_eight_bytes() -> None:
    whole = ipv6_packet(3000)
    pieces = fragment6(whole, 1500, ident=77)
    assert [piece.length - 14 for piece in pieces] == [1496, 1496, 160]
    headers = [piece.layer(2, IPv6Fragment) for piece in pieces]
    assert [(h.offset, h.mf, h.ident, h.next_header) for h in headers] == [
        (0, True, 77, 17), (1448, True, 77, 17), (2896, False, 77, 17),
    ]  # fmt: skip
    body = b"".join(bytes(piece.payload) for piece in pieces)
    assert body == whole.pack()[54:]


def test_ipv6_fragments_are_read_as_such() -> None:
    first, last = (decode(piece.pack()) for piece in fragment6(ipv6_packet(1500), 1500, 1))
    assert [type(layer).__name__ for layer in first.layers[1:4]] == ["IPv6", "IPv6Fragment", "UDP"]
    assert last.layer(2, IPv6Fragment).offset == 1448


def test_what_fits_is_not_cut() -> None:
    whole = ipv6_packet(1452)
    assert fragment6(whole, 1500, 1) == [whole]
    assert len(fragment6(ipv6_packet(1453), 1500, 1)) == 2


def test_a_bare_packet_is_cut_as_well() -> None:
    pieces = fragment6(ipv6_packet(2000).inner(1), 1280, 1)
    assert [piece.length for piece in pieces] == [1280, 824]


def test_only_ipv6_and_only_where_there_is_room() -> None:
    with pytest.raises(ValueError, match="only IPv6 packets"):
        fragment6(Packet((MAC, IPv4("10.0.0.1", "10.0.0.2")), Opaque(2000)), 1500, 1)
    with pytest.raises(ValueError, match="an MTU of 55 has no room for a piece"):
        fragment6(ipv6_packet(2000), 55, 1)


def stt_frame(length: int) -> Packet:
    tcp = TCP(50_000, 7471, seq=sequence(18 + length, 0), ack=9, flags=ACK, window=0xFFFF)
    inner = Packet((MAC.replace(ethertype=0x0800),), Opaque(length - 14))
    return inner.wrap(MAC, IPv4("192.0.2.1", "192.0.2.2"), tcp, STT(5))


def test_stt_segments_count_how_far_they_are_into_the_frame() -> None:
    whole = stt_frame(4000)
    pieces = segments(whole, 1500)
    assert [piece.length - 14 for piece in pieces] == [1500, 1500, 1138]
    places = [place(piece.layer(2, TCP).seq) for piece in pieces]
    assert places == [(4018, 0), (4018, 1460), (4018, 2920)]
    assert {piece.layer(2, TCP).ack for piece in pieces} == {9}
    assert isinstance(pieces[0].layers[3], SttFirstSegment)
    assert all(len(piece.layers) == 3 for piece in pieces[1:])
    assert b"".join(piece.inner(3).pack() for piece in pieces) == whole.inner(3).pack()


def test_stt_that_fits_is_not_cut() -> None:
    whole = stt_frame(1500 - 58)
    assert segments(whole, 1500) == [whole]
    with pytest.raises(ValueError, match="only frames with an STT header"):
        segments(ipv6_packet(10).wrap(MAC), 1500)
