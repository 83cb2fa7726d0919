"""Arithmetic of 32-bit sequence numbers and time stamps, and the instant that never comes."""

from __future__ import annotations

MASK = 0xFFFF_FFFF

NEVER = 1 << 62
"""A timer that is off: later than any instant (picoseconds), so that ``min`` needs no test."""


def distance(number: int, origin: int) -> int:
    """Signed distance between two 32-bit numbers (RFC 1982)."""
    return ((number - origin + 0x8000_0000) & MASK) - 0x8000_0000
