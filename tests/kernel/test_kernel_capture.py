"""What two kernels send each other, read by our code, packed again, and encapsulated again."""

from __future__ import annotations

import socket
from collections import Counter
from contextlib import closing

import pytest
from underlay_bench import INNER, Host, again, drain, is_vxlan

from overlaysim.overlay.encapsulation import DeviceSettings
from overlaysim.wire import ARP, ICMP, TCP, HopByHop, ICMPv6, Packet, decode

DEFAULTS = DeviceSettings()
KINDS = {"ARP": ARP, "ICMP": ICMP, "ICMPv6": ICMPv6, "TCP": TCP}
SIZES = (0, 1, 18, 64, 512, 1400)
STREAM = bytes(range(250)) * 16


@pytest.mark.parametrize("family", [4, 6], ids=["over-ipv4", "over-ipv6"])
def test_every_frame_of_the_kernel_is_read_and_built_again(
    hosts: tuple[Host, Host], family: int
) -> None:
    """Pings, datagrams, a TCP connection, neighbour discovery: parsed, packed, encapsulated."""
    with closing(hosts[0].namespace.wire("wire")) as wire:
        for host in hosts:
            host.set_up_vxlan(family)
        talk(*hosts)
        frames = drain(wire)
    seen: Counter[str] = Counter()
    for data in frames:
        packet = decode(data)
        assert packet.pack() == data
        assert packet.recomputed().pack() == data
        if not is_vxlan(packet):
            continue
        assert again(packet, DEFAULTS).pack() == data
        seen[name_of(packet)] += 1
    assert {"ARP", "ICMP", "ICMPv6", "TCP", "UDP"} <= seen.keys()
    assert seen["UDP"] == 2 * len(SIZES)
    assert seen["ICMP"] == 6
    assert seen["TCP"] >= 8  # handshake, 4000 bytes in segments, farewell
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(seen.items()))
    print(f"\nIPv{family}: {seen.total()} VXLAN frames of the kernel equal ours ({counted})")


def name_of(packet: Packet) -> str:
    """What the inner frame holds."""
    inner = packet.inner(5)
    if inner.find(HopByHop):
        return "ICMPv6"  # a multicast listener report
    return next((name for name, kind in KINDS.items() if inner.find(kind)), "UDP")


def talk(first: Host, second: Host) -> None:
    """Let the first host ping the second, and send it datagrams and a stream; all is answered."""
    for number in range(3):
        ping(first, socket.AF_INET, ICMP(8, 0, 5, number), INNER["b"][4])
    ping(first, socket.AF_INET6, ICMPv6(128, 0, 5, 0, 0), INNER["b"][6])
    datagrams(first, second)
    stream(first, second)


def ping(host: Host, kind: int, request: ICMP | ICMPv6, target: str) -> None:
    """Send an echo request from a raw socket and wait for the reply."""
    v4 = kind == socket.AF_INET
    protocol = socket.IPPROTO_ICMP if v4 else socket.IPPROTO_ICMPV6
    with closing(host.namespace.socket(kind, socket.SOCK_RAW, protocol)) as raw:
        # The kernel fills in the checksum of ICMPv6, whose addresses it knows.
        raw.sendto(request.pack(b"payload.", (request,), 0) + b"payload.", (target, 0))
        reply = 0 if v4 else 129
        while raw.recv(2000)[20 if v4 else 0] != reply:
            pass  # such as our own neighbour discovery; without an answer this times out


def datagrams(first: Host, second: Host) -> None:
    with (
        closing(second.namespace.socket(socket.AF_INET, socket.SOCK_DGRAM)) as server,
        closing(first.namespace.socket(socket.AF_INET, socket.SOCK_DGRAM)) as client,
    ):
        server.bind((INNER["b"][4], 9000))
        for size in SIZES:
            client.sendto(bytes(size), (INNER["b"][4], 9000))
            data, back = server.recvfrom(2000)
            server.sendto(data, back)
            assert client.recv(2000) == bytes(size)


def stream(first: Host, second: Host) -> None:
    with closing(second.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)) as server:
        server.bind((INNER["b"][4], 9001))
        server.listen()
        with closing(first.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)) as client:
            client.connect((INNER["b"][4], 9001))
            with closing(server.accept()[0]) as connection:
                client.sendall(STREAM)
                client.shutdown(socket.SHUT_WR)
                received = b""
                while part := connection.recv(65_536):
                    received += part
    assert received == STREAM
