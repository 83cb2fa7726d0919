"""Runs a scenario: its timeline, its traffic, its expectations."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from math import ceil, isfinite
from pathlib import Path

from overlaysim.docker.client.client import check
from overlaysim.measure import METRICS
from overlaysim.report.sections import ExpectationResult
from overlaysim.scenario.model import FaultStep, Flow, RunStep, Scenario, Step, WaitStep
from overlaysim.scenario.plane import choose_plane
from overlaysim.scenario.read import read_scenario
from overlaysim.scenario.result import Result
from overlaysim.scenario.session import Outcome, Session, with_seed
from overlaysim.scenario.traffic import run_flow
from overlaysim.sim import Process, Steps
from overlaysim.sim.interrupt import interruptible
from overlaysim.units import SECOND

SETTLE = SECOND
"""What a scenario without ``duration`` goes on after its last step and flow have ended."""
DOCKER_FAILURES = range(125, 128)
"""Exit statuses of ``docker run`` and ``docker exec`` that are docker's own, not the program's."""

Progress = Callable[[int], None]
"""Told the simulated instant now and then while a scenario runs."""
GRID = SECOND // 10
"""A scenario without ``duration`` ends a whole number of these after its beginning."""
PERIODS = {"event": SECOND // 10, "vector": 10 * SECOND}
"""How much simulated time passes between two reports of progress, by plane."""


def load(source: Path | str, *, name: str = "") -> tuple[Scenario, str]:
    """Read a scenario file (a ``Path``) or text; return it with the SHA-256 of its bytes.

    Raises:
        InputError: with every problem found.
    """
    scenario = read_scenario(source, name=name, metrics=METRICS, check_command=check)
    data = source.read_bytes() if isinstance(source, Path) else source.encode()
    return scenario, hashlib.sha256(data).hexdigest()


def run_scenario(
    scenario: Scenario,
    *,
    seed: int | None = None,
    capture: bool = False,
    digest: str = "",
    progress: Progress | None = None,
    plane: str | None = None,
    file: str = "scenario",
) -> Result:
    """Run a scenario to its end.

    An interruption (``KeyboardInterrupt``) ends it early; what is complete so far is measured and
    marked as incomplete.

    Args:
        seed: takes the place of the scenario's own.
        capture: keep every frame for ``capture.pcapng``.
        digest: SHA-256 of the scenario file, for the manifest.
        progress: called ten times per simulated second; on the vector plane once.
        plane: what carries bulk traffic, ``auto``, ``event`` or ``vector``: takes the place of the
            scenario's own.
        file: what messages call the scenario.

    Raises:
        InputError: that plane cannot carry it.
    """
    choice = choose_plane(scenario, plane or scenario.plane, capture=capture, file=file)
    session = Session(with_seed(scenario, seed), capture=capture, digest=digest, trace=False)
    session.carry(choice)
    timeline = Timeline(session, PERIODS[choice.name])
    complete = True
    try:
        with interruptible(session.simulator):
            timeline.run(progress or (lambda instant: None))
    except KeyboardInterrupt:
        complete = False
    return conclude(session, tuple(timeline.surprises), complete=complete)


def conclude(
    session: Session, surprises: tuple[ExpectationResult, ...] = (), *, complete: bool = True
) -> Result:
    """Measure a session and judge its scenario's expectations."""
    measurements = session.measure(complete=complete)
    judged = []
    for expectation in session.scenario.expect:
        verdict = expectation.check(measurements)
        judged.append(ExpectationResult(expectation.text, verdict.shown, verdict.holds))
    return Result(measurements, (*surprises, *judged), session.view(), session.capture)


class Timeline:
    """The steps of a scenario as processes.

    A step with ``at`` begins at that instant; one without begins when the step before has ended.
    ``surprises`` collects commands that did not do what the scenario says they do.

    Args:
        period: how much simulated time passes between two reports of progress, picoseconds.
    """

    def __init__(self, session: Session, period: int = PERIODS["event"]) -> None:
        self._period = period
        self.surprises: list[ExpectationResult] = []
        self._session = session
        self._simulator = session.simulator

    def run(self, progress: Progress) -> None:
        """Run steps and traffic, and the time that remains after them."""
        scenario = self._session.scenario
        everything = self._simulator.spawn(self._everything())
        if scenario.duration is not None:
            self._advance(scenario.duration, progress)
            return
        while everything.is_alive:
            self._advance(self._simulator.now + self._steps() * GRID, progress)
        self._advance(self._simulator.now + SETTLE, progress)

    def _steps(self) -> int:
        """How many times GRID to go on: nothing can end before the next event."""
        wait = self._simulator.peek() - self._simulator.now
        return max(1, ceil(wait / GRID)) if isfinite(wait) else 1

    def _advance(self, end: int, progress: Progress) -> None:
        while self._simulator.now < end:
            self._session.run_to(min(self._simulator.now + self._period, end))
            progress(self._simulator.now)

    def _everything(self) -> Steps:
        spawn = self._simulator.spawn
        flows = [spawn(self._flow(flow)) for flow in self._session.scenario.traffic]
        if self._session.scenario.bulk:
            flows.append(spawn(self._bulk()))
        steps = []
        previous: Process | None = None
        for step in self._session.scenario.timeline:
            previous = spawn(self._step(step, previous if step.at is None else None))
            steps.append(previous)
        yield from (*steps, *flows)

    def _flow(self, flow: Flow) -> Steps:
        problem = yield from run_flow(self._session, flow)
        if problem:
            text = f"line {flow.line}: traffic from {flow.source} to {flow.target}"
            self.surprises.append(ExpectationResult(text, problem, False))

    def _bulk(self) -> Steps:
        """Wait until the last bulk packet has been sent."""
        ends = [flow.stop for flow in self._session.scenario.bulk if flow.stop is not None]
        yield self._simulator.sleep(max(ends, default=0))

    def _step(self, step: Step, previous: Process | None) -> Steps:
        if previous is not None:
            yield previous
        elif step.at is not None:
            yield self._simulator.sleep(max(step.at - self._simulator.now, 0))
        if step.every is None or step.until is None:
            yield from self._once(step)
            return
        running = []
        while self._simulator.now <= step.until:
            running.append(self._simulator.spawn(self._once(step)))
            yield self._simulator.sleep(step.every)
        yield from running

    def _once(self, step: Step) -> Steps:
        if isinstance(step, RunStep):
            yield from self._type(step)
        elif isinstance(step, FaultStep):
            self._session.faults.carry_out(step.order)
        elif isinstance(step, WaitStep):
            yield self._simulator.sleep(step.duration)

    def _type(self, step: RunStep) -> Steps:
        for command in step.commands:
            outcome: Outcome = yield from self._session.command(step.host, command.text)
            surprise = surprising(command.text, outcome, step.fails)
            if surprise:
                text = f"line {command.line}: {command.text}"
                self.surprises.append(ExpectationResult(text, surprise, False))


def surprising(command: str, outcome: Outcome, fails: bool) -> str:
    """Say in what way a command's end is not what the scenario says; empty if it is.

    What a program in a container returns (a ping without an answer, say) is a measurement, not a
    mistake of the scenario, unless the step says that it fails.
    """
    if fails:
        return "" if outcome.status else "was to fail, but did not"
    program = command.split()[:2] == ["docker", "exec"] and outcome.status not in DOCKER_FAILURES
    if not outcome.status or (program and outcome.reached):
        return ""
    said = (outcome.stderr or outcome.stdout).strip().split("\n")[0]
    return f"failed with status {outcome.status}: {said}"
