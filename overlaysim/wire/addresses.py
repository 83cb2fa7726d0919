"""Addresses as text and as bytes.

Everywhere outside this room an address is canonical text. Both directions are cached: a simulation
uses few addresses very often.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

from overlaysim.wire.checksum import word_sum
from overlaysim.wire.malformed import MalformedPacket
from overlaysim.wire.memo import Memo

BROADCAST_MAC = "ff:ff:ff:ff:ff:ff"
ZERO_MAC = "00:00:00:00:00:00"

_CACHED = 65_536
_MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")


@lru_cache(_CACHED)
def mac_bytes(text: str) -> bytes:
    """Return the 6 bytes of a MAC address; raises :class:`MalformedPacket` if it is none."""
    if not _MAC.fullmatch(text):
        raise MalformedPacket(
            f'"{text}" is not a MAC address; write six pairs of hex digits, as in 02:42:0a:00:01:02'
        )
    return bytes.fromhex(text.replace(":", ""))


def mac_text(data: bytes) -> str:
    """Return 6 bytes as a MAC address in lower case."""
    return TEXTS["mac"][data]


@lru_cache(_CACHED)
def ip4_bytes(text: str) -> bytes:
    """Return the 4 bytes of an IPv4 address; raises :class:`MalformedPacket` if it is none."""
    try:
        return IPv4Address(text).packed
    except ValueError as error:
        raise MalformedPacket(f'"{text}" is not an IPv4 address: {error}') from None


def ip4_text(data: bytes) -> str:
    """Return 4 bytes as an IPv4 address."""
    return TEXTS["ip4"][data]


@lru_cache(_CACHED)
def ip6_bytes(text: str) -> bytes:
    """Return the 16 bytes of an IPv6 address; raises :class:`MalformedPacket` if it is none."""
    try:
        return IPv6Address(text).packed
    except ValueError as error:
        raise MalformedPacket(f'"{text}" is not an IPv6 address: {error}') from None


def ip6_text(data: bytes) -> str:
    """Return 16 bytes as an IPv6 address in the form of RFC 5952."""
    return TEXTS["ip6"][data]


_TO_BYTES = {"mac": mac_bytes, "ip4": ip4_bytes, "ip6": ip6_bytes}

SUMMED: dict[str, dict[str, tuple[bytes, int]]] = {kind: {} for kind in _TO_BYTES}
"""By kind of address: bytes and checksum sum of the addresses that :func:`remember` was told."""


def remember(kind: str, text: str) -> None:
    """Put an address into :data:`SUMMED`; raises :class:`MalformedPacket` if it is none."""
    data = _TO_BYTES[kind](text)
    known = SUMMED[kind]
    if len(known) >= _CACHED:
        known.clear()
    known[text] = data, word_sum(data)


TEXTS: dict[str, Memo[bytes, str]] = {
    "mac": Memo(lambda data: data.hex(":"), _CACHED),
    "ip4": Memo(lambda data: ".".join(map(str, data)), _CACHED),
    "ip6": Memo(lambda data: str(IPv6Address(data)), _CACHED),
}
"""By kind of address: the text of an address in bytes."""
