"""What was observed on a real swarm of five hosts (Engine 20.10) and must hold here as well."""

from __future__ import annotations

from itertools import pairwise

import pytest
from host_lab import HostLab, tutorial

from overlaysim.units import SECOND
from overlaysim.wire import ICMP, UDP, VXLAN, IPv4, Packet


def hosts(count: int) -> str:
    names = ", ".join(f"host-{letter}" for letter in "abcde"[:count])
    return f"name: observed\nunderlay:\n  hosts: [{names}]\n"


def outer(packet: Packet) -> tuple[IPv4, UDP, VXLAN]:
    ip, udp, vxlan = packet.find(IPv4), packet.find(UDP), packet.find(VXLAN)
    assert ip is not None
    assert udp is not None
    assert vxlan is not None
    return ip, udp, vxlan


def test_the_outer_headers_of_many_pings() -> None:
    lab = tutorial()
    lab.frames.clear()
    lab.exec("client", "ping -c 20 -i 0.2 -s 1000 -M do web")
    packets = {id(event.packet): event.packet for event in lab.frames}.values()
    sent: dict[str, list[Packet]] = {}
    for packet in packets:
        if packet.find(ICMP) is not None:
            sent.setdefault(outer(packet)[0].src, []).append(packet)
    assert len(sent) == 2  # requests one way, replies the other
    for flow in sent.values():
        headers = [outer(packet) for packet in flow]
        assert len({udp.src_port for _, udp, _ in headers}) == 1
        assert all(32768 <= udp.src_port <= 60999 for _, udp, _ in headers)
        assert {(udp.dst_port, vxlan.vni) for _, udp, vxlan in headers} == {(4789, 4097)}
        assert {(ip.ttl, ip.tos, ip.df) for ip, _, _ in headers} == {(64, 0, False)}
        steps = {(b.ident - a.ident) % 2**16 for (a, _, _), (b, _, _) in pairwise(headers)}
        assert 0 < min(steps) <= max(steps) < 100
        assert {packet.length for packet in flow} == {1092}


@pytest.mark.parametrize(("count", "datagrams"), [(3, 24), (5, 60)])
def test_the_cost_of_a_container_on_the_network(count: int, datagrams: int) -> None:
    """Observed medians: 24 datagrams, 10 kB at 3 hosts; 63 and 26 kB at 5; a removal the same."""
    lab = HostLab(hosts(count))
    lab.swarm("app-overlay")
    for number, letter in enumerate("abcde"[:count]):
        lab.start(f"host-{letter}", f"web{number}")
    lab.wait(40 * SECOND)

    def told() -> list[int]:
        lab.wait(5 * SECOND)
        lengths = [j.length for j in lab.ended if j.kind == "table"]
        lab.ended.clear()
        return lengths

    told()
    lab.start("host-b", "one-more")
    started = told()
    lab.run("host-b", "docker rm -f one-more")
    removed = told()
    for lengths in (started, removed):
        assert len(lengths) == datagrams
        assert 400 < min(lengths) <= max(lengths) < 500
    assert told() == []  # nothing periodic when nothing changes
