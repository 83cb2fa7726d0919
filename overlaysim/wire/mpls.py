"""MPLS label stack entries (RFC 3032 section 2.1)."""

from __future__ import annotations

from typing import ClassVar

from overlaysim.wire.guess import IP_OR_FRAME
from overlaysim.wire.header import Header

MPLS_OVER_UDP_PORT = 6635
"""The UDP port of MPLS-in-UDP (RFC 7510 section 3)."""


class MPLS(Header, ethertype=0x8847, udp_port=MPLS_OVER_UDP_PORT, label=1):
    """One label; ``bottom`` marks the last of a stack. What lies below it the label alone knows."""

    WIRE = "label:20 tc:3 bottom:flag ttl:8"
    DRAWN: ClassVar = {"bottom": "S:1"}
    label: int
    tc: int = 0
    bottom: bool = True
    ttl: int = 64

    def inner_binding(self) -> tuple[str, int] | None:
        """Another label, or what the bytes below the last one look like."""
        return IP_OR_FRAME if self.bottom else ("label", 1)
