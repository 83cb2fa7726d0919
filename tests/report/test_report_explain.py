from __future__ import annotations

import re
from dataclasses import replace

from overlaysim.report import explain_lookup, explain_packet
from overlaysim.report.explain import describe_packet
from overlaysim.sim import Hop, Journey, Ledger, composition
from overlaysim.sim.events import FlowMasqueraded, LookedUp
from overlaysim.units import SECOND, US
from overlaysim.wire import ARP, ICMP, TCP, UDP, VXLAN, Ethernet, IPv4, Opaque, Packet
from overlaysim.wire.tcp import ACK, FIN, PSH, RST, SYN

ETHERNET = Ethernet("02:42:0a:00:01:02", "02:42:0a:00:01:04")
PING = Packet((ETHERNET, IPv4("10.0.1.4", "10.0.1.2"), ICMP(8, 0, 1, 2)), Opaque(56))
WRAPPED = PING.wrap(
    ETHERNET, IPv4("10.77.0.12", "10.77.0.11"), UDP(49974, 4789), VXLAN(4097)
)  # fmt: skip
SENT = 1_376_000


def ping(hops: int = 2) -> Journey:
    """An echo request from host-b to host-a, on its way."""
    journey = Journey(
        1, "data", 5 * SECOND, source="client@host-b", intended="web@host-a", protocol="icmp",
        message=("ping", "client@host-b", 1, 2, "request"),
    )  # fmt: skip
    journey.packet, journey.length, journey.destination = WRAPPED, WRAPPED.length, "host-a"
    journey.tunnel = ("vxlan0", "VNI 4097")
    journey.composition = composition("data", 56, 42, 8, 42)
    born, cross = journey.born, SENT + 50 * US
    waited = 3 * US
    journey.hops = [
        Hop("host-b->switch", born, born, born + cross, 0, 148),
        Hop("switch->host-a", born + cross, born + cross + waited, born + 2 * cross + waited, 2,
            148),
    ][:hops]  # fmt: skip
    journey.transmit, journey.propagate = hops * SENT, hops * 50 * US
    journey.queue = waited if hops == 2 else 0
    return journey


def test_a_packet_that_arrived() -> None:
    journey = ping()
    Ledger().deliver(journey, journey.born + sum(journey.parts), "web@host-a")
    notes = [("name", "web = 10.0.1.2", "host-b's own table"), ("arp", "known", "nothing sent")]
    assert explain_packet(journey, notes).splitlines() == [
        "echo request 2, client -> web, arrived after 105.752 us",
        "  name  web = 10.0.1.2  host-b's own table",
        "  arp   known           nothing sent",
        "  where             what                                        at, us  waited"
        "  on the wire",
        "  client eth0       ICMP 64 in IPv4 84                           0.000",
        "  host-b vxlan0     VNI 4097 -> 10.77.0.11, UDP 49974 -> 4789    0.000        "
        "  148 B, 50 for the overlay",
        "  host-b -> switch  queue empty                                  0.000   0.000"
        "  172 B with FCS, preamble, gap",
        "  switch -> host-a  2 ahead in the queue                        51.376   3.000  172 B",
        "  host-a vxlan0     VNI 4097, unwrapped                        105.752",
        "  web eth0          received                                   105.752",
        "latency 105.752 us = queueing 3.000 + transmission 2.752 + propagation 100.000",
    ]


def test_a_packet_that_its_host_masqueraded() -> None:
    journey = ping()
    frame = Packet((ETHERNET, IPv4("10.77.0.12", "10.77.0.20"), ICMP(8, 0, 8, 2)), Opaque(56))
    journey.packet, journey.length, journey.intended = frame, frame.length, "db"
    Ledger().deliver(journey, journey.born + sum(journey.parts), "db")
    flow = FlowMasqueraded(
        5 * SECOND, "host-b", "docker_gwbridge@host-b", "client@host-b", "eth1", "icmp",
        "172.18.0.3", 7, "10.77.0.20", 0, 8,
    )  # fmt: skip
    lines = explain_packet(journey, masqueraded=flow).splitlines()
    assert [" ".join(line.split()) for line in lines[2:4]] == [
        "client eth1 ICMP 64 in IPv4 84 0.000",
        "host-b NAT 172.18.0.3 id 7 -> 10.77.0.12 id 8 0.000 98 B",
    ]
    assert lines[-2].split()[:2] == ["db", "received"]


def test_a_packet_that_was_dropped() -> None:
    journey = ping(hops=1)
    Ledger().drop(journey, journey.born + 60 * US, "link down", "switch->host-a")
    lines = explain_packet(journey).splitlines()
    assert lines[0] == "echo request 2, client -> web, dropped after 60.000 us: link down"
    assert lines[-2].split("  ")[1] == "switch -> host-a"
    assert "dropped: link down" in lines[-2]
    assert lines[-1] == "link down: sent over, or caught on, a link that is down"


def test_a_packet_on_its_way_and_one_gone_astray() -> None:
    journey = ping(hops=1)
    lines = explain_packet(journey).splitlines()
    assert lines[0].endswith("still on its way")
    assert lines[-1].startswith("time so far 51.376 us = ")
    Ledger().deliver(journey, journey.born + sum(journey.parts), "other@host-a")
    assert "arrived after 51.376 us, but at other" in explain_packet(journey)


def test_a_packet_that_was_cut_and_put_together() -> None:
    journey = ping()
    first, second = journey.hops or ()
    journey.hops = [first, replace(second, length=100)]
    journey.queue += 2 * US  # for its second fragment, at host-a
    Ledger().deliver(journey, journey.born + sum(journey.parts), "web@host-a")
    lines = [re.sub(r" {2,}", "  ", line.strip()) for line in explain_packet(journey).splitlines()]
    assert lines[4:8] == [
        "host-b -> switch  queue empty  0.000  0.000  172 B with FCS, preamble, gap",
        "switch -> host-a  2 ahead in the queue, first fragment  51.376  3.000  124 B",
        "host-a  put together from its fragments  107.752  2.000",
        "host-a vxlan0  VNI 4097, unwrapped  107.752",
    ]


def test_a_first_fragment_that_was_dropped() -> None:
    journey = ping(hops=1)
    journey.length = 100
    Ledger().drop(journey, journey.born + sum(journey.parts), "queue full", "switch->host-a")
    text = explain_packet(journey)
    assert "148 B, 50 for the overlay" in text
    assert "put together" not in text


def test_bare_traffic_has_only_a_length() -> None:
    journey = Journey(7, "data", 0, source="host-a", intended="host-b", protocol="udp")
    journey.length, journey.transmit = 1092, 8
    journey.hops = [Hop("host-a->host-b", 0, 0, 8, 0, 1092)]
    Ledger().deliver(journey, 8, "host-b")
    text = explain_packet(journey, extra=0)
    assert text.startswith("udp packet 7, host-a -> host-b, arrived after 0.000 us\n")
    assert "1092 B\n" in text
    assert "vxlan" not in text
    assert "FCS" not in text


def test_packets_in_words() -> None:
    ip = IPv4("10.0.1.4", "10.0.1.2")
    assert describe_packet(WRAPPED) == "ICMP 64 in IPv4 84"
    datagram = Packet((ETHERNET, ip, UDP(4000, 53)), Opaque(100))
    assert describe_packet(datagram) == "UDP 4000 -> 53, 108 in IPv4 128"
    for flags, words in ((ACK, ""), (SYN | ACK, " SYN"), (FIN | PSH | ACK, " FIN"), (RST, " RST")):
        segment = Packet((ETHERNET, IPv4("1.2.3.4", "1.2.3.5"), TCP(80, 4000, 1, 2, flags, 500)))
        assert describe_packet(segment) == f"TCP 80 -> 4000{words}, 20 in IPv4 40"
    arp = ARP(1, "02:42:0a:00:01:04", "10.0.1.4", "00:00:00:00:00:00", "10.0.1.2")
    assert describe_packet(Packet((ETHERNET, arp))) == "ARP request for 10.0.1.2"
    later = Packet((ETHERNET, IPv4("10.0.1.4", "10.0.1.2", protocol=1, offset=1424)), Opaque(7))
    assert describe_packet(later) == "fragment from byte 1424 on, 7 in IPv4 27"
    first = Packet((ETHERNET, IPv4("10.0.1.4", "10.0.1.2", mf=True), ICMP(8)), Opaque(1416))
    assert describe_packet(first) == "ICMP 1424 in IPv4 1444, first fragment"


def looked_up(network: str, rcode: str, answers: tuple[str, ...], forwarded: bool) -> LookedUp:
    return LookedUp(SECOND, 100 * US, "host-b", "client@host-b", ("one", "two"), network, "web\x1b",
                    "A", rcode, answers, forwarded)  # fmt: skip


def test_look_ups_in_words() -> None:
    known = explain_lookup(looked_up("two", "NOERROR", ("10.0.1.2",), False), [("why", "x", "y")])
    assert known.splitlines() == [
        "client@host-b on host-b asked for web\\x1b (A) and had 10.0.1.2 after 100.000 us, "
        "at 1.000 s",
        "  answered from host-b's own table of network two; searched in this order: one, two",
        "  why  x  y",
    ]
    assert (
        "unknown in one, two, so forwarded upstream, which said SERVFAIL"
        in explain_lookup(looked_up("", "SERVFAIL", (), True))
    )  # fmt: skip
    assert explain_lookup(looked_up("", "NXDOMAIN", (), False)).endswith(
        "unknown in one, two: NXDOMAIN\n"
    )
