"""Named random streams from one seed."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from overlaysim.sim.uniforms import Uniforms


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
        from overlaysim.sim.uniforms import Uniforms  # noqa: PLC0415 (late: numpy is slow to load)

        return Uniforms(random.Random(self.number(*name)))

    def number(self, *name: str, bits: int = 256) -> int:
        """Return a number of ``bits`` bits that depends on the seed and ``name`` alone."""
        digest = hashlib.sha256(repr((self._seed, *name)).encode()).digest()
        return int.from_bytes(digest, "big") >> (256 - bits)
