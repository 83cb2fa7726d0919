"""Which datagrams are sent: one size, or several sizes in fixed proportions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import gcd, lcm

from overlaysim.traffic.schedule import imix

LARGEST_PAYLOAD = 65_000
"""Bytes: with the headers of every encapsulation an IP packet can still say its length."""

MOST_IN_A_ROUND = 10_000
"""Datagrams in which proportions are expressed."""


@dataclass(frozen=True)
class Mix:
    """Datagrams in fixed proportions.

    Attributes:
        name: as tables call it.
        sizes: pairs of payload (bytes) and count in one round of the mix, by payload.
        about: where the proportions come from, for a note; empty for a single size.
    """

    name: str
    sizes: tuple[tuple[int, int], ...]
    about: str = ""

    @property
    def count(self) -> int:
        """Datagrams in one round."""
        return sum(count for _, count in self.sizes)

    @property
    def payload(self) -> float:
        """Mean payload in bytes."""
        return sum(payload * count for payload, count in self.sizes) / self.count

    @property
    def is_single(self) -> bool:
        """Whether all datagrams have one size."""
        return len(self.sizes) == 1

    def round(self) -> list[int]:
        """The payloads of one round, each size spread as evenly as its count allows."""
        places = [
            (Fraction(2 * number + 1, 2 * count), payload)
            for payload, count in self.sizes
            for number in range(count)
        ]
        return [payload for _, payload in sorted(places)]

    def cumulative(self) -> list[int]:
        """Running totals of the counts, for drawing at random."""
        return list(accumulate(count for _, count in self.sizes))


def single(payload: int) -> Mix:
    """Datagrams of one size."""
    return Mix(f"{payload} B", ((payload, 1),))


def weighted(name: str, weights: Mapping[int, Fraction], about: str = "") -> Mix:
    """Return datagrams in the proportions of ``weights`` (payload -> weight above 0).

    The proportions are exact unless a round would need more than :data:`MOST_IN_A_ROUND` datagrams;
    then they are rounded to that many by largest remainders, and ``about`` says so.
    """
    scale = lcm(*(weight.denominator for weight in weights.values()))
    counts = {payload: int(weight * scale) for payload, weight in sorted(weights.items())}
    common = gcd(*counts.values())
    counts = {payload: count // common for payload, count in counts.items()}
    if sum(counts.values()) > MOST_IN_A_ROUND:
        counts = _rounded(counts)
        about += f"; rounded to {MOST_IN_A_ROUND} datagrams"
    return Mix(name, tuple(counts.items()), about)


def _rounded(counts: Mapping[int, int]) -> dict[int, int]:
    """Share out :data:`MOST_IN_A_ROUND` datagrams by largest remainders."""
    total = sum(counts.values())
    shares = {p: divmod(count * MOST_IN_A_ROUND, total) for p, count in counts.items()}
    missing = MOST_IN_A_ROUND - sum(whole for whole, _ in shares.values())
    first = sorted(shares, key=lambda payload: (-shares[payload][1], payload))[:missing]
    rounded = {payload: whole + (payload in first) for payload, (whole, _) in shares.items()}
    return {payload: count for payload, count in rounded.items() if count}


IMIX = weighted(
    "IMIX",
    {payload: Fraction(weight) for payload, weight in imix().weights},
    "IMIX: inner IPv4 packets of 40, 576 and 1500 B, 7 : 4 : 1, as UDP payloads of 12, 548 and "
    "1472 B; an inner IPv6 packet is 20 B longer",
)
"""The simple IMIX, as :func:`overlaysim.traffic.schedule.imix` has it."""
