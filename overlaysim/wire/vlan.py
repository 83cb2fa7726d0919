"""VLAN tags (IEEE 802.1Q-2018 clause 9.6)."""

from __future__ import annotations

from overlaysim.wire.header import Header


class Dot1Q(Header, ethertype=0x8100):
    """A customer tag: priority, drop eligibility, VLAN identifier, and the type of what follows."""

    TITLE = "802.1Q tag"
    WIRE = "pcp:3 dei:flag vid:12 ethertype:16"
    NEXT = "ethertype", "ethertype"
    vid: int
    pcp: int = 0
    dei: bool = False
    ethertype: int | None = None


class ServiceTag(Dot1Q, ethertype=0x88A8):
    """The outer tag of 802.1ad ("QinQ"), in front of a customer's."""

    TITLE = "802.1ad service tag"
