"""What is to be said of an encapsulation in one line of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from overlaysim.overlay.encapsulation.declaration import Encapsulation
from overlaysim.overlay.encapsulation.lengths import Carries

_LENGTHS = range(1000, 1064)
"""Lengths of inner packets among which a cipher's padding takes every value that it can have."""

_WORDS = {
    Carries.FRAME: "frame", Carries.PACKET: "packet", Carries.SEGMENT: "segment",
    Carries.DATAGRAM: "datagram",
}  # fmt: skip


@dataclass(frozen=True)
class Summary:
    """An encapsulation in numbers.

    Attributes:
        encapsulation: which one.
        carries: what is carried, in a word.
        added: outer IP version -> least and most bytes beyond plain Ethernet and IP.
        inner_mtu: outer IP version -> underlay MTU -> the largest inner IP packet, bytes.
    """

    encapsulation: Encapsulation
    carries: str
    added: dict[int, tuple[int, int]]
    inner_mtu: dict[int, dict[int, int]]


def summarise(known: Encapsulation, mtus: Sequence[int]) -> Summary:
    """Sum up an encapsulation for these underlay MTUs; it may not exist over each IP version."""
    return Summary(
        known,
        _WORDS[known.carries],
        {family: added_range(known, family) for family in known.families},
        {family: {mtu: known.inner_mtu(mtu, family) for mtu in mtus} for family in known.families},
    )


def added_range(known: Encapsulation, family: int) -> tuple[int, int]:
    """Return the least and most bytes added to full-sized inner packets, which differ by padding.

    Raises:
        CannotCarry: not over this outer IP version.
    """
    added = [known.added(length, family, 9000) for length in _LENGTHS]
    return min(added), max(added)
