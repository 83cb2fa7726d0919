"""The bytes of TCP options, in the order in which Linux writes them.

``net/ipv4/tcp_output.c:tcp_options_write`` of torvalds/linux: MSS, time stamps (with SACK permitted
in the place of their padding), SACK permitted alone, window scale, SACK blocks.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

TIME_STAMPS = 12
"""Bytes that time stamps take in every segment (RFC 7323): 10 and two of padding."""

_MSS = struct.Struct(">BBH")
_STAMPS = struct.Struct(">BBBBII")
_NOP = 1


def stamps_option(stamp: int, echo: int, *, sack_permitted: bool = False) -> bytes:
    """Time stamps (RFC 7323 section 3); SACK permitted (RFC 2018) fits where the padding is."""
    first, second = (4, 2) if sack_permitted else (_NOP, _NOP)
    return _STAMPS.pack(first, second, 8, 10, stamp, echo)


def syn_options(
    mss: int, *, stamps: tuple[int, int] | None, sack_permitted: bool, scale: int | None
) -> bytes:
    """Return what a SYN announces; ``stamps`` are value and echo."""
    options = _MSS.pack(2, 4, mss)
    if stamps is not None:
        options += stamps_option(*stamps, sack_permitted=sack_permitted)
    elif sack_permitted:
        options += bytes((_NOP, _NOP, 4, 2))
    if scale is not None:
        options += bytes((_NOP, 3, 3, scale))
    return options


def sack_option(blocks: Sequence[tuple[int, int]]) -> bytes:
    """Selective acknowledgements (RFC 2018 section 3): left and right edge of each block."""
    edges = [edge for block in blocks for edge in block]
    return bytes((_NOP, _NOP, 5, 2 + 4 * len(edges))) + struct.pack(f">{len(edges)}I", *edges)


def sack_length(blocks: int) -> int:
    """Bytes of a SACK option with so many blocks, its padding included."""
    return 4 + 8 * blocks if blocks else 0
