"""TCP through translators: whose flags keep a connection in memory, and for how long."""

from __future__ import annotations

import pytest

from overlaysim.overlay.icmp_errors import read_quoted, too_big
from overlaysim.overlay.ipvs import VirtualServer
from overlaysim.overlay.masquerade import Masquerade
from overlaysim.overlay.tcp_tracking import (
    CONNTRACK_TIMEOUTS,
    IPVS_TIMEOUTS,
    TcpState,
    TcpTrack,
    begins,
)
from overlaysim.units import SECOND
from overlaysim.wire import TCP, UDP, IPv4, Opaque, Packet
from overlaysim.wire.tcp import ACK, FIN, RST, SYN

CLIENT, BALANCER, VIP, TASK, OTHER = "10.0.1.4", "10.0.1.5", "10.0.1.6", "10.0.1.7", "10.0.1.8"
HOST, SITE = "10.77.0.11", "10.77.0.20"
OPENING = ((SYN, True), (SYN | ACK, False), (ACK, True))


def segment(source: str, port: int, target: str, to_port: int, flags: int, size: int = 0) -> Packet:
    ip = IPv4(source, target, 6, ident=7, df=True)
    return Packet((ip, TCP(port, to_port, 1000, 2000, flags, 500)), Opaque(size, "tcp"))


def ends(packet: Packet | None) -> tuple[str, int, str, int]:
    assert packet is not None
    ip, tcp = packet.layer(0, IPv4), packet.layer(1, TCP)
    return ip.src, tcp.src_port, ip.dst, tcp.dst_port


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        ((), TcpState.NONE), (OPENING[:1], TcpState.SYN_SENT), (OPENING[:2], TcpState.SYN_RECV),
        (OPENING, TcpState.ESTABLISHED), ((*OPENING, (FIN | ACK, True)), TcpState.FIN_WAIT),
        ((*OPENING, (FIN | ACK, True), (ACK, False)), TcpState.FIN_WAIT),
        ((*OPENING, (FIN | ACK, True), (FIN | ACK, False), (ACK, True)), TcpState.TIME_WAIT),
        ((*OPENING, (RST, False)), TcpState.CLOSE),
        ((*OPENING, (RST, False), (ACK, True)), TcpState.CLOSE),
        ((*OPENING, (FIN | ACK, True), (FIN | ACK, False), (SYN, True)), TcpState.SYN_SENT),
        (((ACK, True),), TcpState.ESTABLISHED),
    ],
)  # fmt: skip
def test_states(seen: tuple[tuple[int, bool], ...], state: TcpState) -> None:
    track = TcpTrack()
    for flags, from_client in seen:
        track.see(flags, from_client=from_client)
    assert track.state is state


def test_time_outs_of_both_memories() -> None:
    assert CONNTRACK_TIMEOUTS.keys() == IPVS_TIMEOUTS.keys() == set(TcpState)
    assert CONNTRACK_TIMEOUTS[TcpState.ESTABLISHED] == 432_000 * SECOND
    assert IPVS_TIMEOUTS[TcpState.ESTABLISHED] == 900 * SECOND
    assert [begins(flags) for flags in (SYN, SYN | ACK, ACK, SYN | RST)] == [
        True, False, False, False
    ]  # fmt: skip


# ---- virtual addresses ------------------------------------------------------------------------


def balancer() -> VirtualServer:
    made = VirtualServer(BALANCER)
    made.serve({VIP: {TASK: 1, OTHER: 1}})
    return made


def opened(made: VirtualServer, port: int = 5000, now: int = 0) -> str:
    """Shake hands through the balancer; returns the task."""
    there = ends(made.forward(segment(CLIENT, port, VIP, 80, SYN), now))
    made.reverse(segment(there[2], 80, BALANCER, there[1], SYN | ACK), now)
    made.forward(segment(CLIENT, port, VIP, 80, ACK), now)
    return there[2]


def test_connections_take_turns_and_are_translated_both_ways() -> None:
    made = balancer()
    assert [opened(made, port) for port in (1001, 1002, 1003)] == [TASK, OTHER, TASK]
    assert ends(made.forward(segment(CLIENT, 1002, VIP, 80, ACK, 100), 0)) == (
        BALANCER, 1002, OTHER, 80
    )  # fmt: skip
    assert ends(made.reverse(segment(OTHER, 80, BALANCER, 1002, ACK, 100), 0)) == (
        VIP, 80, CLIENT, 1002
    )  # fmt: skip


def test_only_a_syn_begins_a_connection() -> None:
    made = balancer()
    for flags in (ACK, SYN | ACK, FIN | ACK, RST):
        assert made.forward(segment(CLIENT, 5000, VIP, 80, flags), 0) is None
    assert made.forward(segment(CLIENT, 5000, VIP, 80, SYN), 0) is not None


def test_udp_and_tcp_of_one_port_are_two_flows() -> None:
    made = balancer()
    assert opened(made, 5000) == TASK
    datagram = Packet((IPv4(CLIENT, VIP, 17), UDP(5000, 80)), Opaque(5, "udp"))
    forward = made.forward(datagram, 0)
    assert forward is not None
    assert forward.layer(0, IPv4).dst == OTHER


@pytest.mark.parametrize(("last", "seconds"), [(ACK, 900), (FIN | ACK, 120), (RST, 10)])
def test_how_long_the_balancer_remembers(last: int, seconds: int) -> None:
    for late, known in ((0, False), (-1, True)):
        made = balancer()
        opened(made)
        made.forward(segment(CLIENT, 5000, VIP, 80, last), 0)
        again = made.forward(segment(CLIENT, 5000, VIP, 80, ACK), seconds * SECOND + late)
        assert (again is not None) is known


def test_news_of_a_narrow_path_reach_the_client() -> None:
    made = balancer()
    task = opened(made)
    sent = made.forward(segment(CLIENT, 5000, VIP, 80, ACK, 1398), 0)
    assert sent is not None
    error = too_big(sent, 1300, task)
    assert error is not None
    back = made.reverse(error, 0)
    assert back is not None
    assert (back.layer(0, IPv4).src, back.layer(0, IPv4).dst) == (VIP, CLIENT)
    quoted = read_quoted(bytes(back.payload))
    assert quoted is not None
    assert ends(quoted) == (CLIENT, 5000, VIP, 80)
    right = segment(CLIENT, 5000, VIP, 80, ACK, 1398).resolved().layer(1, TCP)
    assert quoted.layer(1, TCP).checksum == right.checksum


# ---- masquerading -----------------------------------------------------------------------------


def test_a_container_reaches_a_site_and_is_answered() -> None:
    nat = Masquerade(HOST)
    assert ends(nat.forward(segment("172.18.0.3", 5000, SITE, 80, SYN), 0)) == (
        HOST, 5000, SITE, 80
    )  # fmt: skip
    back = nat.reverse(segment(SITE, 80, HOST, 5000, SYN | ACK), 0)
    assert ends(back) == (SITE, 80, "172.18.0.3", 5000)
    other = nat.forward(segment("172.18.0.4", 5000, SITE, 80, SYN), 0)
    assert ends(other) == (HOST, 5001, SITE, 80)


def test_a_checksum_that_is_explicit_stays_right() -> None:
    nat = Masquerade(HOST)
    sent = segment("172.18.0.3", 5000, SITE, 80, SYN).resolved()
    seen = nat.forward(sent, 0)
    assert seen is not None
    assert seen.layer(1, TCP).checksum == seen.recomputed().resolved().layer(1, TCP).checksum


def test_a_stray_reset_begins_nothing_and_a_stray_segment_does() -> None:
    nat = Masquerade(HOST)
    assert nat.forward(segment("172.18.0.3", 5000, SITE, 80, RST), 0) is None
    assert nat.forward(segment("172.18.0.3", 5000, SITE, 80, ACK), 0) is not None  # tcp_loose
    assert nat.reverse(segment(SITE, 81, HOST, 5000, ACK), 0) is None


def test_how_long_a_host_remembers() -> None:
    for flags, seconds in ((SYN, 120), (ACK, 432_000), (RST, 10)):
        nat = Masquerade(HOST)
        nat.forward(segment("172.18.0.3", 5000, SITE, 80, SYN), 0)
        nat.forward(segment("172.18.0.3", 5000, SITE, 80, flags), 0)
        reply = segment(SITE, 80, HOST, 5000, ACK)
        assert nat.reverse(reply, seconds * SECOND) is None
        nat = Masquerade(HOST)
        nat.forward(segment("172.18.0.3", 5000, SITE, 80, SYN), 0)
        nat.forward(segment("172.18.0.3", 5000, SITE, 80, flags), 0)
        assert nat.reverse(reply, seconds * SECOND - 1) is not None
