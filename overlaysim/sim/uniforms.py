"""Random streams in arrays."""

from __future__ import annotations

import random

import numpy as np
from numpy.random import MT19937, RandomState
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray


class Uniforms:
    """The draws of a generator in arrays: what as many calls of ``random()`` would have returned.

    Both are the Mersenne Twister with 53 bits to a number (CPython ``Modules/_randommodule.c``,
    ``_random_Random_random_impl``; numpy ``numpy/random/src/mt19937/mt19937.h``,
    ``mt19937_next_double``), so one continues from the other's state. numpy has promised that the
    numbers of ``RandomState`` never change (NEP 19).

    Args:
        generator: where to begin; it is read, not advanced.
    """

    def __init__(self, generator: random.Random) -> None:
        _, state, _ = generator.getstate()
        twister = MT19937(_Unseeded())  # type: ignore[arg-type] # documented, but not in the stubs
        twister.state = {
            "bit_generator": "MT19937",
            "state": {"key": state[:-1], "pos": state[-1]},
        }
        self._generator = RandomState(twister)

    def take(self, count: int) -> NDArray[np.float64]:
        """Return the next ``count`` numbers, from 0 up to but not including 1."""
        return self._generator.random_sample(count)


class _Unseeded(ISeedSequence):
    """No seed at all, for a generator whose state is about to be set.

    A usual seed costs a flow of few packets more than its packets do (90 us), and so does an array
    of zeros in place of the plain ones (50 us).
    """

    def generate_state(self, n_words: int, dtype: object = np.uint32) -> tuple[int, ...]:  # type: ignore[override]
        return (0,) * n_words
