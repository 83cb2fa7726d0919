"""Ethernet II (IEEE 802.3 clause 3.1.1), without preamble and frame check sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from overlaysim.wire.header import Header, binding_of, forget

TRANSPARENT_ETHERNET = 0x6558
"""The ethertype under which tunnels announce an Ethernet frame (RFC 7637 section 3.2)."""


class Ethernet(Header, ethertype=TRANSPARENT_ETHERNET, gpe=3):
    """A frame's addresses and type; ``ethertype`` None is taken from the next header."""

    WIRE = "dst:mac src:mac ethertype:16"
    dst: str
    src: str
    ethertype: int | None = None

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        dst, src, ethertype = self
        if ethertype is None:
            ethertype = binding_of(layers, index, "ethertype")
        return self.CODEC.pack(dst, src, ethertype)

    def inner_binding(self) -> tuple[str, int] | None:
        """See :meth:`Header.inner_binding`."""
        return None if self.ethertype is None else ("ethertype", self.ethertype)

    def recomputed(self, inner: Header | None) -> Self:
        """See :meth:`Header.recomputed`."""
        return self.replace(ethertype=forget(self.ethertype, inner, "ethertype"))
