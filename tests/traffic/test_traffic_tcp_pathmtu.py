"""Paths that carry less than both ends believe: news of it, and silence."""

from __future__ import annotations

import pytest
from tcp_rig import DELAY, PORT, A, B, Path

from overlaysim.traffic.tcp import BlackHole, TcpSegment, TcpSettings
from overlaysim.units import MS, SECOND

LATER = SECOND
TUNNEL = 1300
"""MTU of the narrowest link."""


def opened(path: Path) -> int:
    connection = path.connect()
    path.run(LATER)
    return connection


def narrow(segment: TcpSegment) -> list[int]:
    """A link that drops what is too long."""
    return [DELAY] if segment.length + 20 + segment.header_length <= TUNNEL else []


def report(path: Path, segment: TcpSegment, mtu: int = TUNNEL) -> None:
    """Let the ICMP message about a segment arrive."""
    path.a.too_big(A, B, segment.src_port, PORT, segment.seq, mtu, path.now)
    path.settle()


@pytest.mark.parametrize("cache", [False, True], ids=["told", "told and remembered by the stack"])
def test_what_was_too_long_goes_again_at_once_and_shorter(cache: bool) -> None:
    path = Path()
    connection = opened(path)
    path.fate = narrow
    path.write(A, connection, 4000, "whole")
    path.run(LATER + 3 * MS)
    if cache:
        path.mtus[B] = TUNNEL
    for _, segment in path.sent[3:5]:
        report(path, segment)
    assert path.lines(LATER + 3 * MS) == [
        "A . 1248", "A . 150", "A . 1248", "A . 150",
    ]  # fmt: skip
    assert path.a.info(connection).mss == TUNNEL - 52
    assert path.a.info(connection).ssthresh is None  # nothing was congested
    path.run(LATER + 10 * MS + SECOND)
    assert path.received(B) == (4000, ["whole"])
    path.write(A, connection, 1300)
    assert path.lines(path.now) == ["A . 1248", "A P. 52"]


def test_news_of_strangers_segments_is_not_believed() -> None:
    path = Path()
    connection = opened(path)
    path.write(A, connection, 4000)
    segment = path.sent[3][1]
    for seq, mtu in ((segment.seq - 1, TUNNEL), (segment.seq + 4000, TUNNEL), (segment.seq, 60)):
        path.a.too_big(A, B, segment.src_port, PORT, seq, mtu, path.now)
    path.a.too_big(A, B, 1, PORT, segment.seq, TUNNEL, path.now)
    assert path.a.info(connection).mss == 1398


def test_a_path_that_carries_more_again_is_used() -> None:
    path = Path()
    connection = opened(path)
    path.write(A, connection, 1398)
    report(path, path.sent[3][1])
    assert path.a.info(connection).mss == 1248
    path.mtus[B] = 1400  # the stack has learned something else meanwhile
    assert path.a.info(connection).mss == 1348


def test_a_black_hole_swallows_for_ever() -> None:
    path = Path()
    connection = opened(path)
    path.fate = narrow
    path.write(A, connection, 4000)
    path.run(LATER + 60 * SECOND)
    assert path.received(B)[0] == 0
    assert {segment.length for at, segment in path.sent if at > LATER + SECOND} == {1398}
    assert path.events(A, BlackHole) == []


def test_a_black_hole_is_noticed_and_told() -> None:
    path = Path(settings=TcpSettings(black_hole_detection=True))
    connection = opened(path)
    path.fate = narrow
    path.write(A, connection, 4000, "whole")
    path.run(LATER + 60 * SECOND)
    assert path.events(A, BlackHole) == [BlackHole(connection, 1450)]
    assert path.received(B) == (4000, ["whole"])
    assert path.a.info(connection).mss == 1024 - 12


def test_a_narrower_black_hole_takes_longer() -> None:
    path = Path(settings=TcpSettings(black_hole_detection=True, black_hole_after=2))
    connection = opened(path)
    path.fate = lambda segment: [DELAY] if segment.length <= 300 else []
    path.write(A, connection, 4000)
    path.run(LATER + 60 * SECOND)
    assert path.events(A, BlackHole) == [
        BlackHole(connection, 1450), BlackHole(connection, 1064), BlackHole(connection, 552),
    ]  # fmt: skip
    assert path.received(B)[0] == 4000


def test_a_small_segment_that_is_lost_is_no_black_hole() -> None:
    path = Path(settings=TcpSettings(black_hole_detection=True))
    connection = opened(path)
    path.fate = lambda _: []
    path.write(A, connection, 500)
    path.run()
    assert path.events(A, BlackHole) == []
