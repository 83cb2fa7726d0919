"""VXLAN and its relatives, as Linux sends and accepts them."""

from __future__ import annotations

from overlaysim.overlay.encapsulation.declaration import Encapsulation, NotDelivered
from overlaysim.overlay.encapsulation.lengths import Carries
from overlaysim.wire import VXLAN, VXLAN_GPE_PORT, VXLAN_PORT, Header, VxlanGbp, VxlanGpe

_VALID_VNI = 0x08  # the only flag RFC 7348 defines
_PORT = "UDP source port"
_UDP = "UDP; a real one by default, as Linux does (RFC 7348 section 4.1 asks for 0)"


def _accept(shim: tuple[Header, ...]) -> None:
    """Take what Linux takes: RFC 7348 would ignore reserved bits, Linux does not."""
    header = shim[-1]
    assert isinstance(header, VXLAN)
    if not header.flags & _VALID_VNI:
        raise NotDelivered("the I flag is clear: the VNI is not valid")
    if header.flags != _VALID_VNI or header.reserved or header.reserved2:
        raise NotDelivered("reserved bits are set")


VXLAN_LINUX = Encapsulation(
    "vxlan", lambda tunnel, length: (tunnel.udp(VXLAN_PORT), VXLAN(tunnel.network)),
    spec="RFC 7348 s4.1, s5", entropy=_PORT, checksum=_UDP, network=(VXLAN, "vni", 24),
    accept=_accept,
)  # fmt: skip

GBP = Encapsulation(
    "vxlan-gbp",
    lambda tunnel, length: (tunnel.udp(VXLAN_PORT), VxlanGbp(tunnel.network, policy=1)),
    spec="draft-smith-vxlan-group-policy; RFC 7348", entropy=_PORT, checksum=_UDP,
    network=(VxlanGbp, "vni", 24),
)  # fmt: skip

GPE_ETHERNET = Encapsulation(
    "vxlan-gpe-eth",
    lambda tunnel, length: (tunnel.udp(VXLAN_GPE_PORT), VxlanGpe(tunnel.network)),
    spec="draft-ietf-nvo3-vxlan-gpe s3", entropy=_PORT, checksum=_UDP,
    network=(VxlanGpe, "vni", 24),
)  # fmt: skip

GPE_IP = Encapsulation(
    "vxlan-gpe-ip",
    lambda tunnel, length: (tunnel.udp(VXLAN_GPE_PORT), VxlanGpe(tunnel.network)),
    Carries.PACKET, layer="L3", spec="draft-ietf-nvo3-vxlan-gpe s3", entropy=_PORT,
    checksum=_UDP, network=(VxlanGpe, "vni", 24),
)  # fmt: skip

EVPN = Encapsulation(
    "evpn-vxlan", VXLAN_LINUX.shim, spec="RFC 8365 s5.1; RFC 7348", entropy=_PORT,
    checksum=_UDP, network=(VXLAN, "vni", 24), accept=_accept,
)  # fmt: skip
"""VXLAN with BGP as its control plane: the same on the wire."""
