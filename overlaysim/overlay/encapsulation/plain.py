"""No tunnel at all: a container's packet on the underlay, perhaps with a tag."""

from __future__ import annotations

from overlaysim.overlay.encapsulation.declaration import Encapsulation
from overlaysim.overlay.encapsulation.lengths import Carries
from overlaysim.wire import MPLS, Dot1Q, ServiceTag

NONE = Encapsulation(
    "none", lambda tunnel, length: (), link=True,
    entropy="inner 5-tuple", spec="IEEE 802.3; RFC 894",
)  # fmt: skip

DOT1Q = Encapsulation(
    "802.1q", lambda tunnel, length: (Dot1Q(tunnel.network & 0xFFF),), link=True, tag=4,
    entropy="inner 5-tuple (tag not hashed)", spec="IEEE 802.1Q-2018 9.6",
    network=(Dot1Q, "vid", 12),
)  # fmt: skip

QINQ = Encapsulation(
    "802.1ad-qinq",
    lambda tunnel, length: (
        ServiceTag(tunnel.network >> 12 & 0xFFF),
        Dot1Q(tunnel.network & 0xFFF),
    ),
    link=True, tag=8, entropy="inner 5-tuple (tags not hashed)", spec="IEEE 802.1Q-2018 9.6",
    network=(Dot1Q, "vid", 12),
)  # fmt: skip

MPLS_1 = Encapsulation(
    "mpls-1-label", lambda tunnel, length: (MPLS(tunnel.network & 0xFFFFF),), Carries.PACKET,
    link=True, layer="L2.5", entropy="inner 5-tuple by label-stack peek, or entropy label",
    spec="RFC 3032 s2.1; RFC 6790", network=(MPLS, "label", 20),
)  # fmt: skip

ALL = (NONE, DOT1Q, QINQ)
