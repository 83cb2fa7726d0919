"""Geneve with no options, with OVN's, and with as many as fit."""

from __future__ import annotations

from overlaysim.overlay.encapsulation.declaration import Encapsulation
from overlaysim.wire import GENEVE_PORT, Geneve
from overlaysim.wire.geneve import option

_OVN_CLASS, _OVN_TYPE = 0x0102, 0x80
"""OVN's option: 1 bit reserved, 15 of ingress port, 16 of egress port."""
_EXPERIMENTAL = 0xFFFF  # RFC 8926 section 7: classes 0xFFF0 to 0xFFFF are for experiments

_OVN = option(_OVN_CLASS, _OVN_TYPE, bytes((0, 1, 0, 2)))
_TWELVE = option(_EXPERIMENTAL, 1, bytes(8))
_FULL = option(_EXPERIMENTAL, 1, bytes(124)) + option(_EXPERIMENTAL, 2, bytes(120))


def _geneve(options: bytes, *, critical: bool = False) -> Encapsulation:
    return Encapsulation(
        f"geneve-opt{len(options)}",
        lambda tunnel, length: (
            tunnel.udp(GENEVE_PORT),
            Geneve(tunnel.network, options, critical=critical),
        ),
        spec="RFC 8926 s3.3-3.5", entropy="UDP source port",
        checksum="UDP; may be 0 over IPv4, RFC 8926 section 3.3", network=(Geneve, "vni", 24),
    )  # fmt: skip


ALL = (_geneve(b""), _geneve(_OVN, critical=True), _geneve(_TWELVE), _geneve(_FULL))
