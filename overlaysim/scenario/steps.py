"""The ``timeline`` section as steps, checked against the topology and against one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from overlaysim.errors import nearest, quote
from overlaysim.scenario.commands import split_commands
from overlaysim.scenario.fields import Record
from overlaysim.scenario.model import Command, FaultStep, RunStep, Step, WaitStep
from overlaysim.scenario.nodes import ProblemLog, join, listed
from overlaysim.underlay.topology import Topology, no_link
from overlaysim.units import format_duration


class StepReader:
    """Makes steps of the records that the field table read.

    Args:
        topology: where the steps happen; None if it is not known, then names are not checked.
        check_command: says what is wrong with a docker command line, or None.
        duration: the simulated time, or None if the scenario leaves it open.
        log: gets what is wrong.
    """

    def __init__(
        self,
        topology: Topology | None,
        check_command: Callable[[str], str | None],
        duration: int | None,
        log: ProblemLog,
    ) -> None:
        self._hosts = topology.hosts if topology else ()
        self._neighbours: Mapping[str, tuple[str, ...]] = topology.neighbours() if topology else {}
        self._check_command = check_command
        self._duration = duration
        self._log = log

    def read(self, record: Record) -> Step | None:
        """Return the step; None if it is not one, which has been reported then."""
        self._check_times(record)
        common = {"line": record.node.line} | {key: record[key] for key in ("at", "every", "until")}
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
        if host is not None and self._neighbours and host not in self._hosts:
            record.report("on", self._no_host(host), self._log)
        commands = []
        for row in split_commands(record["run"] or ()):
            if message := self._check_command(row.text):
                self._log.report(row, join(record.path, "run"), message)
            commands.append(Command(row.text, row.line))
        if record["run"] and not commands:
            record.report("run", "only comments here; write a docker command", self._log)
        return RunStep(host=host, commands=tuple(commands), fails=record["fails"], **common)

    def _no_host(self, name: str) -> str:
        if name in self._neighbours:
            return f"{name} is a switch; hosts are {listed(self._hosts)}"
        hint = nearest(name, self._hosts) or f"; hosts are {listed(self._hosts)}"
        return f"there is no host {quote(name)}{hint}"

    def _fault(self, fault: Record, common: dict[str, Any]) -> FaultStep:
        a, b = fault["link"] or ("", "")
        if a and self._neighbours and b not in self._neighbours.get(a, ()):
            fault.report("link", no_link(a, b, self._neighbours), self._log)
        return FaultStep(a=a, b=b, up=fault["state"] == "up", duration=fault["for"], **common)


def check_before_end(record: Record, key: str, duration: int | None, log: ProblemLog) -> None:
    """Report an instant that the simulation does not reach."""
    instant = record[key]
    if instant is not None and duration is not None and instant >= duration:
        message = f"{format_duration(instant)} is not before the end, duration: "
        record.report(key, message + format_duration(duration), log)
