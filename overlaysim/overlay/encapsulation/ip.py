"""An IP packet in an IP packet, with nothing or hardly anything between them."""

from __future__ import annotations

from overlaysim.overlay.encapsulation.declaration import Encapsulation
from overlaysim.overlay.encapsulation.lengths import Carries
from overlaysim.wire import GUE, DestinationOptions
from overlaysim.wire.gue import GUE_PORT

FOU_PORT = 5555
"""Customary; Linux ``ip fou`` has no default."""

_ADDRESSES = "none (outer addresses only)"
_LABEL = "IPv6 flow label"

_ENCAPSULATION_LIMIT = bytes((4, 1, 4, 1, 1, 0))
"""Tunnel encapsulation limit 4, and padding (RFC 2473 section 4.1.1)."""

IPIP = Encapsulation(
    "ipip", lambda tunnel, length: (), Carries.PACKET, layer="L3", families=(4,), inner=(4,),
    spec="RFC 2003 s3", entropy=_ADDRESSES, df="inherit",
)  # fmt: skip

SIX_IN_FOUR = Encapsulation(
    "6in4", lambda tunnel, length: (), Carries.PACKET, layer="L3", families=(4,), inner=(6,),
    spec="RFC 4213 s3", entropy=_ADDRESSES, df="inherit",
)  # fmt: skip

IN_IPV6 = Encapsulation(
    "ip-in-ipv6", lambda tunnel, length: (), Carries.PACKET, layer="L3", families=(6,),
    spec="RFC 2473 s3", entropy=_LABEL, flow_label=True,
)  # fmt: skip

IN_IPV6_LIMITED = Encapsulation(
    "ip-in-ipv6-encaplimit", lambda tunnel, length: (DestinationOptions(_ENCAPSULATION_LIMIT),),
    Carries.PACKET, layer="L3", families=(6,), spec="RFC 2473 s5.1", entropy=_LABEL,
    flow_label=True,
)  # fmt: skip

FOU = Encapsulation(
    "fou-ipip", lambda tunnel, length: (tunnel.udp(FOU_PORT),), Carries.PACKET, layer="L3",
    spec="Linux FOU; draft-ietf-intarea-gue variant 1", entropy="UDP source port", checksum="UDP",
)  # fmt: skip

GUE_IPIP = Encapsulation(
    "gue-ipip", lambda tunnel, length: (tunnel.udp(GUE_PORT), GUE()), Carries.PACKET, layer="L3",
    spec="draft-ietf-intarea-gue", entropy="UDP source port", checksum="UDP",
)  # fmt: skip

ALL = (IPIP, SIX_IN_FOUR, IN_IPV6, IN_IPV6_LIMITED, FOU, GUE_IPIP)
