"""What the bytes of a frame are for, also when a frame is cut and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from overlaysim.errors import ModelError

KINDS = (
    "data", "arp", "probe", "membership", "table", "bulk-sync", "push-pull", "manager", "heartbeat",
    "fragment", "icmp", "bulk",
)  # fmt: skip
"""What a packet is for. ``data`` and ``arp`` are the containers'; ``fragment`` is every piece but
the first of a packet that was cut on the underlay, ``icmp`` an error that hosts, routers and
tunnels report; ``bulk`` is open-loop traffic between hosts (:mod:`overlaysim.planes`); the rest is
the control plane."""


@dataclass(frozen=True, eq=False, slots=True)
class Composition:
    """What the bytes of a frame are: they add up to its length (FCS, preamble and gap excluded).

    ``fragmentation`` is headers that are there only because the packet was cut: those of every
    piece but the first, and IPv6's fragment headers.

    ``eq=False`` keeps hashing by identity, so links can count frames per composition cheaply; use
    :func:`composition` to get the one object there is for a set of values.
    """

    kind: str
    payload: int
    inner_headers: int
    encapsulation: int
    outer_headers: int
    fragmentation: int
    length: int = field(init=False)
    """Bytes of the frame."""

    def __post_init__(self) -> None:
        total = self.payload + self.inner_headers + self.encapsulation + self.outer_headers
        object.__setattr__(self, "length", total + self.fragmentation)


def composition(
    kind: str,
    payload: int,
    inner_headers: int = 0,
    encapsulation: int = 0,
    outer_headers: int = 0,
    fragmentation: int = 0,
) -> Composition:
    """Return the one :class:`Composition` with these values."""
    return _the_one(kind, payload, inner_headers, encapsulation, outer_headers, fragmentation)


_the_one = cache(Composition)
"""Called with all values in one way: ``cache`` takes a default left out for another call."""


def cut(whole: Composition, pieces: Sequence[tuple[int, int]]) -> list[Composition]:
    """Return the compositions of the pieces of a frame.

    The bytes of the whole are handed out from its front: headers of an earlier cut, outer headers,
    encapsulation, inner headers, payload.

    Args:
        pieces: of each piece its length, and how many bytes of that are headers of its own.

    Raises:
        ModelError: the pieces do not hold the whole, or more.
    """
    if sum(length - own for length, own in pieces) != whole.length:
        raise ModelError(f"pieces of {pieces} B are not a frame of {whole.length} B")
    left = [
        whole.fragmentation, whole.outer_headers, whole.encapsulation, whole.inner_headers,
        whole.payload,
    ]  # fmt: skip
    cuts = []
    for length, own in pieces:
        earlier, outer, encapsulation, inner, payload = _take(left, length - own)
        cuts.append(
            composition(whole.kind, payload, inner, encapsulation, outer, earlier + own)
        )  # fmt: skip
    return cuts


def _take(left: list[int], room: int) -> list[int]:
    """Take ``room`` bytes from the front of what is left, part by part."""
    taken = []
    for place, size in enumerate(left):
        share = min(size, room)
        taken.append(share)
        left[place] -= share
        room -= share
    return taken


def joined(pieces: Sequence[Composition]) -> Composition:
    """Return the composition of the frame that these are all pieces of."""
    return composition(
        pieces[0].kind,
        sum(piece.payload for piece in pieces),
        sum(piece.inner_headers for piece in pieces),
        sum(piece.encapsulation for piece in pieces),
        sum(piece.outer_headers for piece in pieces),
    )
