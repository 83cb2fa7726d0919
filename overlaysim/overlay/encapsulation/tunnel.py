"""What an encapsulation is told about one packet: from where to where, and how the device is set.

The settings are those of a Linux tunnel device (``ip link add type vxlan``); what was seen of them
is in ``drivers/net/vxlan/vxlan_core.c``: the outer TTL, DSCP and DF can follow the inner packet,
ECN always does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from overlaysim.overlay.flow import FIRST_PORT, LAST_PORT, source_port
from overlaysim.overlay.fragments import IP
from overlaysim.wire import UDP, Ethernet, Header, IPv4, IPv6, Packet

ECN_MASK: Final = 0b11
NOT_ECT, ECT_0, CE = 0b00, 0b10, 0b11
"""Values of the ECN field (RFC 3168 section 5)."""

DF_RULES: Final = ("unset", "set", "inherit")
"""What the outer DF bit is: 0, 1, or the inner one's value (1 for IPv6, which never fragments)."""

INHERIT: Final = "inherit"


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """Options of a tunnel device; None leaves the choice to the encapsulation.

    Attributes:
        df: one of :data:`DF_RULES`; no effect over IPv6.
        ttl: outer TTL or hop limit, or ``inherit``.
        tos: outer DSCP and ECN octet (the ECN bits are replaced), or ``inherit`` for the DSCP.
        udp_checksum: whether an outer UDP header has a checksum; without one nobody takes the
            packet over IPv6 (Linux ``udp6zerocsumrx`` is off).
        ports: UDP source ports: from the first to the one before the last.
        port: UDP destination port.
        flow_label: of an outer IPv6 header.
    """

    df: str | None = None
    ttl: int | str = 64
    tos: int | str = 0
    udp_checksum: bool | None = None
    ports: tuple[int, int] | None = None
    port: int | None = None
    flow_label: int | None = None


DEFAULT = DeviceSettings()


@dataclass(frozen=True, slots=True)
class Tunnel:
    """One packet's way from VTEP to VTEP.

    Attributes:
        source, target: addresses of the VTEPs, both IPv4 or both IPv6.
        network: identifier of the overlay network.
        flow: 32-bit hash of the inner flow.
        number: how many packets have gone this way before; sequence numbers and counters follow.
        ident: IPv4 identification.
        mtu: of the underlay, bytes; a cipher that pads does not pad beyond it.
    """

    source: str
    target: str
    source_mac: str
    target_mac: str
    network: int
    flow: int = 0
    number: int = 0
    ident: int = 0
    mtu: int = 1500
    settings: DeviceSettings = DEFAULT

    @property
    def family(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.source else 4

    @property
    def ip_header(self) -> int:
        """Bytes of the outer IP header."""
        return 40 if self.family == 6 else 20

    def port(self, low: int = FIRST_PORT, high: int = LAST_PORT) -> int:
        """The source port of the packet's flow."""
        return source_port(self.flow, *(self.settings.ports or (low, high)))

    def udp(self, destination: int, source: int | None = None, *, checksum: bool = True) -> UDP:
        """Return the outer UDP header; its source port is the flow's if none is given."""
        settings = self.settings
        summed = checksum if settings.udp_checksum is None else settings.udp_checksum
        return UDP(
            self.port() if source is None else source,
            settings.port or destination,
            checksum=None if summed else 0,
        )

    def ip(self, inner: Packet, df: str, flow_label: int = 0) -> Header:
        """Return the outer IP header around ``inner``, a frame or bare IP packet.

        The inner ECN field is copied, except that CE leaves as ECT(0) (RFC 3168 section 9.1.1, as
        Linux does by default; RFC 6040 section 4.1 would copy it).
        """
        settings = self.settings
        ip = ip_of(inner)
        ecn = ecn_of(ip)
        dscp = traffic_class_of(ip) if settings.tos == INHERIT else int(settings.tos)
        tos = dscp & ~ECN_MASK | (ECT_0 if ecn == CE else ecn)
        ttl = hops_of(ip) if settings.ttl == INHERIT else int(settings.ttl)
        if self.family == 6:
            label = flow_label if settings.flow_label is None else settings.flow_label
            return IPv6(
                self.source, self.target, hop_limit=ttl, traffic_class=tos, flow_label=label
            )
        rule = settings.df or df
        set_ = rule == "set" or (rule == INHERIT and is_unbreakable(ip))
        return IPv4(self.source, self.target, ttl=ttl, tos=tos, ident=self.ident, df=set_)


def ip_of(packet: Packet) -> IP | None:
    """Return the IP header of a frame or bare packet, if its outermost network layer is IP."""
    for layer in packet.layers[:3]:
        if type(layer) is not Ethernet and isinstance(layer, IP):
            return layer
    return None


def traffic_class_of(ip: IP | None) -> int:
    """The octet of DSCP and ECN; 0 for what is not IP."""
    if ip is None:
        return 0
    return ip.tos if isinstance(ip, IPv4) else ip.traffic_class


def ecn_of(ip: IP | None) -> int:
    """The ECN field; 0 for what is not IP."""
    return traffic_class_of(ip) & ECN_MASK


def hops_of(ip: IP | None) -> int:
    """TTL or hop limit; 64 for what is not IP."""
    if ip is None:
        return 64
    return ip.ttl if isinstance(ip, IPv4) else ip.hop_limit


def is_unbreakable(ip: IP | None) -> bool:
    """Whether no router may fragment the packet: DF, or IPv6."""
    return isinstance(ip, IPv6) or (isinstance(ip, IPv4) and ip.df)
