"""How the vector plane cuts its work into pieces, which must not show in any result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from overlaysim.planes.vector import draws, habits, network, plane


@dataclass(frozen=True)
class Grain:
    """How many packets a window has per link, what a first one lasts at most (picoseconds), how
    often a circle of links is gone around, how many random numbers are drawn at a time, and from
    how many classes of packets on tables hold only those that come.
    """

    frames: int
    span: int
    rounds: int
    chunk: int
    many: int = habits._MANY

    @contextmanager
    def set(self) -> Iterator[None]:
        """Cut the work like this for as long as the context lasts."""
        with ExitStack() as stack:
            for module, name, value in (
                (plane, "_FRAMES_PER_LINK", self.frames),
                (plane, "_FIRST_SPAN", self.span),
                (network, "_MOST_ROUNDS", self.rounds),
                (draws, "_CHUNK", self.chunk),
                (habits, "_MANY", self.many),
            ):
                stack.enter_context(patch.object(module, name, value))
            yield


AS_IT_IS = Grain(plane._FRAMES_PER_LINK, plane._FIRST_SPAN, network._MOST_ROUNDS, draws._CHUNK)
GRAINS = (
    AS_IT_IS,
    Grain(frames=4, span=1 << 20, rounds=24, chunk=2),
    Grain(frames=1, span=1 << 30, rounds=24, chunk=1, many=0),
    Grain(frames=1 << 15, span=1 << 30, rounds=6, chunk=7),
)
