"""Data on a quiet path: acknowledgements, objects, small segments, the receiver's window."""

from __future__ import annotations

from itertools import pairwise

import pytest
from tcp_rig import DELAY, A, B, Path

from overlaysim.traffic.tcp import Acknowledged, Failed, Received, TcpSegment, TcpSettings
from overlaysim.traffic.tcp.receiver import Receiver
from overlaysim.units import MS, SECOND
from overlaysim.wire.tcp import ACK, SYN

LATER = SECOND
SLOW = TcpSettings(quick_acks=0)
"""Acknowledges every second segment from the beginning."""


def opened(path: Path) -> int:
    connection = path.connect()
    path.run(LATER)
    return connection


def test_objects_arrive_with_their_last_byte() -> None:
    path = Path()
    connection = opened(path)
    for length, content in ((1000, "a"), (3000, "b"), (1, None), (50, "c")):
        path.a.write(connection, length, path.now, content)
    path.settle()
    path.run()
    assert path.received(B) == (4051, ["a", "b", "c"])
    arrived = [event for event in path.events(B, Received)]
    assert [(event.length, event.contents) for event in arrived] == [  # type: ignore[union-attr]
        (1000, ("a",)), (1398, ()), (1398, ()), (255, ("b", "c")),
    ]  # fmt: skip


def test_every_second_full_segment_is_acknowledged() -> None:
    path = Path(settings=SLOW)
    connection = opened(path)
    path.write(A, connection, 5 * 1398)
    path.run()
    acks = [(at - LATER, segment.ack) for at, segment in path.sent if segment.src == B][1:]
    first = path.sent[0][1].seq + 1
    assert [(at, (ack - first) % 2**32 / 1398) for at, ack in acks] == [
        (DELAY, 2), (DELAY, 4), (DELAY + 40 * MS, 5),
    ]  # fmt: skip
    assert path.events(A, Acknowledged) == [
        Acknowledged(connection, 2796, 0), Acknowledged(connection, 2796, 0),
        Acknowledged(connection, 1398, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "settings", [TcpSettings(), TcpSettings(quick_acks=0, ack_every=1),
                 TcpSettings(quick_acks=0, delayed_ack=0)],
)  # fmt: skip
def test_every_segment_can_be_acknowledged_at_once(settings: TcpSettings) -> None:
    path = Path(settings=settings)
    connection = opened(path)
    path.write(A, connection, 5 * 1398)
    path.run()
    assert path.lines(LATER) == 4 * ["A . 1398"] + ["A P. 1398"] + 5 * ["B . 0"]


def test_an_answer_carries_the_acknowledgement() -> None:
    path = Path(settings=SLOW)
    path.on_event = lambda host, event: (
        path.b.write(event.connection, 20, path.now)
        if host == B and isinstance(event, Received) else None
    )  # fmt: skip
    connection = opened(path)
    path.write(A, connection, 10)
    path.run()
    assert path.lines(LATER) == ["A P. 10", "B P. 20", "A . 0"]


def test_the_window_limits_what_is_sent_at_first() -> None:
    path = Path(settings=TcpSettings(initial_window=3))
    connection = opened(path)
    path.write(A, connection, 100_000)
    path.run(LATER + 2 * DELAY - 1)
    assert path.lines(LATER) == 3 * ["A . 1398"] + 3 * ["B . 0"]
    path.run(LATER + 4 * DELAY - 1)
    assert len([line for line in path.lines(LATER) if line == "A . 1398"]) == 9  # 3 + 6


def test_nagle_holds_back_a_second_small_segment() -> None:
    for nagle, small in ((True, ["A P. 10", "A P. 20"]), (False, 3 * ["A P. 10"])):
        path = Path(settings=TcpSettings(nagle=nagle))
        connection = opened(path)
        for _ in range(3):
            path.write(A, connection, 10)
        path.run()
        assert [line for line in path.lines(LATER) if line[0] == "A"] == small


def test_nagle_and_delayed_acknowledgements_wait_for_each_other() -> None:
    """Two small writes and an answer: the well-known 40 ms."""
    path = Path(settings=SLOW)
    connection = opened(path)
    path.write(A, connection, 10)
    path.write(A, connection, 10)
    path.run()
    times = [at - LATER for at, segment in path.sent if at >= LATER and segment.length]
    assert times == [0, 2 * DELAY + 40 * MS]


def test_a_full_buffer_stops_the_sender_and_reading_lets_it_go_on() -> None:
    path = Path(settings=TcpSettings(receive_buffer=5000, auto_read=False))
    connection = opened(path)
    path.write(A, connection, 12_000, "whole")
    path.run(LATER + SECOND)
    assert path.received(B)[0] == 5000
    assert [segment.window for _, segment in path.sent if segment.src == B][-1] == 0
    path.b.read(1, 5000, path.now)
    path.settle()
    assert path.lines(path.now) == ["B . 0"]  # the news of the room
    path.run(path.now + SECOND)
    assert path.received(B) == (10_000, [])
    path.b.read(1, 5000, path.now)
    path.run(path.now + SECOND)
    assert path.received(B) == (12_000, ["whole"])


def test_a_little_room_is_not_worth_telling() -> None:
    path = Path(settings=TcpSettings(receive_buffer=5000, auto_read=False))
    connection = opened(path)
    path.write(A, connection, 12_000)
    path.run(LATER + 100 * MS)
    before = len(path.sent)
    path.b.read(1, 1000, path.now)
    path.settle()
    assert len(path.sent) == before


def test_a_closed_window_is_probed_for_ever_while_the_peer_answers() -> None:
    path = Path(settings=TcpSettings(receive_buffer=5000, auto_read=False, retries=3))
    connection = opened(path)
    path.write(A, connection, 12_000)
    path.run(LATER + 700 * SECOND)
    probes = [at for at, segment in path.sent if segment.src == A and at > LATER + SECOND]
    gaps = [round((after - before) / MS) for before, after in pairwise(probes)]
    assert gaps[:3] == [1600, 3200, 6400]
    assert max(gaps) == 120_000
    assert all(not segment.length for at, segment in path.sent if at in probes)
    assert path.events(A, Failed) == []
    path.fate = lambda _: []
    path.run()
    assert path.events(A, Failed) == [Failed(connection, "timed out")]


def test_the_news_of_room_is_lost_and_a_probe_finds_out() -> None:
    path = Path(settings=TcpSettings(receive_buffer=5000, auto_read=False))
    connection = opened(path)
    path.write(A, connection, 8000)
    path.run(LATER + 500 * MS)
    path.fate = lambda _: []
    path.b.read(1, 5000, path.now)
    path.settle()
    path.fate = lambda _: [DELAY]
    path.run(LATER + 3 * SECOND)
    assert path.received(B)[0] == 8000


def test_a_peer_that_takes_back_room_is_obeyed() -> None:
    path = Path()
    connection = opened(path)
    ack = path.sent[1][1]
    fields = (B, A, ack.src_port, ack.dst_port, ack.seq + 1, ack.ack, 16)
    path.inject(TcpSegment(*fields, 1000 >> 7, 0, stamp=ack.stamp))
    path.inject(TcpSegment(*(*fields[:4], fields[4] + 10, *fields[5:]), 0, 0, stamp=ack.stamp))
    path.write(A, connection, 500)
    path.run(LATER + 100 * MS)
    assert path.lines(LATER) == []


def test_of_two_windows_the_newer_counts() -> None:
    path = Path()
    connection = opened(path)
    ack = path.sent[1][1]
    fields = (B, A, ack.src_port, ack.dst_port)
    for ahead, window in ((10, 400), (0, 0)):  # overtaken on the way
        path.inject(
            TcpSegment(*fields, ack.seq + 1 + ahead, ack.ack, ACK, window, 0, stamp=ack.stamp)
        )
    path.write(A, connection, 500)
    assert path.lines(LATER) == ["A P. 500"]


def test_a_sliver_of_window_is_not_used_at_once() -> None:
    """RFC 9293 section 3.8.6.2.1: 384 bytes are far less than half of what there was room for."""
    path = Path()
    connection = opened(path)
    ack = path.sent[1][1]
    path.inject(TcpSegment(B, A, ack.src_port, ack.dst_port, ack.seq + 1, ack.ack, ACK, 3, 0,
                           stamp=ack.stamp))  # fmt: skip
    path.write(A, connection, 5000)
    path.run(LATER + 199 * MS)
    assert path.lines(LATER) == []
    path.run(LATER + 200 * MS)
    assert path.lines(LATER) == ["A . 384"]


def test_the_edge_of_the_window_moves_by_a_fair_piece() -> None:
    receiver = Receiver(TcpSettings(receive_buffer=5000, auto_read=False), 0, sack=True)
    receiver.take(1, 1000, False, (), 0)
    assert receiver.window() == 4000
    receiver.take(1001, 4000, False, (), 0)
    assert receiver.window() == 0
    assert not receiver.read(2000)
    assert receiver.window() == 0  # less than half of the buffer
    assert receiver.read(1000)
    assert receiver.window() == 3000


def test_what_comes_twice_in_part_is_handed_over_once() -> None:
    receiver = Receiver(TcpSettings(), 7, sack=True)
    assert receiver.take(1, 1000, False, ((1000, "a"),), 0) == (1000, ("a",))
    assert receiver.take(501, 1000, False, ((500, "a"), (1000, "b")), 0) == (500, ("b",))
    assert receiver.take(501, 1000, False, ((500, "a"), (1000, "b")), 0) == (0, ())


def test_windows_without_scaling_stay_within_64_kib() -> None:
    path = Path(settings=TcpSettings(window_scaling=False, initial_window=100))
    connection = opened(path)
    path.write(A, connection, 200_000)
    path.run(LATER + DELAY)
    outstanding = path.a.info(connection).bytes_sent
    assert 65_535 - 1398 < outstanding <= 65_535
    path.run()
    assert path.received(B)[0] == 200_000


def test_the_window_begins_anew_after_a_long_silence() -> None:
    for again, window in ((True, 10), (False, 27)):
        path = Path(settings=TcpSettings(slow_start_after_idle=again, hystart=False))
        connection = opened(path)
        path.write(A, connection, 30 * 1398)
        path.run(LATER + SECOND)
        assert path.a.info(connection).cwnd == pytest.approx(27, abs=1)
        path.write(A, connection, 100_000)
        sent = [line for line in path.lines(path.now) if line == "A . 1398"]
        assert len(sent) == pytest.approx(window, abs=1)


def test_what_is_said_while_the_handshake_lasts_waits_for_its_end() -> None:
    path = Path()
    connection = path.connect()
    path.write(A, connection, 10, "early")
    path.close(A, connection)
    path.run()
    assert path.lines() == ["A S 0", "B S. 0", "A . 0", "A FP. 10", "B . 0"]
    assert path.received(B) == (10, ["early"])


def test_the_same_seed_gives_the_same_segments() -> None:
    def run(seed: int) -> list[tuple[int, TcpSegment]]:
        path = Path(seed=seed)
        path.write(A, path.connect(), 50_000)
        path.run()
        return path.sent

    assert run(1) == run(1)
    assert run(1)[0][1].seq != run(2)[0][1].seq
    assert all(segment.flags == SYN for segment in (run(1)[0][1], run(2)[0][1]))
