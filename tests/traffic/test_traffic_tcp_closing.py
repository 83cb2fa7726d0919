"""Closing in all orders, breaking off, strangers' segments, and silence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tcp_rig import DELAY, PORT, A, B, Path

from overlaysim.errors import ModelError
from overlaysim.traffic.tcp import Closed, Established, Failed, PeerClosed, TcpSegment, TcpSettings
from overlaysim.units import MS, SECOND
from overlaysim.wire.tcp import ACK, FIN, RST, SYN

LATER = SECOND


def opened(path: Path) -> int:
    connection = path.connect()
    path.run(LATER)
    return connection


def states(path: Path, connection: int = 1) -> tuple[str, str]:
    return path.a.info(connection).state, path.b.info(1).state


def test_one_end_closes_and_later_the_other() -> None:
    path = Path()
    connection = opened(path)
    assert states(path) == ("ESTABLISHED", "ESTABLISHED")
    path.close(A, connection)
    assert states(path) == ("FIN-WAIT-1", "ESTABLISHED")
    path.run(path.now + 2 * DELAY)
    assert states(path) == ("FIN-WAIT-2", "CLOSE-WAIT")
    path.write(B, 1, 3000, "half-closed is not closed")
    path.run(path.now + 2 * DELAY)
    assert path.received(A) == (3000, ["half-closed is not closed"])
    path.close(B, 1)
    assert states(path) == ("FIN-WAIT-2", "LAST-ACK")
    path.run(path.now + 2 * DELAY)
    assert path.a.info(connection).state == "TIME-WAIT"
    assert path.events(A)[-2:] == [PeerClosed(connection), Closed(connection)]
    assert path.events(B)[-1] == Closed(1)
    with pytest.raises(ModelError, match="has ended"):
        path.b.info(1)  # only who closed first has to remember
    path.run()
    assert path.now == pytest.approx(LATER + 60 * SECOND, abs=SECOND)
    assert path.a.next_timer() is path.b.next_timer() is None


def test_both_ends_close_at_once() -> None:
    path = Path()
    connection = opened(path)
    path.close(A, connection)
    path.close(B, 1)
    path.run(path.now + DELAY)
    assert states(path) == ("CLOSING", "CLOSING")
    path.run(path.now + DELAY)
    assert states(path) == ("TIME-WAIT", "TIME-WAIT")
    assert path.lines(LATER) == ["A F. 0", "B F. 0", "B . 0", "A . 0"]
    path.run()
    assert path.events(A)[-1] == path.events(B)[-1] == Closed(1)


@pytest.mark.parametrize("lost", range(4))
def test_a_lost_segment_of_the_closing_is_sent_again(lost: int) -> None:
    path = Path()
    connection = opened(path)
    count = iter(range(100))
    path.fate = lambda _: [] if next(count) == lost else [DELAY]
    path.on_event = lambda host, event: (
        path.b.close(1, path.now) if host == B and isinstance(event, PeerClosed) else None
    )  # fmt: skip
    path.close(A, connection)
    path.run()
    assert path.events(A)[-1] == path.events(B)[-1] == Closed(1)
    assert path.events(A, Failed) == path.events(B, Failed) == []


def test_time_wait_answers_a_late_fin_and_begins_anew() -> None:
    path = Path()
    connection = opened(path)
    path.close(A, connection)
    path.close(B, 1)
    path.run(LATER + SECOND)
    fin = next(segment for _, segment in path.sent if segment.src == B and segment.flags & FIN)
    path.run(LATER + 30 * SECOND)
    before = len(path.sent)
    path.inject(replace(fin, stamp=fin.stamp + 30_000))
    assert [segment.flags for _, segment in path.sent[before:]] == [ACK]
    path.run()
    assert path.now == LATER + 90 * SECOND


def test_a_port_in_time_wait_can_be_connected_anew() -> None:
    path = Path()
    connection = path.connect(local_port=4000)
    path.run(LATER)
    path.close(B, 1)
    path.close(A, connection)
    path.run(LATER + SECOND)
    assert states(path) == ("TIME-WAIT", "TIME-WAIT")
    path.a.abort(connection, path.now)  # as if A had forgotten
    again = path.a.connect(A, B, PORT, path.now, local_port=4000)
    path.run(path.now + SECOND)
    assert path.a.info(again).state == "ESTABLISHED"
    assert path.events(B, Established)[-1] == Established(2, B, PORT, A, 4000, True)


def test_abort_resets() -> None:
    path = Path()
    connection = opened(path)
    path.write(A, connection, 1000)
    path.a.abort(connection, path.now)
    path.run()
    assert path.lines(LATER) == ["A P. 1000", "A R. 0", "B . 0", "A R 0"]
    assert path.events(A)[-1] == Closed(connection)
    assert path.events(B)[-1] == Failed(1, "reset by peer")
    path.a.abort(connection, path.now)  # harmless
    path.write(A, connection, 5)
    assert path.a.next_timer() is None


def test_abort_of_a_passive_handshake() -> None:
    path = Path(lambda segment: [DELAY] if segment.flags & SYN else [])
    connection = opened(path)
    path.a.abort(connection, path.now)
    path.run()
    assert path.events(B) == []


def test_a_reset_after_both_have_closed_is_not_news() -> None:
    path = Path()
    opened(path)
    path.close(A, 1)
    path.run(LATER + SECOND)
    path.fate = lambda _: []
    path.close(B, 1)
    fin = path.sent[-1][1]
    path.fate = lambda _: [DELAY]
    path.inject(TcpSegment(A, B, fin.dst_port, PORT, fin.ack, fin.seq + 1, RST | ACK, 0, 0))
    assert path.events(B)[-1] == Closed(1)


def test_a_reset_is_believed_only_if_it_fits_exactly() -> None:
    """RFC 5961 section 3: the next number ends it, others in the window are asked about."""
    path = Path()
    connection = opened(path)
    syn, answer = path.sent[0][1], path.sent[1][1]
    fake = TcpSegment(A, B, syn.src_port, PORT, 0, answer.seq + 1, RST | ACK, 0, 0)
    before = len(path.sent)
    for ahead in (-1, 100_000_000):
        path.inject(replace(fake, seq=syn.seq + 1 + ahead))
    assert len(path.sent) == before
    path.inject(replace(fake, seq=syn.seq + 1 + 1000))
    assert [segment.flags for _, segment in path.sent[before:]] == [ACK]
    path.inject(replace(fake, seq=syn.seq + 1 + 1000))  # asked within half a second
    assert len(path.sent) == before + 1
    assert path.b.info(1).state == "ESTABLISHED"
    path.inject(replace(fake, seq=syn.seq + 1))
    assert path.events(B)[-1] == Failed(1, "reset by peer")
    assert path.a.info(connection).state == "ESTABLISHED"


def test_a_syn_in_an_open_connection_is_asked_about() -> None:
    """RFC 5961 section 4: whoever has begun anew resets what the question names."""
    path = Path()
    opened(path)
    syn = path.sent[0][1]
    path.a.abort(1, path.now)
    path.a.take_outbox()
    path.inject(replace(syn, seq=syn.seq + 12_345))
    path.run()
    assert path.lines(LATER) == ["B . 0", "A R 0"]
    assert path.events(B)[-1] == Failed(1, "reset by peer")


def test_strangers_acknowledgements_are_not_believed() -> None:
    """RFC 5961 section 5.2."""
    path = Path()
    connection = opened(path)
    ack = path.sent[2][1]
    for number in (10_000, -200_000_000):
        path.inject(TcpSegment(B, A, PORT, ack.src_port, ack.ack, (ack.seq + number) % 2**32, ACK,
                               500, 100, stamp=ack.echo))  # fmt: skip
    assert path.received(A)[0] == 0
    assert path.lines(LATER) == ["A . 0"]
    assert path.a.info(connection).bytes_acked == 0


def test_old_segments_are_told_by_their_time_stamps() -> None:
    path = Path()
    opened(path)
    path.write(A, 1, 1000)
    path.run(LATER + SECOND)
    data = next(segment for _, segment in path.sent if segment.length)
    old = replace(data, seq=data.seq + 1000, stamp=data.stamp - 2)
    path.inject(old)
    assert path.received(B)[0] == 1000
    path.inject(replace(old, stamp=data.stamp - 1))  # a millisecond is nothing
    assert path.received(B)[0] == 2000


def test_segments_for_nobody_are_reset() -> None:
    path = Path()
    path.inject(TcpSegment(A, B, 1, 2, 3, 4, ACK, 5, 6))
    assert path.lines() == ["B R 0"]
    path.inject(TcpSegment(A, B, 1, 2, 3, 4, RST, 5, 6))
    assert len(path.sent) == 1


def test_a_port_can_be_closed_for_newcomers() -> None:
    path = Path()
    connection = opened(path)
    path.b.unlisten(PORT)
    other = path.a.connect(A, B, PORT, path.now)
    path.write(A, connection, 10)
    path.run()
    assert path.events(A, Failed) == [Failed(other, "refused")]
    assert path.received(B)[0] == 10


ALIVE = TcpSettings(keepalive=True)


def test_a_silent_peer_is_asked_and_answers() -> None:
    path = Path(settings=ALIVE, settings_b=TcpSettings())
    opened(path)
    path.run(LATER + 7300 * SECOND)
    assert path.lines(LATER) == ["A . 0", "B . 0"]
    assert path.sent[-2][0] == 7200 * SECOND + 2 * DELAY
    path.run(LATER + 20_000 * SECOND)
    assert len(path.lines(LATER)) == 4


def test_a_peer_that_is_gone_fails_after_nine_questions() -> None:
    path = Path(settings=ALIVE, settings_b=TcpSettings())
    connection = opened(path)
    path.fate = lambda _: []
    path.run()
    assert path.lines(LATER) == 9 * ["A . 0"] + ["A R. 0"]
    assert path.news[-1] == (
        (7200 + 9 * 75) * SECOND + 2 * DELAY, A, Failed(connection, "timed out"),
    )  # fmt: skip


def test_keepalive_does_not_disturb_a_conversation() -> None:
    settings = TcpSettings(keepalive=True, keepalive_time=SECOND)
    path = Path(settings=settings, settings_b=TcpSettings())
    connection = opened(path)
    for _ in range(5):
        path.write(A, connection, 10)
        path.run(path.now + 900 * MS)
    assert [segment.length for _, segment in path.sent if segment.src == A and _ >= LATER] == 5 * [
        10
    ]


def test_what_is_outstanding_is_not_asked_about() -> None:
    settings = TcpSettings(keepalive=True, keepalive_time=SECOND, keepalive_interval=SECOND)
    path = Path(settings=settings, settings_b=TcpSettings())
    connection = opened(path)
    path.fate = lambda _: []
    path.write(A, connection, 10)
    path.run(LATER + 100 * SECOND)
    assert {line for line in path.lines(LATER)} == {"A P. 10"}
    assert path.events(A, Failed) == []
