"""Source NAT on packets in a list: numbers, both directions, errors, how long a flow lasts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.overlay.fragments import fragment
from overlaysim.overlay.icmp_errors import icmp_error, read_quoted
from overlaysim.overlay.masquerade import (
    ICMP_TIMEOUT,
    UDP_STREAM_TIMEOUT,
    UDP_TIMEOUT,
    Masquerade,
    MasqueradedFlow,
)
from overlaysim.overlay.nat import next_free
from overlaysim.overlay.reassembly import Reassembler
from overlaysim.units import SECOND
from overlaysim.wire import ICMP, UDP, IPv4, Opaque, Packet, decode
from overlaysim.wire.icmp import ECHO_REPLY, ECHO_REQUEST, PORT_UNREACHABLE, UNREACHABLE

ONE, TWO = "172.18.0.3", "172.18.0.4"
HOST, DATABASE, CACHE, ROUTER = "10.77.0.11", "10.77.0.20", "10.77.0.21", "10.77.0.1"

Ends = tuple[str, int, str, int]


def datagram(source: str, port: int, target: str, to_port: int, size: int = 20) -> Packet:
    return Packet((IPv4(source, target, 17, ident=77), UDP(port, to_port)), Opaque(size, "udp"))


def echo(kind: int, source: str, target: str, ident: int, sequence: int = 1) -> Packet:
    return Packet((IPv4(source, target, 1, ident=9), ICMP(kind, 0, ident, sequence)), b"x" * 56)


def ends(packet: Packet | None) -> Ends:
    """Addresses with ports; an echo has its identifier at both ends."""
    assert packet is not None
    ip, transport = packet.layer(0, IPv4), packet.layers[1]
    if isinstance(transport, ICMP):
        return ip.src, transport.ident, ip.dst, transport.ident
    assert isinstance(transport, UDP)
    return ip.src, transport.src_port, ip.dst, transport.dst_port


def send(nat: Masquerade, source: str, port: int, target: str = DATABASE, now: int = 0) -> int:
    """The port by which the target sees a datagram to its port 53."""
    seen = ends(nat.forward(datagram(source, port, target, 53), now))
    assert (seen[0], *seen[2:]) == (HOST, target, 53)
    return seen[1]


def answer(nat: Masquerade, port: int, now: int = 0) -> Packet | None:
    return nat.reverse(datagram(DATABASE, 53, HOST, port), now)


# ---- both directions ------------------------------------------------------------------------


def test_a_datagram_leaves_as_the_hosts_own_and_the_answer_finds_back() -> None:
    nat = Masquerade(HOST)
    out = nat.forward(datagram(ONE, 40_000, DATABASE, 53), 0)
    assert ends(out) == (HOST, 40_000, DATABASE, 53)
    back = nat.reverse(datagram(DATABASE, 53, HOST, 40_000), 1)
    assert ends(back) == (DATABASE, 53, ONE, 40_000)


def test_an_echo_request_and_its_reply() -> None:
    nat = Masquerade(HOST)
    out = nat.forward(echo(ECHO_REQUEST, ONE, DATABASE, 4711), 0)
    assert ends(out) == (HOST, 4711, DATABASE, 4711)
    back = nat.reverse(echo(ECHO_REPLY, DATABASE, HOST, 4711), 1)
    assert ends(back) == (DATABASE, 4711, ONE, 4711)


@pytest.mark.parametrize(
    "packet",
    [datagram(ONE, 40_000, DATABASE, 53), echo(ECHO_REQUEST, ONE, DATABASE, 7)],
    ids=["udp", "icmp"],
)
def test_a_hop_is_counted_and_the_bytes_are_right(packet: Packet) -> None:
    out = Masquerade(HOST).forward(packet, 0)
    assert out is not None
    assert out.layer(0, IPv4).ttl == packet.layer(0, IPv4).ttl - 1
    assert out.payload == packet.payload
    read = decode(out.pack(), IPv4)
    assert read.recomputed().pack() == out.pack()  # checksums are those of the new header


@given(st.binary(min_size=1, max_size=4000), st.booleans())
def test_a_packet_that_was_cut_and_joined_has_the_right_checksum(data: bytes, udp: bool) -> None:
    header = UDP(40_000, 53) if udp else ICMP(ECHO_REQUEST, 0, 4711, 1)
    whole = Packet((IPv4(ONE, DATABASE), header), data)
    reassembler, joined = Reassembler(), None
    for piece in fragment(whole, 576):
        joined = reassembler.receive(decode(piece.pack(), IPv4), 0)
    assert joined is not None
    nat = Masquerade(HOST)
    nat.forward(datagram(TWO, 40_000, DATABASE, 53), 0)  # so that the port changes as well
    nat.forward(echo(ECHO_REQUEST, TWO, DATABASE, 4711), 0)
    out = nat.forward(joined.packet, 0)
    assert ends(out)[1] in (40_001, 4712)
    assert out is not None
    assert out.recomputed().pack() == out.pack()


def test_nobody_gets_what_no_flow_asked_for() -> None:
    nat = Masquerade(HOST)
    send(nat, ONE, 40_000)
    assert nat.reverse(datagram(DATABASE, 54, HOST, 40_000), 0) is None
    assert nat.reverse(datagram(CACHE, 53, HOST, 40_000), 0) is None
    assert nat.reverse(datagram(DATABASE, 53, HOST, 40_001), 0) is None
    assert nat.reverse(datagram(DATABASE, 53, "10.77.0.12", 40_000), 0) is None
    assert nat.reverse(echo(ECHO_REPLY, DATABASE, HOST, 40_000), 0) is None
    assert nat.reverse(echo(ECHO_REQUEST, DATABASE, HOST, 40_000), 0) is None


def test_a_reply_begins_no_flow_and_neither_does_another_protocol() -> None:
    nat = Masquerade(HOST)
    assert nat.forward(echo(ECHO_REPLY, ONE, DATABASE, 5), 0) is None
    assert nat.forward(Packet((IPv4(ONE, DATABASE, 50),), b"x" * 40), 0) is None


# ---- numbers --------------------------------------------------------------------------------


def test_a_port_in_use_gives_way_to_the_next() -> None:
    nat = Masquerade(HOST)
    assert send(nat, ONE, 40_000) == 40_000
    assert send(nat, TWO, 40_000) == 40_001
    assert send(nat, ONE, 40_001) == 40_002
    assert send(nat, TWO, 40_000) == 40_001  # a flow keeps its own
    assert ends(answer(nat, 40_001)) == (DATABASE, 53, TWO, 40_000)
    assert ends(answer(nat, 40_002)) == (DATABASE, 53, ONE, 40_001)


def test_flows_to_different_ends_may_have_the_same_port() -> None:
    nat = Masquerade(HOST)
    assert send(nat, ONE, 40_000, DATABASE) == 40_000
    assert send(nat, TWO, 40_000, CACHE) == 40_000


def test_an_identifier_in_use_gives_way_too_and_wraps() -> None:
    nat = Masquerade(HOST)
    for container, seen in ((ONE, 0xFFFF), (TWO, 0)):
        out = nat.forward(echo(ECHO_REQUEST, container, DATABASE, 0xFFFF), 0)
        assert ends(out)[1] == seen
    back = nat.reverse(echo(ECHO_REPLY, DATABASE, HOST, 0), 1)
    assert ends(back) == (DATABASE, 0xFFFF, TWO, 0xFFFF)


@pytest.mark.parametrize(
    ("port", "seen"), [(511, 1), (200, 201), (1023, 600), (512, 600), (65_535, 1024)]
)
def test_a_port_stays_in_its_class(port: int, seen: int) -> None:
    nat = Masquerade(HOST)
    send(nat, ONE, port)
    assert send(nat, TWO, port) == seen


def test_a_port_of_the_host_itself_is_left_alone() -> None:
    nat = Masquerade(HOST, lambda port: port == 7946)
    assert send(nat, ONE, 7946) == 7947
    out = nat.forward(echo(ECHO_REQUEST, ONE, DATABASE, 7946), 0)
    assert ends(out)[1] == 7946  # an identifier is no port


def test_without_a_free_port_there_is_no_way() -> None:
    nat = Masquerade(HOST, lambda port: port > 3)
    assert [send(nat, ONE, port) for port in (1, 2, 3)] == [1, 2, 3]
    assert nat.forward(datagram(TWO, 1, DATABASE, 53), 0) is None
    assert send(nat, TWO, 1, now=UDP_TIMEOUT) == 1  # the others are over


@pytest.mark.parametrize(
    ("wanted", "taken", "number"),
    [(5, set(), 5), (5, {5}, 6), (9, {9}, 3), (9, {9, 3}, 4), (1, {1}, 3), (1, set(), 1),
     (7, set(range(10)), None)],
)  # fmt: skip
def test_the_next_free_number(wanted: int, taken: set[int], number: int | None) -> None:
    assert next_free(wanted, 3, 9, lambda candidate: candidate not in taken) == number


# ---- time -----------------------------------------------------------------------------------


def test_a_flow_without_an_answer_is_forgotten_after_30_seconds() -> None:
    late, in_time = Masquerade(HOST), Masquerade(HOST)
    for nat in (late, in_time):
        send(nat, ONE, 40_000)
    assert answer(late, 40_000, UDP_TIMEOUT) is None
    assert answer(in_time, 40_000, UDP_TIMEOUT - 1) is not None


def test_sending_keeps_a_flow_alive() -> None:
    nat = Masquerade(HOST)
    for second in range(0, 100, 20):
        send(nat, ONE, 40_000, now=second * SECOND)
    assert answer(nat, 40_000, 80 * SECOND + UDP_TIMEOUT - 1) is not None


@pytest.mark.parametrize(
    ("age", "timeout"), [(2 * SECOND, UDP_TIMEOUT), (2 * SECOND + 1, UDP_STREAM_TIMEOUT)]
)
def test_an_answered_flow_lasts_120_seconds_once_it_is_two_seconds_old(
    age: int, timeout: int
) -> None:
    late, in_time = Masquerade(HOST), Masquerade(HOST)
    for nat in (late, in_time):
        send(nat, ONE, 40_000)
        assert answer(nat, 40_000, 1) is not None
        send(nat, ONE, 40_000, now=age)
    assert answer(late, 40_000, age + timeout) is None
    assert answer(in_time, 40_000, age + timeout - 1) is not None


def test_an_old_flow_that_nobody_answers_is_no_stream() -> None:
    nat = Masquerade(HOST)
    send(nat, ONE, 40_000)
    send(nat, ONE, 40_000, now=10 * SECOND)
    assert answer(nat, 40_000, 10 * SECOND + UDP_TIMEOUT) is None


def test_echoes_are_remembered_for_30_seconds_after_the_last_one() -> None:
    nat = Masquerade(HOST)
    nat.forward(echo(ECHO_REQUEST, ONE, DATABASE, 5), 0)
    reply = echo(ECHO_REPLY, DATABASE, HOST, 5)
    assert nat.reverse(reply, 5 * SECOND) is not None
    assert nat.reverse(reply, 5 * SECOND + ICMP_TIMEOUT - 1) is not None
    assert nat.reverse(reply, 5 * SECOND + 2 * ICMP_TIMEOUT) is None


def test_the_port_of_a_flow_that_is_over_is_free_again() -> None:
    nat = Masquerade(HOST)
    send(nat, ONE, 40_000)
    assert send(nat, TWO, 40_000, now=UDP_TIMEOUT) == 40_000
    assert ends(answer(nat, 40_000, UDP_TIMEOUT)) == (DATABASE, 53, TWO, 40_000)


def test_each_flow_is_told_once_and_what_is_over_is_forgotten() -> None:
    nat = Masquerade(HOST)
    told: list[MasqueradedFlow] = []
    nat.on_flow = told.append
    for number in range(5000):
        for _ in range(2):
            send(nat, ONE, 1024 + number, now=number * SECOND)
    assert [flow.port for flow in told] == list(range(1024, 6024))
    assert len(nat._flows) == len(nat._returns) < 2000


# ---- errors ---------------------------------------------------------------------------------


@pytest.mark.parametrize("reporter", [DATABASE, ROUTER])
@pytest.mark.parametrize(
    "packet",
    [datagram(TWO, 40_000, DATABASE, 53, size=900), echo(ECHO_REQUEST, TWO, DATABASE, 4711)],
    ids=["udp", "icmp"],
)
def test_an_error_finds_the_container_and_quotes_what_that_sent(
    reporter: str, packet: Packet
) -> None:
    nat = Masquerade(HOST)
    nat.forward(datagram(ONE, 40_000, DATABASE, 53), 0)
    nat.forward(echo(ECHO_REQUEST, ONE, DATABASE, 4711), 0)
    out = nat.forward(packet, 0)
    assert out is not None
    assert ends(out)[1] in (40_001, 4712)
    error = icmp_error(out, reporter, UNREACHABLE, PORT_UNREACHABLE)
    assert error is not None
    back = nat.reverse(decode(error.pack(), IPv4), 1)
    assert back is not None
    ip = back.layer(0, IPv4)
    assert (ip.src, ip.dst, ip.ttl) == (reporter, TWO, 63)
    assert back.recomputed().pack() == back.pack()
    quoted = read_quoted(bytes(back.payload))
    assert ends(quoted) == ends(packet)
    sent = packet.replace(0, packet.layer(0, IPv4).replace(ttl=63)).pack()
    assert bytes(back.payload) == sent[: len(back.payload)]  # as the host passed it on


def test_an_error_of_a_container_about_an_answer_leaves_as_the_hosts() -> None:
    nat = Masquerade(HOST)
    send(nat, ONE, 40_000)
    send(nat, TWO, 40_000)
    back = answer(nat, 40_001)
    assert back is not None
    error = icmp_error(back, TWO, UNREACHABLE, PORT_UNREACHABLE)
    assert error is not None
    out = nat.forward(decode(error.pack(), IPv4), 0)
    assert out is not None
    assert (out.layer(0, IPv4).src, out.layer(0, IPv4).dst) == (HOST, DATABASE)
    assert ends(read_quoted(bytes(out.payload))) == (DATABASE, 53, HOST, 40_001)
    assert out.recomputed().pack() == out.pack()


def test_an_error_about_no_flow_or_about_too_little_is_nobodys() -> None:
    nat = Masquerade(HOST)
    out = nat.forward(datagram(ONE, 40_000, DATABASE, 53), 0)
    assert out is not None
    error = icmp_error(out, DATABASE, UNREACHABLE, PORT_UNREACHABLE)
    assert error is not None
    short = Packet(error.layers, bytes(error.payload)[:22])
    assert nat.reverse(short, 0) is None
    assert nat.forward(short, 0) is None
    assert nat.reverse(error, UDP_TIMEOUT) is None


def test_an_error_does_not_keep_a_flow_alive() -> None:
    nat = Masquerade(HOST)
    out = nat.forward(datagram(ONE, 40_000, DATABASE, 53), 0)
    assert out is not None
    error = icmp_error(out, DATABASE, UNREACHABLE, PORT_UNREACHABLE)
    assert error is not None
    assert nat.reverse(error, UDP_TIMEOUT - 1) is not None
    assert nat.reverse(error, UDP_TIMEOUT) is None
