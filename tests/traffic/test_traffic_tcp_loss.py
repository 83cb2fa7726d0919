"""Losses: how each is found, what is sent again, and when it is given up."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import pairwise

import pytest
from tcp_rig import DELAY, A, B, Path

from overlaysim.traffic.tcp import Failed, TcpSegment, TcpSettings
from overlaysim.traffic.tcp.scoreboard import IN_FLIGHT, LOST, Scoreboard
from overlaysim.units import MS, SECOND, US

LATER = SECOND
MSS = 1398
RACK = TcpSettings()
COUNT = TcpSettings(rack=False, tail_loss_probe=False)
DUPLICATES = TcpSettings(sack=False)
ALL = pytest.mark.parametrize(
    "settings", [RACK, COUNT, DUPLICATES], ids=["rack", "count", "duplicates"]
)


class Line(Path):
    """The way from A to B, where segments follow one another and some data segments are lost."""

    def lose(self, numbers: Collection[int], again: int = 0) -> None:
        """Lose the data segments with these numbers, and the first retransmissions as well."""
        count = iter(range(10_000))
        repeated = iter(range(10_000))
        clear = 0

        def fate(segment: TcpSegment) -> list[int]:
            nonlocal clear
            if not segment.length:
                return [DELAY]
            clear = max(clear, self.now) + 10 * US
            lost = next(repeated) < again if segment.retransmission else next(count) in numbers
            return [] if lost else [clear - self.now + DELAY]

        self.fate = fate

    def again(self) -> list[tuple[float, float]]:
        """Milliseconds and segment number of all retransmissions."""
        first = self.sent[0][1].seq + 1
        return [((at - LATER) / MS, (segment.seq - first) % 2**32 / MSS)
                for at, segment in self.sent if segment.retransmission]  # fmt: skip


def run(
    settings: TcpSettings, lost: Collection[int], *, segments: int = 20, again: int = 0
) -> Line:
    path = Line(settings=settings)
    connection = path.connect()
    path.run(LATER)
    path.lose(lost, again)
    path.write(A, connection, segments * MSS)
    path.run()
    assert path.received(B)[0] == segments * MSS
    return path


@ALL
def test_three_later_arrivals_make_a_segment_lost(settings: TcpSettings) -> None:
    """Segments follow one another by 10 us: the fifth one's acknowledgement tells."""
    path = run(settings, {1})
    ((at, number),) = path.again()
    assert number == 1
    assert at == 2 * DELAY / MS + 0.05


@ALL
def test_the_window_shrinks_once_for_all_losses_of_a_flight(settings: TcpSettings) -> None:
    path = Line(settings=settings)
    connection = path.connect()
    path.run(LATER)
    path.lose({1, 3, 4})
    path.write(A, connection, 20 * MSS)
    path.run(LATER + 2 * DELAY + MS)
    info = path.a.info(connection)
    assert info.ssthresh == pytest.approx(0.7 * 11, abs=0.05)  # 10, and one for segment 0
    path.run()
    assert path.received(B)[0] == 20 * MSS
    assert path.a.info(connection).cwnd >= info.ssthresh
    assert [number for _, number in path.again()] == [1, 3, 4]


def test_without_selective_acknowledgements_a_hole_takes_a_round_trip() -> None:
    path = run(DUPLICATES, {1, 3, 4})
    gaps = [after - before for (before, _), (after, _) in zip(path.again(), path.again()[1:],
                                                              strict=False)]  # fmt: skip
    assert all(2 * DELAY / MS <= gap < 2 * DELAY / MS + 1 for gap in gaps)
    path = run(RACK, {1, 3, 4})
    assert path.again()[-1][0] - path.again()[0][0] < 1


def test_the_window_does_not_grow_during_recovery() -> None:
    path = Line(settings=DUPLICATES)
    connection = path.connect()
    path.run(LATER)
    path.lose({1, 3, 5})
    path.write(A, connection, 40 * MSS)
    path.run(LATER + 5 * DELAY)
    info = path.a.info(connection)
    assert [number for _, number in path.again()] == [1, 3]  # the first of them is acknowledged
    assert info.cwnd == info.ssthresh


def test_recovery_ends_with_the_window_at_the_threshold() -> None:
    """However little was in the network towards its end."""
    path = Line(settings=TcpSettings(initial_window=40))
    connection = path.connect()
    path.run(LATER)
    path.lose(range(1, 36))
    path.write(A, connection, 40 * MSS)
    path.run(LATER + 6 * DELAY - 1)
    assert path.a.info(connection).cwnd < 20
    path.run()
    info = path.a.info(connection)
    assert info.cwnd >= info.ssthresh == pytest.approx(0.7 * 39, abs=0.01)


def test_a_time_out_in_recovery_does_not_lower_the_threshold_once_more() -> None:
    path = Line(settings=COUNT)
    connection = path.connect()
    path.run(LATER)
    path.lose({1}, again=1)
    path.write(A, connection, 40 * MSS)
    path.run(LATER + 100 * MS)
    before = path.a.info(connection).ssthresh
    path.run(LATER + 215 * MS)
    assert path.a.info(connection).rto == 400 * MS
    assert path.a.info(connection).ssthresh == before is not None


def test_the_time_out_runs_from_the_first_segment_on() -> None:
    """RFC 6298 section 5.1: what is sent later does not put it off."""
    path = Path(settings=COUNT)
    connection = path.connect()
    path.run(LATER)
    path.fate = lambda _: []
    for _ in range(3):
        path.write(A, connection, MSS)
        path.run(path.now + 90 * MS)
    assert [at - LATER for at, segment in path.sent if segment.retransmission] == [200 * MS]


def test_late_copies_of_acknowledgements_are_no_duplicates() -> None:
    path = Line(settings=DUPLICATES)
    connection = path.connect()
    path.run(LATER)
    path.write(A, connection, 5 * MSS)
    path.run(LATER + SECOND)
    old = next(segment for at, segment in path.sent if at > LATER and segment.src == B)
    path.fate = lambda _: []
    path.write(A, connection, 5 * MSS)
    for _ in range(4):
        path.inject(old)
    assert path.again() == []


def test_an_answer_to_a_copy_tells_no_round_trip() -> None:
    """Both acknowledgements are lost; that of the copy echoes the first one's time stamp."""
    path = Line(settings=COUNT)
    connection = path.connect()
    path.run(LATER)
    path.write(A, connection, 2 * MSS)
    path.run(LATER + DELAY - 1)
    path.fate = lambda segment: [] if segment.src == B else [DELAY]
    path.run(LATER + DELAY)
    path.fate = lambda _: [DELAY]
    path.run(LATER + SECOND)
    info = path.a.info(connection)
    assert info.bytes_acked == 2 * MSS
    assert len(path.again()) == 1
    assert info.srtt == 2 * DELAY


def test_a_scoreboard_counts_what_is_in_the_network() -> None:
    board = Scoreboard()
    for start in (1, 101, 201):
        board.add(start, start + 100, start)
    (first,), done, once = board.acknowledge(151)
    assert (first.start, first.end, done, once) == (1, 101, 1, True)
    assert board.pipe == 150  # half of the second
    board.lose(board.records[0])
    assert board.acknowledge(171)[1] == 0
    assert board.pipe == 100
    lost = board.first_lost()
    assert lost is not None
    assert (lost.start, lost.end) == (171, 201)
    board.resend(lost, 10, 500)
    assert [(record.start, record.end, record.fate) for record in board.records] == [
        (171, 181, IN_FLIGHT), (181, 201, LOST), (201, 301, IN_FLIGHT),
    ]  # fmt: skip
    assert board.pipe == 110
    assert [record.start for record in board.select(201, 301)] == [201]
    assert board.select(201, 301) == []
    assert board.pipe == 10


def test_many_holes_without_selective_acknowledgements_end_in_a_time_out() -> None:
    """RFC 6582's impatient variant: the time-out runs from the first partial acknowledgement on."""
    path = Line(settings=TcpSettings(sack=False, initial_window=100))
    connection = path.connect()
    path.run(LATER)
    path.lose(range(10, 90, 2))
    path.write(A, connection, 100 * MSS)
    path.run()
    assert path.received(B)[0] == 100 * MSS
    last = max(at for at, _ in path.again())
    assert 200 < last < 200 + 10 * 2 * DELAY / MS  # not 40 round trips


def test_rack_sees_that_what_was_sent_again_is_lost_again() -> None:
    lost_twice = run(RACK, {1}, segments=40, again=1)
    assert [number for _, number in lost_twice.again()] == [1, 1]
    assert lost_twice.again()[1][0] < 4 * DELAY / MS + 1
    by_count = run(COUNT, {1}, segments=40, again=1)
    assert by_count.again()[1][0] > 200  # which takes a time-out otherwise


@pytest.mark.parametrize("lost", [{8, 9}, {7, 8, 9}, {5, 6, 7, 8, 9}])
def test_a_lost_tail_is_probed_for(lost: set[int]) -> None:
    path = run(RACK, lost, segments=10)
    at, number = path.again()[0]
    assert number == 9
    assert 2 * DELAY / MS < at < 6 * DELAY / MS + 5  # two round trips and 2 ms
    assert [number for _, number in path.again()][1:] == sorted(lost - {9})
    slow = run(COUNT, lost, segments=10)
    assert slow.again()[0][0] > 200


def test_a_probe_that_repairs_a_loss_shrinks_the_window() -> None:
    """The last of ten is lost, and the acknowledgement of the ninth is delayed by 40 ms."""
    path = Line(settings=TcpSettings(quick_acks=0, hystart=False))
    connection = path.connect()
    path.run(LATER)
    path.lose({9})
    path.write(A, connection, 10 * MSS)
    path.run(LATER + 150 * MS)
    assert [number for _, number in path.again()] == [9]
    assert path.a.info(connection).ssthresh is None
    path.write(A, connection, MSS)
    path.run(LATER + 300 * MS)
    assert path.a.info(connection).ssthresh is not None


def test_a_probe_for_nothing_does_not() -> None:
    path = Line(settings=TcpSettings(hystart=False))
    connection = path.connect()
    path.run(LATER)
    path.fate = lambda segment: [DELAY if segment.src == A else 35 * MS]
    path.write(A, connection, 8 * MSS)
    path.run(LATER + SECOND)
    assert [number for _, number in path.again()] == [7]
    path.write(A, connection, 8 * MSS)
    path.run()
    assert path.a.info(connection).ssthresh is None


@ALL
def test_time_outs_double_and_end(settings: TcpSettings) -> None:
    path = Path(settings=settings)
    connection = path.connect()
    path.run(LATER)
    path.fate = lambda _: []
    path.write(A, connection, 10)
    path.run()
    times = [at - LATER for at, _ in path.sent if at >= LATER]
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps[:4] == [gap * MS for gap in (200, 400, 800, 1600)]
    assert gaps[-1] == 120 * SECOND
    assert path.events(A)[-1] == Failed(connection, "timed out")


def test_giving_up_takes_as_long_as_linux_says() -> None:
    """``tcp_retries2`` of 15 is 924.6 s (``Documentation/networking/ip-sysctl.rst``)."""
    path = Path(settings=COUNT)
    connection = path.connect()
    path.run(LATER)
    path.fate = lambda _: []
    path.write(A, connection, 10)
    path.run()
    assert path.news[-1] == (LATER + 924_600 * MS, A, Failed(connection, "timed out"))
    assert len([at for at, _ in path.sent if at >= LATER]) == 16


@ALL
def test_after_a_time_out_everything_goes_again_in_slow_start(settings: TcpSettings) -> None:
    path = run(settings, range(10), segments=10)
    assert {number for _, number in path.again()} == set(range(10))
    assert len(path.again()) <= 11
    first = path.again()[0][0]
    assert [round((at - first) / 10) for at, _ in path.again()][-1] <= 4


def test_time_stamps_measure_what_was_sent_twice() -> None:
    for stamps, back_off in ((True, 1), (False, 2)):
        path = Line(settings=TcpSettings(time_stamps=stamps, tail_loss_probe=False))
        connection = path.connect()
        path.run(LATER)
        path.lose({0})
        path.write(A, connection, 1000)
        path.run(LATER + 300 * MS)
        assert path.received(B)[0] == 1000
        assert path.a.info(connection).rto == back_off * 200 * MS, stamps


@pytest.mark.parametrize(
    ("settings", "lost"), [(RACK, {1, 2}), (RACK, {1, 5}), (COUNT, {1, 2}), (DUPLICATES, {1, 2})]
)
def test_nothing_is_sent_twice_without_need(settings: TcpSettings, lost: set[int]) -> None:
    assert len(run(settings, lost, segments=30).again()) == len(lost)


def test_a_segment_overtaken_by_a_few_is_not_lost() -> None:
    def overtaken(by: int) -> Callable[[TcpSegment], list[int]]:
        count = iter(range(10_000))

        def fate(segment: TcpSegment) -> list[int]:
            number = next(count) if segment.length else -1
            late = by * US if number == 3 else 0
            return [DELAY + 10 * max(number, 0) * US + late]

        return fate

    for settings, by, again in ((RACK, 25, 0), (COUNT, 25, 0), (DUPLICATES, 25, 0), (RACK, 75, 1)):
        path = Line(settings=settings)
        connection = path.connect()
        path.run(LATER)
        path.fate = overtaken(by)
        path.write(A, connection, 8 * MSS)
        path.run()
        assert len(path.again()) == again, (settings, by)
        assert path.received(B)[0] == 8 * MSS


@pytest.mark.parametrize(("first", "again"), [(0, [23, 43]), (25, [])])
def test_rack_learns_that_a_path_reorders(first: int, again: list[int]) -> None:
    """Once it has seen a segment late by little, it waits a quarter of the round trip."""
    path = Line(settings=TcpSettings(initial_window=40))
    connection = path.connect()
    path.run(LATER)
    count = iter(range(10_000))
    late = {3: first, 23: 500, 43: 500}

    def fate(segment: TcpSegment) -> list[int]:
        if not segment.length or segment.retransmission:
            return [DELAY]
        number = next(count)
        return [DELAY + (10 * (number % 20) + late.get(number, 0)) * US]

    path.fate = fate
    for _ in range(3):
        path.write(A, connection, 20 * MSS)
        path.run(path.now + 100 * MS)
    assert [number for _, number in path.again()] == again


def test_selective_acknowledgements_name_the_newest_block_first() -> None:
    path = run(RACK, {1, 3, 5, 7})
    first = path.sent[0][1].seq + 1
    blocks = [[tuple((edge - first) % 2**32 // MSS for edge in block) for block in segment.sack]
              for _, segment in path.sent if segment.sack]  # fmt: skip
    assert blocks[:4] == [
        [(2, 3)], [(4, 5), (2, 3)], [(6, 7), (4, 5), (2, 3)], [(8, 9), (6, 7), (4, 5)],
    ]  # fmt: skip


def test_a_duplicate_is_reported() -> None:
    """RFC 2883: the block below the acknowledgement is what came twice."""
    path = Path()
    connection = path.connect()
    path.run(LATER)
    path.fate = lambda segment: [DELAY, 2 * DELAY] if segment.length else [DELAY]
    path.write(A, connection, MSS)
    path.run()
    first = path.sent[0][1].seq + 1
    (report,) = [segment for _, segment in path.sent if segment.sack]
    assert report.ack == (first + MSS) % 2**32
    assert report.sack == ((first, (first + MSS) % 2**32),)
    assert report.length == 0
