"""Frames made by our code, on a wire to the kernel's VXLAN device: taken, delivered, answered."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from underlay_bench import (
    INNER,
    INNER_MAC,
    KNOWN,
    Host,
    drain,
    listen,
    tunnel,
)

from overlaysim.wire import ARP, BROADCAST_MAC, ICMP, UDP, Ethernet, ICMPv6, IPv4, IPv6, Packet

KERNEL, OURS = INNER["a"], INNER["b"]
LINK = Ethernet(INNER_MAC["a"], INNER_MAC["b"])
TEXT = b"through the tunnel"


@pytest.fixture(params=[4, 6], ids=["over-ipv4", "over-ipv6"])
def family(request: pytest.FixtureRequest, hosts: tuple[Host, Host]) -> int:
    """The underlay's IP version; the kernel's end has a VXLAN device over it."""
    kernel, _ = hosts
    kernel.set_up_vxlan(request.param)
    kernel.know_inner_neighbour()
    return int(request.param)


@pytest.fixture
def wire(family: int, hosts: tuple[Host, Host]) -> Iterator[socket.socket]:
    """Our end of the wire."""
    with closing(hosts[1].namespace.wire("wire")) as raw:
        yield raw


def inject(wire: socket.socket, family: int, frame: Packet) -> None:
    """Send a container's frame through the tunnel."""
    wire.send(KNOWN.encapsulate(frame, tunnel(family)).pack())


def ping(version: int, number: int, size: int = 56) -> Packet:
    payload = bytes(range(size))
    if version == 4:
        return Packet((LINK, IPv4(OURS[4], KERNEL[4]), ICMP(8, 0, 77, number)), payload)
    return Packet((LINK, IPv6(OURS[6], KERNEL[6]), ICMPv6(128, 0, 77, number)), payload)


def test_the_kernel_answers_our_arp_request(family: int, wire: socket.socket) -> None:
    ask = ARP(1, INNER_MAC["b"], OURS[4], "00:00:00:00:00:00", KERNEL[4])
    inject(wire, family, Packet((Ethernet(BROADCAST_MAC, INNER_MAC["b"]), ask)))
    reply = listen(wire, lambda frame: frame.find(ARP) is not None)
    assert reply is not None
    assert reply.find(ARP) == ARP(2, INNER_MAC["a"], KERNEL[4], INNER_MAC["b"], OURS[4])
    print(f"\nIPv{family}: {KERNEL[4]} is at {INNER_MAC['a']}, says the kernel")


@pytest.mark.parametrize("version", [4, 6])
def test_the_kernel_answers_our_pings(family: int, wire: socket.socket, version: int) -> None:
    for number in range(3):
        request = ping(version, number)
        inject(wire, family, request)
        kind, answer = (ICMP, 0) if version == 4 else (ICMPv6, 129)
        reply = listen(wire, lambda frame, kind=kind: frame.find(kind) is not None
                       and frame.find(kind).type in (0, 129))  # fmt: skip
        assert reply is not None
        echo = reply.find(kind)
        assert (echo.type, echo.ident, echo.sequence) == (answer, 77, number)
        assert reply.payload == request.payload
        assert reply.recomputed().pack() == reply.pack()
    print(f"\nIPv{family}: 3 of 3 echo requests (inner IPv{version}) answered")


@pytest.mark.parametrize("version", [4, 6])
def test_the_kernel_delivers_our_datagram_to_a_socket(
    hosts: tuple[Host, Host], family: int, wire: socket.socket, version: int
) -> None:
    kernel = hosts[0]
    kind = socket.AF_INET if version == 4 else socket.AF_INET6
    ip = (IPv4 if version == 4 else IPv6)(OURS[version], KERNEL[version])
    with closing(kernel.namespace.socket(kind, socket.SOCK_DGRAM)) as server:
        server.bind((KERNEL[version], 9000))
        before = kernel.counter("packets")
        inject(wire, family, Packet((LINK, ip, UDP(5000, 9000)), TEXT))
        text, sender = server.recvfrom(2000)
        assert (text, sender[:2]) == (TEXT, (OURS[version], 5000))
        assert kernel.counter("packets") == before + 1
        server.sendto(text[::-1], sender)
        reply = listen(wire, lambda frame: frame.find_last(UDP) is not None)
    assert reply is not None
    assert reply.payload == TEXT[::-1]
    assert reply.find(UDP).dst_port == 5000
    print(f"\nIPv{family}: a socket received {text!r} (inner IPv{version}), we its answer")


def test_the_kernels_device_shows_the_very_frame(
    hosts: tuple[Host, Host], family: int, wire: socket.socket
) -> None:
    """What comes out of ``vx0`` is byte for byte the frame that we put into the tunnel."""
    frames = [ping(version, 100 + size, size) for version in (4, 6) for size in (0, 1, 57, 200)]
    with closing(hosts[0].namespace.wire("vx0")) as inside:
        for frame in frames:
            inject(wire, family, frame)
        assert listen(wire, lambda frame: frame.payload == frames[-1].payload) is not None
        shown = drain(inside)
    assert [data for data in shown if data in {frame.pack() for frame in frames}] == [
        frame.pack() for frame in frames
    ]
    print(f"\nIPv{family}: {len(frames)} frames came out of the kernel's device as they went in")
