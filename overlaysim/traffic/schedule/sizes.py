"""Sizes of packets: one, or several in proportions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

import numpy as np

from overlaysim.traffic.schedule.chance import Indices, Purpose

LARGEST_PAYLOAD = 65_507
"""Bytes of UDP payload in the longest IPv4 packet."""


@dataclass(frozen=True)
class Fixed:
    """All packets have one size.

    Attributes:
        payload: bytes, from 0 to :data:`LARGEST_PAYLOAD`.
    """

    payload: int

    def __post_init__(self) -> None:
        check_payload(self.payload)

    @property
    def payloads(self) -> tuple[int, ...]:
        """The one size."""
        return (self.payload,)

    @property
    def mean(self) -> Fraction:
        """Mean payload, bytes."""
        return Fraction(self.payload)

    def drawing(self, stream: Purpose) -> Callable[[int], Indices]:
        """Return a function that says which size the next packets have: always the first."""
        return lambda count: np.zeros(count, np.uint16)


@dataclass(frozen=True)
class Mix:
    """Each packet has one of several sizes, drawn in proportion to its weight.

    Attributes:
        weights: pairs of payload (bytes) and weight (above zero), each payload once.
    """

    weights: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        for payload, weight in self.weights:
            check_payload(payload)
            if weight < 1:
                raise ValueError(f"weight ({weight}) of {payload} B must be above zero")
        if not self.weights or len(set(self.payloads)) < len(self.weights):
            raise ValueError("a mix has at least one size, and each of them once")

    @property
    def payloads(self) -> tuple[int, ...]:
        """The sizes in the order of ``weights``."""
        return tuple(payload for payload, _ in self.weights)

    @property
    def mean(self) -> Fraction:
        """Mean payload, bytes."""
        total = sum(weight for _, weight in self.weights)
        return Fraction(sum(payload * weight for payload, weight in self.weights), total)

    def drawing(self, stream: Purpose) -> Callable[[int], Indices]:
        """Return a function that draws which sizes the next packets have, from ``sizes``."""
        uniforms = stream("sizes")
        *edges, total = accumulate(weight for _, weight in self.weights)
        limits = np.array(edges, np.float64) / total

        def draw(count: int) -> Indices:
            return limits.searchsorted(uniforms.take(count), "right").astype(np.uint16)

        return draw


def imix(small: int = 12, medium: int = 548, large: int = 1472) -> Mix:
    """Return the simple IMIX: three sizes 7 : 4 : 1, by default IP packets of 40, 576 and 1500 B.

    The sizes are given as UDP payloads. Weights and sizes as in the documentation of Linux's packet
    generator (``net/core/pktgen.c``, imix_weights); RFC 6985 only gives mixes a notation.
    """
    return Mix(((small, 7), (medium, 4), (large, 1)))


def check_payload(payload: int) -> None:
    """Raise ValueError for what cannot be the payload of a UDP datagram, in bytes."""
    if not 0 <= payload <= LARGEST_PAYLOAD:
        raise ValueError(f"payload ({payload} B) must be from 0 to {LARGEST_PAYLOAD} B")
