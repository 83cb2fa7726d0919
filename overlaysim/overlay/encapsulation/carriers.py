"""What operators' networks use: L2TPv3, GTP-U, MPLS over UDP; and STT."""

from __future__ import annotations

from overlaysim.overlay.encapsulation.declaration import Encapsulation
from overlaysim.overlay.encapsulation.lengths import Carries
from overlaysim.overlay.encapsulation.tunnel import Tunnel
from overlaysim.wire import (
    GTP_PORT,
    GTPU,
    L2TP_PORT,
    MPLS,
    MPLS_OVER_UDP_PORT,
    STT,
    STT_PORT,
    TCP,
    Header,
    L2TPv3,
    L2TPv3Cookie,
    L2TPv3overUDP,
)
from overlaysim.wire.gtp import PDU_SESSION_CONTAINER, extension_header
from overlaysim.wire.stt import sequence
from overlaysim.wire.tcp import ACK

_DYNAMIC = (49_152, 65_536)
"""RFC 7510 section 3 asks for source ports from the dynamic range."""

_STT_HEADER = 18
_CONTAINER = extension_header(PDU_SESSION_CONTAINER, bytes((0x10, 1)))
"""Uplink, QoS flow 1 (TS 38.415 section 5.5.2)."""


def _stt(tunnel: Tunnel, length: int) -> tuple[Header, ...]:
    tcp = TCP(
        tunnel.port(), STT_PORT, seq=sequence(_STT_HEADER + length, 0),
        ack=tunnel.number & 0xFFFFFFFF, flags=ACK, window=0xFFFF,
    )  # fmt: skip
    return tcp, STT(tunnel.network)


STT_SINGLE = Encapsulation(
    "stt-single-segment", _stt, spec="draft-davie-stt s3", entropy="TCP source port", df="set",
    checksum="TCP", network=(STT, "context", 64),
)  # fmt: skip

L2TP_IP = Encapsulation(
    "l2tpv3-ip", lambda tunnel, length: (L2TPv3(tunnel.network),),
    spec="RFC 3931 s4.1.1; RFC 4719", entropy="none (session id not hashed)",
    network=(L2TPv3, "session", 32),
)  # fmt: skip

L2TP_IP_COOKIE = Encapsulation(
    "l2tpv3-ip-l2spec-cookie8",
    lambda tunnel, length: (L2TPv3Cookie(tunnel.network, tunnel.network.to_bytes(8, "big")),),
    spec="RFC 3931 s4.1, s4.6; RFC 4719", entropy="none (session id not hashed)",
    network=(L2TPv3Cookie, "session", 32),
)  # fmt: skip

L2TP_UDP = Encapsulation(
    "l2tpv3-udp",
    lambda tunnel, length: (tunnel.udp(L2TP_PORT, L2TP_PORT), L2TPv3overUDP(tunnel.network)),
    spec="RFC 3931 s4.1.2", entropy="UDP source port (fixed per tunnel in most stacks)",
    checksum="UDP", network=(L2TPv3overUDP, "session", 32),
)  # fmt: skip

GTP = Encapsulation(
    "gtp-u", lambda tunnel, length: (tunnel.udp(GTP_PORT, GTP_PORT), GTPU(tunnel.network)),
    Carries.PACKET, layer="L3", spec="3GPP TS 29.281 s4.4.2.0, s5.1",
    entropy="none by default (both ports 2152 usual); UDP source port may vary", checksum="UDP",
    network=(GTPU, "teid", 32),
)  # fmt: skip

GTP_SESSION = Encapsulation(
    "gtp-u-pdu-session",
    lambda tunnel, length: (
        tunnel.udp(GTP_PORT, GTP_PORT),
        GTPU(tunnel.network, bytes(3) + b"".join(_CONTAINER), extension=True),
    ),
    Carries.PACKET, layer="L3", spec="3GPP TS 29.281 s5.2; TS 38.415 s5.5", entropy="as gtp-u",
    checksum="UDP", network=(GTPU, "teid", 32),
)  # fmt: skip


def _mpls_over_udp(tunnel: Tunnel, length: int) -> tuple[Header, ...]:
    udp = tunnel.udp(MPLS_OVER_UDP_PORT, tunnel.port(*_DYNAMIC))
    return udp, MPLS(tunnel.network & 0xFFFFF)


MPLS_UDP = Encapsulation(
    "mpls-over-udp", _mpls_over_udp, Carries.PACKET, layer="L3", spec="RFC 7510 s3",
    entropy="UDP source port", checksum="UDP", network=(MPLS, "label", 20),
)  # fmt: skip

MPLS_UDP_ETHERNET = Encapsulation(
    "mpls-over-udp-eth-pw", _mpls_over_udp, spec="RFC 7510 s3; RFC 4448",
    entropy="UDP source port", checksum="UDP", network=(MPLS, "label", 20),
)  # fmt: skip
"""An Ethernet pseudowire without control word."""
