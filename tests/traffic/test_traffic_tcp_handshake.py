"""Opening connections: what the SYNs settle, and how an attempt ends that comes to nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tcp_rig import DELAY, PORT, A, B, Path

from overlaysim.errors import InputError, ModelError
from overlaysim.traffic.tcp import Closed, Established, Failed, TcpSegment, TcpSettings
from overlaysim.units import MS, SECOND
from overlaysim.wire.tcp import ACK, RST, SYN


def test_three_segments_open_a_connection() -> None:
    path = Path()
    connection = path.connect()
    path.run()
    assert path.lines() == ["A S 0", "B S. 0", "A . 0"]
    (_, syn), (_, answer), (_, ack) = path.sent
    assert (syn.mss, syn.window, syn.scale, syn.sack_permitted) == (1410, 64_860, 7, True)
    assert (answer.ack, ack.ack) == (syn.seq + 1, answer.seq + 1)
    assert (answer.echo, ack.echo) == (syn.stamp, answer.stamp)
    port = syn.src_port
    assert path.news == [
        (2 * DELAY, A, Established(connection, A, port, B, PORT, False)),
        (3 * DELAY, B, Established(1, B, PORT, A, port, True)),
    ]
    info = path.a.info(connection)
    assert (info.state, info.cwnd, info.ssthresh) == ("ESTABLISHED", 10, None)
    assert (info.srtt, info.rto, info.mss) == (2 * DELAY, 200 * MS, 1398)


def test_a_longest_segment_of_ones_own() -> None:
    path = Path(settings=TcpSettings(max_segment=600), settings_b=TcpSettings())
    connection = path.connect()
    path.run()
    (_, syn), (_, answer), _ = path.sent
    assert (syn.mss, answer.mss) == (600, 1410)
    assert (path.a.info(connection).mss, path.b.info(1).mss) == (588, 588)


@pytest.mark.parametrize(
    ("other", "mss", "options"),
    [
        (TcpSettings(time_stamps=False), 1410, 0),
        (TcpSettings(sack=False), 1398, 12),
        (TcpSettings(window_scaling=False), 1398, 12),
    ],
)
def test_what_one_end_does_not_offer_is_not_used(
    other: TcpSettings, mss: int, options: int
) -> None:
    path = Path(settings_b=other)
    connection = path.connect()
    path.write(A, connection, 100_000)
    path.run()
    answer = path.sent[1][1]
    assert (answer.stamp is not None) == other.time_stamps
    assert answer.sack_permitted == other.sack
    assert (answer.scale is not None) == other.window_scaling
    assert path.a.info(connection).mss == mss
    assert {len(segment.options) for _, segment in path.sent[3:]} == {options}
    assert path.received(B)[0] == 100_000


def test_the_smaller_mtu_counts() -> None:
    path = Path()
    path.mtus[A] = 1280  # as B knows the way to A
    connection = path.connect()
    path.write(A, connection, 3000)
    path.run()
    assert path.sent[1][1].mss == 1240
    assert path.a.info(connection).mss == 1228


def test_nobody_listens() -> None:
    path = Path()
    connection = path.a.connect(A, B, PORT, 0)
    path.run()
    assert path.lines() == ["A S 0", "B R. 0"]
    assert path.events(A) == [Failed(connection, "refused")]
    with pytest.raises(ModelError, match=f"TCP connection {connection} has ended"):
        path.a.info(connection)


def test_silence_is_asked_six_times() -> None:
    path = Path(lambda _: [])
    connection = path.connect()
    path.run()
    assert [at // SECOND for at, _ in path.sent] == [0, 1, 3, 7, 15, 31, 63]
    assert path.news == [(127 * SECOND, A, Failed(connection, "timed out"))]


def test_who_answered_a_syn_gives_up_without_a_word() -> None:
    path = Path(lambda segment: [DELAY] if segment.src == A and segment.flags == SYN else [],
                settings=TcpSettings(syn_retries=0))  # fmt: skip
    path.connect()
    path.run()
    assert path.lines() == ["A S 0"] + 6 * ["B S. 0"]
    assert path.events(B) == []


def test_lost_segments_of_the_handshake_are_sent_again() -> None:
    for lost in ((0,), (1,), (2,), (0, 2), (1, 2)):
        counter = iter(range(1000))
        path = Path(lambda _, lost=lost, counter=counter: [] if next(counter) in lost else [DELAY])  # type: ignore[misc]
        connection = path.connect()
        path.write(A, connection, 10, "hello")
        path.run()
        assert path.received(B) == (10, ["hello"]), lost


def test_two_lost_syns_begin_with_one_segment() -> None:
    counter = iter(range(1000))
    path = Path(lambda _: [] if next(counter) < 2 else [DELAY])
    connection = path.connect()
    path.run()
    info = path.a.info(connection)
    assert (info.cwnd, info.retransmits) == (1, 0)
    assert info.rto == 3 * SECOND  # RFC 6298 section 5.7


def test_both_ends_open_at_once() -> None:
    path = Path()
    for host, other in ((A, B), (B, A)):
        path.stacks[host].connect(host, other, PORT, 0, local_port=PORT)
    path.run()
    assert [len(path.events(host, Established)) for host in (A, B)] == [1, 1]
    path.write(A, 1, 5, "a")
    path.write(B, 1, 5, "b")
    path.run()
    assert path.received(A) == (5, ["b"])
    assert path.received(B) == (5, ["a"])


@pytest.mark.parametrize("reason", ["refused", "no route to host", "host unreachable"])
def test_bad_news_ends_a_handshake(reason: str) -> None:
    path = Path(lambda _: [])
    connection = path.connect()
    port = path.sent[0][1].src_port
    path.a.unreachable(A, B, port, PORT, reason, 0)
    path.run()
    assert path.news == [(0, A, Failed(connection, reason))]


def test_bad_news_later_only_explains_a_time_out() -> None:
    path = Path(settings=TcpSettings(retries=2))
    connection = path.connect()
    path.run()
    path.fate = lambda _: []
    path.write(A, connection, 10)
    path.a.unreachable(A, B, path.sent[0][1].src_port, PORT, "host unreachable", path.now)
    path.settle()
    assert path.a.info(connection).state == "ESTABLISHED"
    path.run()
    assert path.events(A)[-1] == Failed(connection, "host unreachable")


def test_a_reset_must_answer_the_syn() -> None:
    path = Path(lambda _: [])
    connection = path.connect()
    syn = path.sent[0][1]
    fake = TcpSegment(B, A, PORT, syn.src_port, 0, syn.seq, RST | ACK, 0, 0)
    path.inject(fake)
    assert path.events(A) == []
    path.inject(replace(fake, ack=syn.seq + 1))
    assert path.events(A) == [Failed(connection, "refused")]


def test_a_reset_of_a_half_open_connection_must_fit() -> None:
    path = Path(lambda segment: [DELAY] if segment.flags == SYN else [])
    path.connect()
    path.run(DELAY)
    syn, answer = path.sent[0][1], path.sent[1][1]
    fake = TcpSegment(A, B, syn.src_port, PORT, syn.seq + 9, answer.seq + 1, RST | ACK, 0, 0)
    path.inject(fake)
    assert path.b.info(1).state == "SYN-RECEIVED"
    path.inject(replace(fake, seq=syn.seq + 1))
    with pytest.raises(ModelError, match="has ended"):
        path.b.info(1)


def test_an_answer_to_an_earlier_syn_is_reset() -> None:
    path = Path(lambda _: [])
    path.connect()
    syn = path.sent[0][1]
    path.inject(TcpSegment(B, A, PORT, syn.src_port, 99, syn.seq + 77, SYN | ACK, 500, 0))
    assert path.lines() == ["A S 0", "A R 0"]
    assert path.sent[-1][1].seq == syn.seq + 77


def test_close_before_anything_was_said() -> None:
    path = Path(lambda _: [])
    connection = path.connect()
    path.close(A, connection)
    path.run()
    assert path.news == [(0, A, Closed(connection))]


def test_ports_are_not_given_twice() -> None:
    path = Path()
    first, second = path.connect(), path.connect()
    ports = [path.sent[number][1].src_port for number in (0, 1)]
    assert ports[0] != ports[1]
    with pytest.raises(ModelError, match=f"port {ports[0]} is connected to 10.0.0.3 already"):
        path.a.connect(A, B, PORT, 0, local_port=ports[0])
    assert (first, second) == (1, 2)


def test_wrong_settings() -> None:
    with pytest.raises(InputError, match=r'"cubik" is not a .* there are cubic, newreno; did'):
        TcpSettings(congestion_control="cubik")
    with pytest.raises(InputError, match="ack_every of TCP is at least 1, not 0"):
        TcpSettings(ack_every=0)
    with pytest.raises(InputError, match="retries of TCP is 0 or more, not -1"):
        TcpSettings(retries=-1)
    with pytest.raises(InputError, match="min_rto of TCP"):
        TcpSettings(min_rto=2 * SECOND, max_rto=SECOND)


def test_wrong_calls() -> None:
    path = Path()
    connection = path.connect()
    with pytest.raises(ModelError, match="there never was a TCP connection 7"):
        path.a.write(7, 1, 0)
    with pytest.raises(ValueError, match="0 bytes cannot be written"):
        path.a.write(connection, 0, 0)
    with pytest.raises(ModelError, match="has 0 bytes to read, not 1"):
        path.a.read(connection, 1, 0)
    path.write(A, connection, 1)
    path.close(A, connection)
    with pytest.raises(ModelError, match=f"connection {connection} is closed for writing"):
        path.a.write(connection, 1, 0)
