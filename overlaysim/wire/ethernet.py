"""Ethernet II (IEEE 802.3 clause 3.1.1), without preamble and frame check sequence."""

from __future__ import annotations

from overlaysim.wire.header import Header

TRANSPARENT_ETHERNET = 0x6558
"""The ethertype under which tunnels announce an Ethernet frame (RFC 7637 section 3.2)."""


class Ethernet(Header, ethertype=TRANSPARENT_ETHERNET, gpe=3):
    """A frame's addresses and type; ``ethertype`` None is taken from the next header."""

    WIRE = "dst:mac src:mac ethertype:16"
    NEXT = "ethertype", "ethertype"
    dst: str
    src: str
    ethertype: int | None = None
