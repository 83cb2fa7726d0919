"""When packets of a flow leave and how long they are, whoever sends them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from overlaysim.traffic.schedule.chance import Chance, Gaps, Purpose, Sizes, Times, Uniforms
from overlaysim.traffic.schedule.chunks import HORIZON, portions
from overlaysim.traffic.schedule.emissions import Emissions


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """An open-loop flow: what leaves does not depend on what becomes of it.

    Attributes:
        start: picoseconds, from 0 up to but not including :data:`HORIZON`.
        stop: the instant from which on nothing leaves; None for never.
        count: at most so many packets; None for no limit.
        gaps: between packets: :class:`Constant`, :class:`Poisson`, :class:`OnOff`,
            :class:`Replay`.
        sizes: of packets: :class:`Fixed`, :class:`Mix`, :class:`Replay`.
    """

    gaps: Gaps
    sizes: Sizes
    start: int = 0
    stop: int | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start < HORIZON:
            raise ValueError(f"start ({self.start} ps) must be from 0 to {HORIZON - 1} ps")
        if self.count is not None and self.count < 0:
            raise ValueError(f"count ({self.count}) must not be below zero")

    def emissions(self, chance: Chance, name: str) -> Emissions:
        """Return the packets of the flow called ``name``, from the first on.

        They follow from the schedule, the seed and the name: the streams are called ``flow``,
        ``name`` and ``gaps``, ``phases`` or ``sizes``. Whoever asks again gets the same packets.
        """

        def stream(purpose: str) -> Uniforms:
            return chance.uniforms("flow", name, purpose)

        return Emissions(self._births(stream), self.sizes.drawing(stream), self.sizes.payloads)

    def _births(self, stream: Purpose) -> Iterator[Times]:
        end = min(HORIZON if self.stop is None else self.stop, HORIZON) - self.start
        for since in self.gaps.births(stream, portions(self.count)):
            inside = int(since.searchsorted(end))
            yield since[:inside] + self.start
            if inside < len(since):
                return
