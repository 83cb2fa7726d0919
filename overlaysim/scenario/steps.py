"""The ``timeline`` section as steps, checked against the topology and against one another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from overlaysim.scenario.commands import split_commands
from overlaysim.scenario.faults import FaultReader
from overlaysim.scenario.fields import Record
from overlaysim.scenario.model import Command, FaultStep, RunStep, Step, WaitStep
from overlaysim.scenario.nodes import ProblemLog, join
from overlaysim.scenario.places import Places
from overlaysim.units import format_duration


class StepReader:
    """Makes steps of the records that the field table read.

    Args:
        places: the hosts and links there are.
        check_command: says what is wrong with a docker command line, or None.
        duration: the simulated time, or None if the scenario leaves it open.
        log: gets what is wrong.
    """

    def __init__(
        self,
        places: Places,
        check_command: Callable[[str], str | None],
        duration: int | None,
        log: ProblemLog,
    ) -> None:
        self._places = places
        self._faults = FaultReader(places, log)
        self._check_command = check_command
        self._duration = duration
        self._log = log

    def read(self, record: Record) -> Step | None:
        """Return the step; None if it is not one, which has been reported then."""
        self._check_times(record)
        place = {"line": record.node.line, "column": record.node.column}
        common = place | {key: record[key] for key in ("at", "every", "until")}
        if record.written("run"):
            return self._run(record, common)
        if record["fault"]:
            return self._fault(record["fault"], common)
        if record.written("wait"):
            if record.written("every"):
                record.report("every", "a wait cannot be repeated", self._log)
            return WaitStep(duration=record["wait"], **common)
        return None

    def _check_times(self, record: Record) -> None:
        start, until = record["at"], record["until"]
        if start is not None and until is not None and until < start:
            message = f"{format_duration(until)} is before at, {format_duration(start)}"
            record.report("until", message, self._log)
        check_before_end(record, "at", self._duration, self._log)

    def _run(self, record: Record, common: dict[str, Any]) -> RunStep:
        host = record["on"]
        if host is not None and (wrong := self._places.wrong_host(host)):
            record.report("on", wrong, self._log)
        commands = []
        for row in split_commands(record["run"] or ()):
            if message := self._check_command(row.text):
                self._log.report(row, join(record.path, "run"), message)
            commands.append(Command(row.text, row.line, row.column))
        if record["run"] and not commands:
            record.report("run", "only comments here; write a docker command", self._log)
        return RunStep(host=host, commands=tuple(commands), fails=record["fails"], **common)

    def _fault(self, fault: Record, common: dict[str, Any]) -> FaultStep | None:
        order = self._faults.read(fault)
        return FaultStep(order=order, **common) if order else None


def check_before_end(record: Record, key: str, duration: int | None, log: ProblemLog) -> None:
    """Report an instant that the simulation does not reach."""
    instant = record[key]
    if instant is not None and duration is not None and instant >= duration:
        message = f"{format_duration(instant)} is not before the end, duration: "
        record.report(key, message + format_duration(duration), log)
