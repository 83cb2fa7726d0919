"""The Python way in: run a scenario, or type docker commands on simulated hosts."""

from __future__ import annotations

from pathlib import Path

from overlaysim.errors import InputError, nearest
from overlaysim.scenario.model import Scenario
from overlaysim.scenario.result import Result
from overlaysim.scenario.run import conclude, load, run_scenario
from overlaysim.scenario.session import Outcome, Session, with_seed
from overlaysim.units import parse_duration

DEFAULT = "name: lab\n"


def run(
    source: str | Path,
    *,
    seed: int | None = None,
    capture: bool = False,
    plane: str | None = None,
) -> Result:
    """Run a scenario and return its result.

    Args:
        source: a path, or the text of a scenario (anything with a line break in it).
        seed: takes the place of the scenario's own.
        capture: keep every frame, so that :meth:`Result.write` adds ``capture.pcapng``.
        plane: what carries bulk traffic, ``auto``, ``event`` or ``vector``; takes the place of the
            scenario's own.

    Raises:
        InputError: the scenario is wrong; it lists every problem.
    """
    scenario, digest = _load(source)
    file = "scenario" if isinstance(source, str) and "\n" in source else str(source)
    return run_scenario(scenario, seed=seed, capture=capture, digest=digest, plane=plane, file=file)


def check(source: str | Path) -> None:
    """Check a scenario without running it.

    Raises:
        InputError: it is wrong; it lists every problem.
    """
    _load(source)


def _load(source: str | Path) -> tuple[Scenario, str]:
    if isinstance(source, str) and "\n" in source:
        return load(source, name="scenario")
    return load(Path(source))


class Said(str):
    """What a command printed: a string that shows itself as a terminal would.

    Attributes:
        status: the command's exit status.
    """

    status: int

    def __new__(cls, outcome: Outcome) -> Said:
        """Make it of a command's outcome."""
        said = super().__new__(cls, outcome.text)
        said.status = outcome.status
        return said

    def __repr__(self) -> str:
        return str(self).rstrip("\n")


class LabHost:
    """One host of a lab; call it with a docker command."""

    def __init__(self, session: Session, name: str) -> None:
        self.name = name
        self._session = session

    def __call__(self, command: str) -> Said:
        """Type a command on this host; simulated time moves on until it has ended."""
        return Said(self._session.execute(self.name, command))

    def __repr__(self) -> str:
        address = self._session.world.workers[self.name].host.address
        return f"<host {self.name} at {address}>"


class Lab:
    """Simulated hosts to type docker commands on.

    Args:
        scenario: path or text of a scenario that describes the underlay (its timeline is not run,
            nor its traffic); by default three hosts, host-a to host-c, on one switch.
        seed: takes the place of the scenario's own.
        capture: keep every frame, so that :meth:`Result.write` adds ``capture.pcapng``.

    Raises:
        InputError: the scenario is wrong.
    """

    def __init__(
        self, scenario: str | Path = DEFAULT, *, seed: int | None = None, capture: bool = False
    ) -> None:
        loaded, digest = _load(scenario)
        self._session = Session(with_seed(loaded, seed), capture=capture, digest=digest)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Names of the hosts."""
        return self._session.hosts

    @property
    def now(self) -> int:
        """The simulated instant in picoseconds."""
        return self._session.simulator.now

    def __getitem__(self, name: str) -> LabHost:
        """Return a host by name; raises :class:`InputError` if there is none."""
        if name not in self.hosts:
            hint = nearest(name, self.hosts)
            raise InputError(f'no host "{name}"; hosts are {", ".join(self.hosts)}{hint}')
        return LabHost(self._session, name)

    def wait(self, duration: str) -> None:
        """Let simulated time pass, as in ``lab.wait("5 s")``."""
        self._session.wait(parse_duration(duration))

    def fault(self, words: str) -> str:
        """Break or heal something in the words of the prompt, or list what is broken.

        As in ``lab.fault("link host-b switch down for 10s")``, ``lab.fault("host host-b crashed")``
        or ``lab.fault("heal all")``. Returns what the prompt would print.

        Raises:
            InputError: there is no such fault, host or link.
        """
        return self._session.faults.command(words.split())

    def explain(self) -> str:
        """Tell what the last packet and look-up did, hop by hop."""
        return self._session.explainer.text()

    def report(self) -> Result:
        """Measure everything so far."""
        return conclude(self._session)
