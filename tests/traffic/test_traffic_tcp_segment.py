"""TCP segments as they go on the wire, and the arithmetic under them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.traffic.segment import Segment
from overlaysim.traffic.tcp import TcpSegment
from overlaysim.traffic.tcp.ranges import Ranges
from overlaysim.traffic.tcp.segment import reset_for
from overlaysim.traffic.tcp.sequence import distance
from overlaysim.units import MS
from overlaysim.wire.tcp import ACK, FIN, PSH, RST, SYN

ENDS = ("10.0.0.2", "10.0.0.3", 40_000, 5201)


def test_a_syn_announces_mss_sack_stamps_and_scale_in_linux_order() -> None:
    syn = TcpSegment(*ENDS, 1, 0, SYN, 64_860, 0, mss=1410, sack_permitted=True, scale=7,
                     stamp=0x01020304)  # fmt: skip
    assert syn.options.hex(" ") == (
        "02 04 05 82 04 02 08 0a 01 02 03 04 00 00 00 00 01 03 03 07"  # as tcpdump shows Linux's
    )
    assert syn.header_length == syn.header.header_length == 40
    assert syn.span == 1


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({"mss": 1460}, "02 04 05 b4"),
        ({"mss": 1460, "sack_permitted": True}, "02 04 05 b4 01 01 04 02"),
        ({"mss": 1460, "scale": 0}, "02 04 05 b4 01 03 03 00"),
        ({"mss": 1460, "stamp": 1, "echo": 2},
         "02 04 05 b4 01 01 08 0a 00 00 00 01 00 00 00 02"),
        ({}, ""),
        ({"stamp": 1, "echo": 2}, "01 01 08 0a 00 00 00 01 00 00 00 02"),
        ({"sack": ((3, 4),)}, "01 01 05 0a 00 00 00 03 00 00 00 04"),
        ({"stamp": 1, "sack": ((3, 4), (5, 6))},
         "01 01 08 0a 00 00 00 01 00 00 00 00 "
         "01 01 05 12 00 00 00 03 00 00 00 04 00 00 00 05 00 00 00 06"),
    ],
)  # fmt: skip
def test_options(fields: dict[str, object], options: str) -> None:
    segment = TcpSegment(*ENDS, 1, 2, ACK, 500, 0, **fields)  # type: ignore[arg-type]
    assert segment.options.hex(" ") == options
    assert segment.header_length == 20 + len(segment.options)
    assert segment.header.options == segment.options


def test_streams_of_the_control_plane_write_the_same_options() -> None:
    syn = Segment(ENDS[1], 40_000, 7946, 1, 0, SYN, 0, "probe", 5 * MS, mss=1460)
    same = TcpSegment(*ENDS, 1, 0, SYN, 0, 0, mss=1460, sack_permitted=True, scale=7, stamp=5)
    assert syn.options == same.options
    data = Segment(ENDS[1], 40_000, 7946, 1, 9, ACK, 10, "probe", 5 * MS, echo=2 * MS)
    assert data.options == TcpSegment(*ENDS, 1, 9, ACK, 0, 10, stamp=5, echo=2).options


@pytest.mark.parametrize(
    ("flags", "length", "answer"),
    [
        (SYN, 0, (0, 8, RST | ACK)),
        (SYN | FIN, 5, (0, 14, RST | ACK)),
        (ACK | PSH, 5, (100, 0, RST)),
    ],
)
def test_a_reset_fits_what_it_answers(flags: int, length: int, answer: tuple[int, ...]) -> None:
    reset = reset_for(TcpSegment(*ENDS, 7, 100, flags, 500, length, stamp=3))
    assert (reset.seq, reset.ack, reset.flags) == answer
    assert (reset.src, reset.dst, reset.src_port, reset.dst_port) == (
        ENDS[1], ENDS[0], ENDS[3], ENDS[2],
    )  # fmt: skip
    assert reset.options == b""


def test_numbers_wrap_around() -> None:
    assert distance(5, 0xFFFF_FFFE) == 7
    assert distance(0xFFFF_FFFE, 5) == -7
    assert distance(9, 9) == 0


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), max_size=25), st.integers(0, 60))
def test_ranges_are_the_set_of_their_numbers(pairs: list[tuple[int, int]], cut: int) -> None:
    ranges, numbers = Ranges(), set[int]()
    for start, length in pairs:
        whole = ranges.add(start, start + length)
        numbers |= set(range(start, start + length))
        assert whole[0] <= start
        assert whole[1] >= start + length
    for when in ("before", "after"):
        assert {n for start, end in ranges for n in range(start, end)} == numbers, when
        edges = [edge for pair in ranges for edge in pair]
        assert edges == sorted(set(edges))  # disjoint, in order, and apart
        until = ranges.covered_until(cut)
        assert set(range(cut, until)) <= numbers
        assert until not in numbers
        ranges.remove_below(cut)
        numbers = {number for number in numbers if number >= cut}


def test_ranges_from_the_top() -> None:
    ranges = Ranges()
    for start in (10, 20, 30, 40):
        ranges.add(start, start + 5)
    assert ranges.top(3, 100) == 20
    assert ranges.top(3, 9) == 30  # two of them are more than nine
    assert ranges.top(5, 100) == -1
