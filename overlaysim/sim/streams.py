"""Named random streams from one seed."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
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
        from numpy.random import RandomState  # noqa: PLC0415 (late: it is slow to import)

        _, state, _ = generator.getstate()
        self._generator = RandomState(0)
        self._generator.set_state(("MT19937", state[:-1], state[-1]))

    def take(self, count: int) -> NDArray[np.float64]:
        """Return the next ``count`` numbers, from 0 up to but not including 1."""
        return self._generator.random_sample(count)


class Streams:
    """Hands out independent random generators by name.

    A stream depends on the seed and its name alone, so a new component never shifts the draws of
    another. The generator is seeded through SHA-256, not through ``hash()``: the draws are the same
    on every platform and under every ``PYTHONHASHSEED``.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._streams: dict[tuple[str, ...], random.Random] = {}

    def __call__(self, *name: str) -> random.Random:
        """Return the stream called ``name``; the same object each time."""
        if name not in self._streams:
            self._streams[name] = random.Random(self.number(*name))
        return self._streams[name]

    def uniforms(self, *name: str) -> Uniforms:
        """Return the draws of the stream called ``name`` in arrays, from its first on.

        Each call begins anew and leaves the stream itself alone, so whoever asks by the same name
        sees the same numbers.
        """
        return Uniforms(random.Random(self.number(*name)))

    def number(self, *name: str, bits: int = 256) -> int:
        """Return a number of ``bits`` bits that depends on the seed and ``name`` alone."""
        digest = hashlib.sha256(repr((self._seed, *name)).encode()).digest()
        return int.from_bytes(digest, "big") >> (256 - bits)
