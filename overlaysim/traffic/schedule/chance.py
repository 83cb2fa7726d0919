"""Where schedules get their chance from, and what they make of it has for types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Times: TypeAlias = NDArray[np.int64]
"""Instants or durations in picoseconds."""
Indices: TypeAlias = NDArray[np.uint16]
"""Places in a tuple of sizes."""


class Uniforms(Protocol):
    """A random stream in arrays (:class:`overlaysim.sim.uniforms.Uniforms`)."""

    def take(self, count: int) -> NDArray[np.float64]:
        """Return the next ``count`` numbers, from 0 up to but not including 1."""


class Chance(Protocol):
    """Random streams by name (:class:`overlaysim.sim.Streams`)."""

    def uniforms(self, *name: str) -> Uniforms:
        """Return the stream called ``name``, from its first number on."""


Purpose: TypeAlias = Callable[[str], Uniforms]
"""The stream of one flow for a purpose: ``gaps``, ``phases``, ``sizes``."""


class Gaps(Protocol):
    """How packets follow one another."""

    def births(self, stream: Purpose, counts: Iterator[int]) -> Iterator[Times]:
        """Yield when packets leave, counted from the start; of so many packets as ``counts`` say.

        The instants never decrease, nor do they reach twice :data:`chunks.HORIZON`. They may come
        in more and smaller pieces than asked for, even empty ones.
        """


class Sizes(Protocol):
    """How long packets are."""

    @property
    def payloads(self) -> tuple[int, ...]:
        """The sizes that occur, in bytes."""

    def drawing(self, stream: Purpose) -> Callable[[int], Indices]:
        """Return a function that says which of ``payloads`` each of the next so many packets is."""
