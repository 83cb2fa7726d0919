"""VXLAN (RFC 7348 section 5)."""

from __future__ import annotations

from overlaysim.wire.ethernet import TRANSPARENT_ETHERNET
from overlaysim.wire.header import Header

VXLAN_PORT = 4789
"""The UDP port assigned by IANA, which Docker uses as well."""


class VXLAN(Header, udp_port=VXLAN_PORT):
    """A VXLAN header; the flag 0x08 says that ``vni`` (24 bits) is valid."""

    WIRE = "flags:8 reserved:24 vni:24 reserved2:8"
    vni: int
    flags: int = 0x08
    reserved: int = 0
    reserved2: int = 0

    def inner_binding(self) -> tuple[str, int] | None:
        """What a VXLAN packet carries is always an Ethernet frame."""
        return "ethertype", TRANSPARENT_ETHERNET
