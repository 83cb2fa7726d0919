"""GRE in all its lengths, and NVGRE."""

from __future__ import annotations

from overlaysim.overlay.encapsulation.declaration import Encapsulation
from overlaysim.overlay.encapsulation.lengths import Carries
from overlaysim.wire import GRE, GRE_IN_UDP_PORT, NVGRE

_KEY = (GRE, "key", 32)
_HASHED = "GRE key if the switch hashes it"
_ADDRESSES = "none (outer addresses only)"

NVGRE_FRAME = Encapsulation(
    "nvgre", lambda tunnel, length: (NVGRE(tunnel.network, tunnel.flow & 0xFF),),
    spec="RFC 7637 s3.2",
    entropy="FlowID (low 8 bits of GRE key); needs key-aware hash", df="inherit",
    network=(NVGRE, "vsid", 24),
)  # fmt: skip

PLAIN = Encapsulation(
    "gre", lambda tunnel, length: (GRE(),), Carries.PACKET, layer="L3",
    spec="RFC 2784 s2", entropy=_ADDRESSES, df="inherit",
)  # fmt: skip

WITH_KEY = Encapsulation(
    "gre-key", lambda tunnel, length: (GRE(tunnel.network),), Carries.PACKET, layer="L3",
    spec="RFC 2784; RFC 2890 s2.1", entropy=_HASHED, df="inherit", network=_KEY,
)  # fmt: skip

WITH_SEQUENCE = Encapsulation(
    "gre-key-seq",
    lambda tunnel, length: (GRE(tunnel.network, tunnel.number & 0xFFFFFFFF),),
    Carries.PACKET, layer="L3", spec="RFC 2784; RFC 2890 s2", entropy=_HASHED, df="inherit",
    network=_KEY,
)  # fmt: skip

WITH_CHECKSUM = Encapsulation(
    "gre-csum-key-seq",
    lambda tunnel, length: (
        GRE(tunnel.network, tunnel.number & 0xFFFFFFFF, checksummed=True),
    ),
    Carries.PACKET, layer="L3", spec="RFC 2784 s2.5; RFC 2890 s2", entropy=_HASHED, df="inherit",
    checksum="over GRE header and payload, RFC 2784 section 2.5", network=_KEY,
)  # fmt: skip

TAP = Encapsulation(
    "gretap", lambda tunnel, length: (GRE(),),
    spec="RFC 2784; ethertype 0x6558 (RFC 7637 s3.2)", entropy=_ADDRESSES, df="inherit",
)  # fmt: skip

TAP_WITH_KEY = Encapsulation(
    "gretap-key", lambda tunnel, length: (GRE(tunnel.network),),
    spec="RFC 2784; RFC 2890", entropy=_HASHED, df="inherit", network=_KEY,
)  # fmt: skip

IN_UDP = Encapsulation(
    "gre-in-udp", lambda tunnel, length: (tunnel.udp(GRE_IN_UDP_PORT), GRE()),
    Carries.PACKET, layer="L3", spec="RFC 8086 s3", entropy="UDP source port", checksum="UDP",
)  # fmt: skip

ALL = (PLAIN, WITH_KEY, WITH_SEQUENCE, WITH_CHECKSUM, TAP, TAP_WITH_KEY, IN_UDP)
