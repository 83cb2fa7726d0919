"""What the kernel's VXLAN device drops, and what we do: the same crafted frames to both."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from underlay_bench import INNER, INNER_MAC, KNOWN, VNI, WIRE, Host, tunnel

from overlaysim.overlay.encapsulation import NotDelivered
from overlaysim.overlay.vtep import Vtep
from overlaysim.wire import UDP, VXLAN, Ethernet, IPv4, MalformedPacket, Packet

PORT = 9000
LINK = Ethernet(INNER_MAC["a"], INNER_MAC["b"])


def inner(number: int, *, tos: int = 0, link: Ethernet = LINK) -> Packet:
    """A datagram that says which case it is."""
    ip = IPv4(INNER["b"][4], INNER["a"][4], tos=tos)
    return Packet((link, ip, UDP(5000, PORT)), number.to_bytes(2, "big"))


Craft = Callable[[int, int], bytes]
"""Makes the bytes of a frame from the underlay's IP version and the number of the case."""


def vxlan(**changes: int) -> Craft:
    """A frame whose VXLAN header has other values."""

    def craft(family: int, number: int) -> bytes:
        outer = KNOWN.encapsulate(inner(number), tunnel(family))
        return outer.replace(3, VXLAN(VNI).replace(**changes)).pack()

    return craft


def frame(*, tos: int = 0, link: Ethernet = LINK, mark: int | None = None) -> Craft:
    """A frame with another inner frame, or another outer traffic class."""

    def craft(family: int, number: int) -> bytes:
        outer = KNOWN.encapsulate(inner(number, tos=tos, link=link), tunnel(family))
        field = "tos" if family == 4 else "traffic_class"
        if mark is not None:
            outer = outer.replace(1, outer.layers[1].replace(**{field: mark}))
        return outer.pack()

    return craft


def cut(length: int, vni: int = VNI) -> Craft:
    """So many bytes of the VXLAN header and the inner frame, in a datagram of that length."""

    def craft(family: int, number: int) -> bytes:
        whole = inner(number).wrap(VXLAN(vni)).pack()
        outer = KNOWN.encapsulate(inner(number), tunnel(family))
        return Packet(outer.layers[:3], whole[:length]).pack()

    return craft


def unsummed(family: int, number: int) -> bytes:
    """A frame without an outer UDP checksum."""
    outer = KNOWN.encapsulate(inner(number), tunnel(family))
    return outer.replace(2, outer.layer(2, UDP).replace(checksum=0)).pack()


OWN, MULTICAST, STRANGER = INNER_MAC["a"], "01:00:5e:00:00:01", "02:42:0a:00:00:99"
CASES: dict[str, Craft] = {
    "as we build it": frame(),
    "I flag clear": vxlan(flags=0),
    **{f"flags 0x{0x08 | bit:02x}": vxlan(flags=0x08 | bit) for bit in (1, 2, 4, 16, 32, 64, 128)},
    "reserved bits, first": vxlan(reserved=1 << 23),
    "reserved bits, last": vxlan(reserved=1),
    "reserved byte": vxlan(reserved2=1),
    "unknown VNI": vxlan(vni=43),
    "inner source the device's own": frame(link=LINK.replace(src=OWN)),
    "inner source multicast": frame(link=LINK.replace(src=MULTICAST)),
    "inner target another MAC": frame(link=LINK.replace(dst=STRANGER)),
    "a VXLAN header alone": cut(8),
    "7 bytes": cut(7),
    "nothing": cut(0),
    "13 bytes of a frame": cut(8 + 13),
    "an inner IP header cut off": cut(8 + 14 + 19),
    "an inner datagram cut off": cut(8 + 14 + 29),
    "no outer UDP checksum": unsummed,
    **{f"outer ECN {mark}, inner {tos}": frame(tos=tos, mark=mark)
       for mark in range(4) for tos in range(4)},
}  # fmt: skip


def verdict(data: bytes) -> str:
    """Why we do not deliver a frame; empty if we do."""
    try:
        network, got = KNOWN.decapsulate(KNOWN.decode(data))
    except (MalformedPacket, NotDelivered) as error:
        return str(error)
    if network != VNI:
        return "no device has this VNI"
    link = got.layer(0, Ethernet)
    if link.src == OWN:
        return "the frame is the device's own"
    if not Vtep(VNI, WIRE["a"][4]).admit(link.src, WIRE["b"][4], 0):
        return "the VTEP does not admit it"
    return "" if link.dst == OWN else "the frame is for somebody else"


@pytest.mark.parametrize("family", [4, 6], ids=["over-ipv4", "over-ipv6"])
def test_the_kernel_drops_what_we_drop(hosts: tuple[Host, Host], family: int) -> None:
    kernel, ours = hosts
    kernel.set_up_vxlan(family)
    kernel.know_inner_neighbour()
    frames = {name: craft(family, number) for number, (name, craft) in enumerate(CASES.items())}
    with (
        closing(kernel.namespace.socket(socket.AF_INET, socket.SOCK_DGRAM)) as server,
        closing(ours.namespace.wire("wire")) as wire,
    ):
        server.bind((INNER["a"][4], PORT))
        for data in frames.values():
            wire.send(data)
        wire.send(frame()(family, len(frames)))  # the last one ends the wait
        delivered = set(numbers(server, len(frames)))
    print(f"\nIPv{family}: {len(frames)} crafted frames, kernel and ours")
    wrong = []
    for number, (name, data) in enumerate(frames.items()):
        reason = verdict(data)
        fate = "delivered" if number in delivered else "dropped"
        print(f"  {name:32}{fate:11}{reason or 'delivered'}")
        if (number in delivered) != (not reason):
            wrong.append(name)
    assert not wrong


def numbers(server: socket.socket, last: int) -> Iterator[int]:
    """The numbers of the cases that arrive, until the last one does."""
    while (number := int.from_bytes(server.recv(100), "big")) != last:
        yield number
