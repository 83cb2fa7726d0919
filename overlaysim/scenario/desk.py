"""Where faults are ordered, ended and listed, whoever asks: a timeline, a prompt, a program."""

from __future__ import annotations

from collections.abc import Sequence

from overlaysim.cluster.faults import (
    ActiveFault,
    Churn,
    CrashHost,
    Fault,
    FreezeDaemon,
    Partition,
)
from overlaysim.cluster.world import World
from overlaysim.errors import InputError, quote
from overlaysim.scenario.fault_words import read_fault
from overlaysim.scenario.faults import FAULT_KINDS
from overlaysim.scenario.model import Break, Heal
from overlaysim.scenario.places import Places
from overlaysim.units import format_seconds

NOTHING = "nothing is broken\n"
NOTHING_LIKE_THAT = "nothing like that is broken\n"


class FaultDesk:
    """Carries out the faults of one world and knows until when they last."""

    def __init__(self, world: World) -> None:
        self._book = world.faults
        self._simulator = world.simulator
        self._places = Places(world.topology)
        self._until: dict[int, int] = {}

    def begin(self, fault: Fault, duration: int | None = None) -> int:
        """Break something, for good or for ``duration`` picoseconds; return the fault's number.

        Raises:
            InputError: the world has no such host or link.
        """
        number = self._book.begin(fault)
        if duration is not None:
            self._until[number] = self._simulator.now + duration
            self._simulator.call_in(duration, self._expire, number)
        return number

    def carry_out(self, order: Break | Heal) -> list[int]:
        """Begin or end faults; return their numbers.

        Raises:
            InputError: as :meth:`begin`.
        """
        if isinstance(order, Break):
            return [self.begin(fault, order.duration) for fault in order.faults]
        numbers = [active.number for active in self._book.active if is_meant(order, active.fault)]
        for number in numbers:
            self._book.end(number)
        return numbers

    def crashed(self, host: str) -> bool:
        """Whether a host is without power."""
        return any(active.fault == CrashHost(host) for active in self._book.active)

    def frozen_for_good(self, host: str) -> int | None:
        """Return the number of a fault that freezes a host's daemon until somebody heals it."""
        frozen = FreezeDaemon(host)
        numbers = [active.number for active in self._book.active if active.fault == frozen]
        return next((number for number in numbers if number not in self._until), None)

    def command(self, words: Sequence[str]) -> str:
        """Do what somebody typed: a fault in words, ``list``, or ``end N``; return the answer.

        Raises:
            InputError: the words are none of these, or name what does not exist.
        """
        if list(words) == ["list"]:
            return "".join(map(self._line, self._book.active)) or NOTHING
        if words[:1] == ["end"]:
            return self._end(words[1:])
        order = read_fault(words, self._places)
        numbers = self.carry_out(order)
        if isinstance(order, Heal):
            return "".join(f"fault {number} ended\n" for number in numbers) or NOTHING_LIKE_THAT
        return "".join(self._line(active) for active in self._book.active
                       if active.number in numbers)  # fmt: skip

    def _end(self, words: Sequence[str]) -> str:
        numbers = [str(active.number) for active in self._book.active]
        if len(words) != 1 or words[0] not in numbers:
            what = quote(" ".join(words))
            raise InputError(f"fault: {what} is no fault that lasts; `fault list` shows them")
        self._book.end(int(words[0]))
        return f"fault {words[0]} ended\n"

    def _expire(self, number: int) -> None:
        if any(active.number == number for active in self._book.active):  # else it was healed
            self._book.end(number)

    def _line(self, active: ActiveFault) -> str:
        until = self._until.get(active.number)
        end = f", until {format_seconds(until)}" if until is not None else ""
        return f"fault {active.number}: {active.fault.what}{end}\n"


def is_meant(heal: Heal, fault: Fault) -> bool:
    """Whether a fault is among those that are to be healed.

    A partition or churn is nobody's own: naming a host does not end it.
    """
    if heal.kind and not isinstance(fault, FAULT_KINDS[heal.kind]):
        return False
    nodes = () if isinstance(fault, Partition | Churn) else fault.hosts
    return all(node in nodes for node in heal.nodes)
