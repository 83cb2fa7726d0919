"""Two hosts on one wire: the kernel at one end, our code or another kernel at the other.

Addresses are those of the captures in ``tests/data/pcaps``.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from netns import Namespace, namespaces

from overlaysim.overlay.encapsulation import DeviceSettings, NotDelivered, Tunnel, encapsulation
from overlaysim.wire import (
    UDP,
    VXLAN,
    Ethernet,
    IPv4,
    IPv6,
    MalformedPacket,
    Packet,
    decode,
)

VNI, PORT = 42, 4789
WIRE_MAC = {"a": "02:00:00:00:00:01", "b": "02:00:00:00:00:02"}
WIRE = {"a": {4: "10.9.0.1", 6: "fd09::1"}, "b": {4: "10.9.0.2", 6: "fd09::2"}}
"""Addresses on the underlay by IP version."""
INNER_MAC = {"a": "02:42:0a:00:00:01", "b": "02:42:0a:00:00:02"}
INNER = {"a": {4: "192.168.77.1", 6: "fd77::1"}, "b": {4: "192.168.77.2", 6: "fd77::2"}}
"""Addresses on the VXLAN device by IP version."""

KNOWN = encapsulation("vxlan")


@dataclass
class Host:
    """One end of the wire."""

    name: str
    namespace: Namespace

    @property
    def other(self) -> str:
        """The name of the other end."""
        return "b" if self.name == "a" else "a"

    def set_up_wire(self) -> None:
        """Give the device ``wire`` its addresses, and tell it those of the other end."""
        ip = self.namespace.ip
        # Without link-local addresses nobody waits for them to be found unique.
        ip(f"link set wire address {WIRE_MAC[self.name]} addrgenmode none")
        ip("link set wire up")
        self.namespace.plain("wire")
        for family, prefix in ((4, 24), (6, 64)):
            nodad = "nodad" if family == 6 else ""
            ip(f"address add {WIRE[self.name][family]}/{prefix} dev wire {nodad}")
            ip(f"neigh replace {WIRE[self.other][family]} lladdr {WIRE_MAC[self.other]} dev wire")

    def wait_for_carrier(self) -> None:
        """The kernel notes a moment after both ends are up that there is a wire between them."""
        for _ in range(100):
            (link,) = json.loads(self.namespace.ip("-json link show wire"))
            if link["operstate"] == "UP":
                return
            time.sleep(0.02)
        raise TimeoutError("the wire does not come up")

    def set_up_vxlan(self, family: int, options: str = "") -> None:
        """Make the VXLAN device ``vx0`` over one IP version, in place of an older one."""
        ip = self.namespace.ip
        if "vx0" in ip("-br link"):
            ip("link delete vx0")
        ip(
            f"link add vx0 address {INNER_MAC[self.name]} type vxlan id {VNI} dstport {PORT} "
            f"local {WIRE[self.name][family]} remote {WIRE[self.other][family]} {options}"
        )
        self.namespace.plain("vx0")
        mtu = 1450 if family == 4 else 1430
        ip(f"link set vx0 mtu {mtu} addrgenmode none")
        ip("link set vx0 up")
        ip(f"address add {INNER[self.name][4]}/24 dev vx0")
        ip(f"address add {INNER[self.name][6]}/64 dev vx0 nodad")

    def know_inner_neighbour(self) -> None:
        """Write down the MAC behind the other end's inner addresses, so that nobody asks."""
        for family in (4, 6):
            address, mac = INNER[self.other][family], INNER_MAC[self.other]
            self.namespace.ip(f"neigh replace {address} lladdr {mac} dev vx0 nud permanent")

    def counter(self, name: str) -> int:
        """A receive counter of the device ``vx0``: ``packets``, ``errors`` or ``dropped``."""
        (link,) = json.loads(self.namespace.ip("-json -stats link show vx0"))
        return int(link["stats64"]["rx"][name])


@contextmanager
def two_hosts() -> Iterator[tuple[Host, Host]]:
    """Join two namespaces by a wire; both ends know each other."""
    with namespaces(2) as (first, second):
        first.ip(f"link add wire type veth peer name wire netns {second.name}")
        hosts = Host("a", first), Host("b", second)
        for host in hosts:
            host.set_up_wire()
        for host in hosts:
            host.wait_for_carrier()
        yield hosts


def tunnel(family: int, source: str = "b", **changes: object) -> Tunnel:
    """From one end to the other."""
    target = "a" if source == "b" else "b"
    values: dict[str, object] = {
        "source": WIRE[source][family], "target": WIRE[target][family],
        "source_mac": WIRE_MAC[source], "target_mac": WIRE_MAC[target], "network": VNI,
        "flow": 0x12345678, "ident": 77,
    }  # fmt: skip
    return Tunnel(**(values | changes))  # type: ignore[arg-type]


def is_vxlan(packet: Packet) -> bool:
    """Whether a packet is one for the VXLAN port."""
    return packet.find(VXLAN) is not None


def listen(
    wire: socket.socket, wanted: Callable[[Packet], bool], seconds: float = 5
) -> Packet | None:
    """Wait for the first VXLAN packet whose inner frame is ``wanted``; return that frame."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            data = wire.recv(65_536)
        except TimeoutError:
            break
        try:
            outer = decode(data)
            network, frame = KNOWN.decapsulate(outer)
        except (MalformedPacket, NotDelivered):
            continue
        if network == VNI and wanted(frame):
            return frame
    return None


def drain(wire: socket.socket) -> list[bytes]:
    """Everything that was heard up to now."""
    wire.setblocking(False)
    frames = []
    while True:
        try:
            frames.append(wire.recv(65_536))
        except BlockingIOError:
            return frames


def again(outer: Packet, settings: DeviceSettings) -> Packet:
    """Encapsulate anew what a kernel's VXLAN packet holds, as a device with these settings.

    Identification and source port are the kernel's own choice; all else must follow.
    """
    link, ip, udp = outer.layer(0, Ethernet), outer.layers[1], outer.layer(2, UDP)
    assert isinstance(ip, IPv4 | IPv6)
    network, frame = outer.layer(3, VXLAN).vni, outer.inner(4)
    ports = udp.src_port, udp.src_port + 1
    way = Tunnel(
        ip.src, ip.dst, link.src, link.dst, network,
        ident=ip.ident if isinstance(ip, IPv4) else 0,
        settings=DeviceSettings(
            settings.df, settings.ttl, settings.tos, settings.udp_checksum, ports,
            settings.port, settings.flow_label,
        ),
    )  # fmt: skip
    return KNOWN.encapsulate(frame, way)
