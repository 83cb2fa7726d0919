"""Segments of STT frames."""

from __future__ import annotations

import pytest

from overlaysim.overlay.stt import join_segments, segments
from overlaysim.wire import STT, TCP, Ethernet, IPv4, Opaque, Packet
from overlaysim.wire.stt import SttFirstSegment, place, sequence
from overlaysim.wire.tcp import ACK

MAC = Ethernet("02:00:00:00:00:02", "02:00:00:00:00:01")


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
        segments(whole.inner(3).wrap(*whole.layers[:2], STT(5), STT(6)), 1500)


def test_segments_are_put_together_once_all_are_there() -> None:
    whole = stt_frame(4000)
    pieces = segments(whole, 1500)
    assert join_segments(pieces[:1]) is None
    assert join_segments(pieces[:2]) is None
    joined = join_segments(pieces)
    assert joined is not None
    assert joined.pack()[54:] == whole.pack()[54:]
    alone = stt_frame(100)
    assert join_segments([alone]) is alone
