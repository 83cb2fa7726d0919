"""The book of what is broken at present."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from overlaysim.cluster.faults.base import Fault
from overlaysim.errors import InputError
from overlaysim.sim.events import FaultBegan, FaultEnded
from overlaysim.underlay.barriers import Undo

if TYPE_CHECKING:
    from overlaysim.cluster.world import World


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """A fault that has begun and not ended; ``since`` is when, picoseconds."""

    number: int
    since: int
    fault: Fault


class FaultBook:
    """Begins and ends faults, and tells of both.

    Faults on the same thing may overlap and end in any order.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._active: dict[int, tuple[ActiveFault, Undo]] = {}
        self._numbers = 0

    @property
    def active(self) -> tuple[ActiveFault, ...]:
        """What is broken at present, in the order in which it began."""
        return tuple(active for active, _ in self._active.values())

    def begin(self, fault: Fault) -> int:
        """Begin a fault and return its number.

        Raises:
            InputError: it cannot be begun in this world; nothing has happened then.
        """
        fault.check(self._world)
        self._numbers += 1
        number, now = self._numbers, self._world.simulator.now
        hosts = tuple(name for name in fault.hosts if name in self._world.workers)
        self._world.simulator.bus.emit(FaultBegan(now, number, fault.what, hosts))
        self._active[number] = ActiveFault(number, now, fault), fault.begin(self._world)
        return number

    def end(self, number: int) -> None:
        """End the fault of this number.

        Raises:
            InputError: there is none, or it has ended.
        """
        if number not in self._active:
            numbers = ", ".join(map(str, self._active)) or "none"
            raise InputError(f"fault {number} is not active; active are: {numbers}")
        active, undo = self._active.pop(number)
        now = self._world.simulator.now
        self._world.simulator.bus.emit(FaultEnded(now, number, active.fault.what))
        undo()
