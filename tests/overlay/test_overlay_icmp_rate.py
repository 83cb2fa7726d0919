"""ICMP errors to one peer: six at once, then one a second."""

from __future__ import annotations

from overlaysim.overlay.icmp_rate import BURST, INTERVAL, ErrorLimit
from overlaysim.units import MS, SECOND


def test_six_at_once_and_then_one_a_second() -> None:
    limit = ErrorLimit()
    assert [limit.allows("a", 0) for _ in range(8)] == [True] * 6 + [False] * 2
    assert not limit.allows("a", SECOND - 1)
    assert limit.allows("a", SECOND)
    assert not limit.allows("a", SECOND + 1)
    sent = [limit.allows("a", 2 * SECOND + n * 100 * MS) for n in range(100)]
    assert sum(sent) == 10


def test_silence_fills_the_bucket_and_no_more() -> None:
    limit = ErrorLimit()
    for _ in range(BURST):
        limit.allows("a", 0)
    assert [limit.allows("a", 2 * INTERVAL) for _ in range(3)] == [True, True, False]
    assert sum(limit.allows("a", 1000 * INTERVAL) for _ in range(20)) == BURST


def test_each_peer_has_its_own() -> None:
    limit = ErrorLimit()
    for _ in range(10):
        limit.allows("a", 0)
    assert limit.allows("b", 0)
