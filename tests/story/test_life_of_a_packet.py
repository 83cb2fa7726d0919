"""The life of a packet, step by step: a ping of 56 bytes from one host to another and back.

README shows the same steps.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from story_walk import Call, Steps, Walk, steps_in_readme

from overlaysim import Lab
from overlaysim.traffic.messages import EchoReply, Resolved, SendEcho
from overlaysim.units import US
from overlaysim.wire import (
    ICMP,
    UDP,
    VXLAN,
    Ethernet,
    IPv4,
    Packet,
    checksum,
    decode,
    read_pcap,
)
from overlaysim.wire.dns import Record

STEPS: Steps = (
    ("traffic/ping.py:Ping.start",),
    (
        "host/container.py:Execution._carry",
        "host/resolver.py:ask",
        "naming/resolver.py:resolve",
    ),
    ("traffic/ping.py:Ping.receive",),
    (
        "host/stack.py:Stack.send_echo",
        "host/ip.py:IpLayer.route",
        "overlay/fragments.py:fragment",
    ),
    (
        "host/interface.py:Interface.send",
        "overlay/neighbours.py:NeighbourCache.send",
        "host/segment.py:Segment.resolve",
        "overlay/vtep.py:Vtep.neighbour",
    ),
    ("host/segment.py:Segment.forward", "overlay/vtep.py:Vtep.forward"),
    (
        "host/datapath.py:Datapath.tunnel",
        "overlay/encapsulation/declaration.py:Encapsulation.encapsulate",
        "overlay/flow.py:source_port",
    ),
    (
        "host/outer.py:OuterIp.send",
        "underlay/network.py:Underlay.send",
        "underlay/link.py:Link.send",
        "underlay/link.py:Link._arrive",
    ),
    (
        "host/datapath.py:Datapath.receive",
        "overlay/encapsulation/declaration.py:Encapsulation.decapsulate",
        "host/segment.py:Segment.from_tunnel",
        "overlay/vtep.py:Vtep.admit",
    ),
    (
        "host/ip.py:IpLayer.take",
        "sim/journey.py:Ledger.deliver",
        "host/stack.py:Stack._answer_echo",
    ),
    ("traffic/ping.py:Ping.receive",),
)

A, B = "container-on-host-a", "container-on-host-b"
IP_A, IP_B = "10.0.1.2", "10.0.1.4"
MAC_A, MAC_B = "02:42:0a:00:01:02", "02:42:0a:00:01:04"
HOST_A, HOST_B = "10.77.0.11", "10.77.0.12"
ONE_LINK = 50 * US + 172 * 8 * 1000
"""Picoseconds for 148 bytes and 24 of Ethernet over 50 us at 1 Gbit/s."""
CAPTURE = Path(__file__).parents[1] / "data" / "pcaps" / "docker-ping-vxlan.pcap"


def test_readme_shows_these_steps() -> None:
    assert steps_in_readme("The life of a packet") == [set(step) for step in STEPS]


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> Walk:
    """Everything that one ping called."""
    walk = Walk(STEPS, monkeypatch)
    lab = Lab(seed=7)
    walk.now = lambda: lab.now
    for host, command in (
        ("host-a", "docker swarm init"),
        ("host-a", "docker network create --driver overlay --attachable app-overlay"),
        ("host-a", f"docker run -d --network app-overlay --name {A} alpine sleep 1000"),
        ("host-b", f"docker run -d --network app-overlay --name {B} alpine sleep 1000"),
    ):
        assert lab[host](command).status == 0
    walk.here()
    walk.output = lab["host-b"](f"docker exec {B} ping -c 1 {A}")
    return walk


def is_data(call: Call) -> bool:
    """Whether a call is about a container's packet, not about one of the control plane."""
    return any(getattr(argument, "kind", "") == "data" for argument in call.args)


def test_a_packet_lives(walk: Walk) -> None:
    ping, asked_at = ask_for_the_name(walk)
    sent_at, packet = send_the_echo(walk, ping, asked_at)
    frame = find_the_mac(walk, packet)
    outer = wrap(walk, frame)
    cross_the_underlay(walk, outer, sent_at)
    unwrap(walk, outer, frame, sent_at)
    arrive(walk, ping, sent_at)
    walk.assert_complete()
    assert "64 bytes from 10.0.1.2: seq=0 ttl=64 time=0.205 ms" in walk.output


def ask_for_the_name(walk: Walk) -> tuple[object, int]:
    """Steps 1 and 2: the program asks, the host's own table answers 200 us later."""
    ping = walk.to("traffic/ping.py:Ping.start").args[0]
    asked = walk.to("host/container.py:Execution._carry")
    assert asked.args[1].name == A
    asking = walk.to("host/resolver.py:ask")
    assert asking.at - asked.at == 200 * US
    answer = walk.to("naming/resolver.py:resolve")
    assert answer.args[:2] == (A, "A")
    assert [network for network, _ in answer.args[2]] == ["app-overlay"]
    assert answer.result.records == (Record(A, "A", 600, IP_A),)
    assert not answer.result.forward
    return ping, asked.at


def send_the_echo(walk: Walk, ping: object, asked_at: int) -> tuple[int, Packet]:
    """Steps 3 and 4: ICMP in IPv4, 84 bytes, which fit the MTU of 1450 and so have DF."""
    heard = walk.to("traffic/ping.py:Ping.receive")
    assert heard.args[0] is ping
    assert isinstance(heard.args[1], Resolved)
    assert heard.at - asked_at == 200 * US
    sending = walk.to("host/stack.py:Stack.send_echo")
    echo = sending.args[2]
    assert echo == SendEcho(IP_A, echo.ident, 0, 56, None)
    interface, next_hop = walk.to("host/ip.py:IpLayer.route").result
    assert (interface.name, interface.mac, next_hop) == ("eth0", MAC_B, IP_A)
    cut = walk.to("overlay/fragments.py:fragment")
    packet, mtu = cut.args
    assert mtu == 1450
    assert cut.result == [packet]
    data = packet.pack()
    assert len(data) == packet.length == 84
    assert (data[0], data[6] & 0x40, data[8], data[9]) == (0x45, 0x40, 64, 1)
    assert checksum(data[:20]) == 0
    assert checksum(data[20:]) == 0
    assert data[20:22] == b"\x08\x00"
    return heard.at, packet


def find_the_mac(walk: Walk, packet: Packet) -> Packet:
    """Steps 5 and 6: the VXLAN device answers ARP and knows the host; nothing is sent for it."""
    leaving = walk.to("host/interface.py:Interface.send")
    assert leaving.args[2:] == (packet, IP_A)
    asking = walk.to("overlay/neighbours.py:NeighbourCache.send")
    assert asking.result is None  # it has to ask, and the packet waits
    resolving = walk.to("host/segment.py:Segment.resolve")
    assert resolving.args[2] == IP_A
    assert walk.to("overlay/vtep.py:Vtep.neighbour").result == resolving.result == MAC_A
    sent = walk.all("underlay/network.py:Underlay.send")
    assert "arp" not in {call.args[1].kind for call in sent}
    forwarding = walk.to("host/segment.py:Segment.forward")
    frame = forwarding.args[2]
    assert frame.length == 98
    assert frame.layers == (Ethernet(MAC_A, MAC_B), *packet.layers)
    assert forwarding.at == leaving.at
    finding = walk.to("overlay/vtep.py:Vtep.forward")
    assert finding.args[1] == MAC_A
    assert finding.result == HOST_A
    assert isinstance(frame, Packet)
    return frame


def wrap(walk: Walk, frame: Packet) -> Packet:
    """Step 7: 98 bytes become 148."""
    tunnel = walk.to("host/datapath.py:Datapath.tunnel")
    assert tunnel.args[3:] == (frame, HOST_A)
    outer = walk.to("overlay/encapsulation/declaration.py:Encapsulation.encapsulate").result
    port = walk.to("overlay/flow.py:source_port").result
    assert 32_768 <= port <= 60_999
    data = outer.pack()
    assert len(data) == outer.length == 148
    ethernet, ip, udp, vxlan, *inside = decode(data).layers
    assert (ethernet.src, ethernet.dst) == ("02:00:0a:4d:00:0c", "02:00:0a:4d:00:0b")
    assert (ip.src, ip.dst, ip.ttl, ip.df, ip.tos, ip.total_length) == (
        HOST_B, HOST_A, 64, False, 0, 134,
    )  # fmt: skip
    assert checksum(data[14:34]) == 0
    assert (udp.src_port, udp.dst_port, udp.length) == (port, 4789, 114)
    assert udp.checksum != 0
    pseudo_header = ip.pseudo_header_sum(17, 114)
    assert checksum(data[34:], pseudo_header) == 0
    assert (vxlan.flags, vxlan.vni) == (0x08, 4097)
    assert [type(layer) for layer in inside] == [Ethernet, IPv4, ICMP]
    assert data[50:] == frame.pack()
    assert looks_like_the_real_one(decode(data))
    assert isinstance(outer, Packet)
    return outer


def looks_like_the_real_one(packet: Packet) -> bool:
    """Whether all fields are those of the first frame of a capture of Docker.

    What differs there by chance is left out: MACs of hosts, identifiers, what follows from them.
    """
    by_chance = {
        Ethernet: {"src", "dst"},
        IPv4: {"ident", "checksum"},
        UDP: {"src_port", "checksum"},
        VXLAN: set(),
        ICMP: {"ident", "sequence", "checksum"},  # busybox counts from 0, iputils from 1
    }
    real = decode(next(iter(read_pcap(CAPTURE)))[1])
    for index, (ours, theirs) in enumerate(zip(packet.layers, real.layers, strict=True)):
        assert type(ours) is type(theirs)
        chance = set() if index == 4 else by_chance[type(ours)]  # the inner MACs are Docker's
        for field, value in ours.as_dict().items():
            if field not in chance:
                assert value == theirs.as_dict()[field], (type(ours).__name__, field)
    return packet.payload_length == real.payload_length == 56


def cross_the_underlay(walk: Walk, outer: Packet, sent_at: int) -> None:
    """Step 8: two links, on each 1.376 us of transmission and 50 us of propagation."""
    putting = walk.to("host/outer.py:OuterIp.send", is_data)
    assert putting.args[2] == outer
    assert putting.args[0].mtu(putting.args[3]) == 1500
    leaving = walk.to("underlay/network.py:Underlay.send", is_data)
    journey = leaving.args[1]
    assert (leaving.args[2], journey.destination, leaving.at) == ("host-b", "host-a", sent_at)
    assert (journey.length, journey.packet) == (148, outer)
    parts = journey.composition
    assert (parts.payload, parts.inner_headers, parts.encapsulation, parts.outer_headers) == (
        56, 42, 8, 42,
    )  # fmt: skip
    for number, name in enumerate(("host-b->switch", "switch->host-a")):
        entering = walk.to("underlay/link.py:Link.send", is_data)
        assert (entering.args[0].name, entering.at - sent_at) == (name, number * ONE_LINK)
        leaving = walk.to("underlay/link.py:Link._arrive", is_data)
        assert (leaving.args[0].name, leaving.at - sent_at) == (name, (number + 1) * ONE_LINK)
        assert leaving.args[1] is journey


def unwrap(walk: Walk, outer: Packet, frame: Packet, sent_at: int) -> None:
    """Step 9: the frame comes out as it went in, and its source is where the records say."""
    receiving = walk.to("host/datapath.py:Datapath.receive", is_data)
    assert receiving.at - sent_at == 2 * ONE_LINK == 102_752_000
    assert receiving.args[0].me.name == "host-a"
    opening = walk.to("overlay/encapsulation/declaration.py:Encapsulation.decapsulate")
    assert opening.args[1] == outer
    assert opening.result == (4097, frame)
    plugged = walk.to("host/segment.py:Segment.from_tunnel")
    assert plugged.args[3] == HOST_B
    admitting = walk.to("overlay/vtep.py:Vtep.admit")
    assert admitting.args[1:3] == (MAC_B, HOST_B)
    assert admitting.result is True


def arrive(walk: Walk, ping: object, sent_at: int) -> None:
    """Steps 10 and 11: it is delivered, answered, and the answer travels the same way."""
    taking = walk.to("host/ip.py:IpLayer.take")
    assert taking.args[0].label == f"{A}@host-a"
    delivering = walk.to("sim/journey.py:Ledger.deliver", is_data)
    journey = delivering.args[1]
    assert journey.reached == journey.intended == f"{A}@host-a"
    assert sum(journey.parts) == journey.ended - journey.born == 200 * US + 2 * ONE_LINK
    assert journey.look_up == 200 * US
    answering = walk.to("host/stack.py:Stack._answer_echo")
    assert answering.at - sent_at == 2 * ONE_LINK
    reply = walk.to("overlay/encapsulation/declaration.py:Encapsulation.encapsulate").result
    assert reply.length == 148
    ip = reply.layer(5, IPv4)
    assert (ip.src, ip.dst, ip.ttl, ip.df) == (IP_A, IP_B, 64, False)
    assert reply.layer(6, ICMP).type == 0
    heard = walk.to("traffic/ping.py:Ping.receive")
    assert heard.args[0] is ping
    echo = heard.args[1]
    assert echo == EchoReply(IP_A, echo.ident, 0, 56, 64)
    assert heard.at - sent_at == 4 * ONE_LINK == 205_504_000
