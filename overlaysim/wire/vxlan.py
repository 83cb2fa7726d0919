"""VXLAN (RFC 7348 section 5)."""

from __future__ import annotations

from typing import ClassVar

from overlaysim.wire.ethernet import TRANSPARENT_ETHERNET
from overlaysim.wire.header import Header

VXLAN_PORT = 4789
"""The UDP port assigned by IANA, which Docker uses as well."""


class VXLAN(Header, udp_port=VXLAN_PORT):
    """A VXLAN header; the flag 0x08 says that ``vni`` (24 bits) is valid."""

    WIRE = "flags:8 reserved:24 vni:24 reserved2:8"
    DRAWN: ClassVar = {"flags": "R:1 R:1 R:1 R:1 I:1 R:1 R:1 R:1"}
    vni: int
    flags: int = 0x08
    reserved: int = 0
    reserved2: int = 0

    @classmethod
    def choose(cls, data: bytes, start: int, end: int) -> type[Header] | None:
        """The G flag makes it the group policy extension."""
        return VxlanGbp if start < end and data[start] & 0x80 else cls

    def inner_binding(self) -> tuple[str, int] | None:
        """What a VXLAN packet carries is always an Ethernet frame."""
        return "ethertype", TRANSPARENT_ETHERNET


class VxlanGbp(Header, udp_port=VXLAN_PORT):
    """VXLAN with a group policy (draft-smith-vxlan-group-policy section 2)."""

    WIRE = (
        "has_policy=1:1 reserved1:3 has_vni:flag reserved2:4 dont_learn:flag reserved3:2 "
        "applied:flag reserved4:3 policy:16 vni:24 reserved5:8"
    )
    TITLE = "VXLAN-GBP"
    DRAWN: ClassVar = {"has_policy": "G:1", "has_vni": "I:1", "dont_learn": "D:1", "applied": "A:1"}
    vni: int
    policy: int
    dont_learn: bool = False
    applied: bool = False
    has_vni: bool = True
    reserved1: int = 0
    reserved2: int = 0
    reserved3: int = 0
    reserved4: int = 0
    reserved5: int = 0

    def inner_binding(self) -> tuple[str, int] | None:
        """An Ethernet frame, as in VXLAN."""
        return "ethertype", TRANSPARENT_ETHERNET


VXLAN_GPE_PORT = 4790
"""The UDP port assigned by IANA."""


class VxlanGpe(Header, udp_port=VXLAN_GPE_PORT):
    """VXLAN that says what it carries (draft-ietf-nvo3-vxlan-gpe section 3).

    ``next_protocol`` (1 IPv4, 2 IPv6, 3 Ethernet) is taken from the next header when None.
    """

    WIRE = (
        "reserved:2 version=0:2 has_vni:flag has_next:flag replicated:flag oam:flag reserved2:16 "
        "next_protocol:8 vni:24 reserved3:8"
    )
    TITLE = "VXLAN-GPE"
    DRAWN: ClassVar = {"has_vni": "I:1", "has_next": "P:1", "replicated": "B:1", "oam": "O:1"}
    NEXT = "next_protocol", "gpe"
    vni: int
    next_protocol: int | None = None
    replicated: bool = False
    oam: bool = False
    has_vni: bool = True
    has_next: bool = True
    reserved: int = 0
    reserved2: int = 0
    reserved3: int = 0
