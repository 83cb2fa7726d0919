"""A running simulation that docker commands are typed into: what every way in stands on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from overlaysim.docker.client.client import CommandResult, DockerClient
from overlaysim.docker.client.line import split_line
from overlaysim.docker.daemon import Daemon
from overlaysim.errors import InputError, quote
from overlaysim.host.daemon import DaemonStopped
from overlaysim.measure import LinkUse, Measurements, Recorder
from overlaysim.report.capture import CaptureWriter
from overlaysim.report.layout import LinkView, TopologyView
from overlaysim.scenario.build import build_world
from overlaysim.scenario.desk import FaultDesk
from overlaysim.scenario.explain import Explainer
from overlaysim.scenario.model import LARGEST_SEED, Scenario
from overlaysim.scenario.overlaps import find_overlaps
from overlaysim.scenario.plane import PlaneChoice
from overlaysim.sim import Steps
from overlaysim.sim.events import CommandEnded
from overlaysim.sim.interrupt import interruptible
from overlaysim.underlay.network import ETHERNET_EXTRAS
from overlaysim.version import __version__

if TYPE_CHECKING:
    from overlaysim.scenario.carrier import Carrier

MOST_NAMED = 5
HOST_DOWN = 255
"""Exit status of ssh(1) when it cannot reach the host where a command was to run."""
SWARM_INIT = ["docker", "swarm", "init"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a typed command did.

    Attributes:
        status: its exit status.
        notes: what the simulator itself has to say, such as which hosts joined by themselves.
        reached: whether there was a daemon, from the beginning of the command to its end.
    """

    status: int
    stdout: str
    stderr: str
    notes: tuple[str, ...] = ()
    reached: bool = True

    @property
    def text(self) -> str:
        """Everything in the order in which a terminal shows it."""
        return self.stdout + self.stderr + "".join(f"{note}\n" for note in self.notes)


class Session:
    """A world with a docker client on each host, and a recorder.

    Args:
        scenario: gives the world; its timeline is the business of whoever runs it.
        capture: whether to keep every frame for ``capture.pcapng``.
        digest: SHA-256 of the scenario file, for the manifest.
        manual: how the user keeps hosts from joining by themselves, for the note that tells it.
        trace: whether :attr:`explainer` can tell the links that a packet crossed: costs a third of
            the time that links take.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        capture: bool = False,
        digest: str = "",
        manual: str = "swarm: manual",
        trace: bool = True,
    ) -> None:
        self.scenario = scenario
        self.world = build_world(scenario, trace=trace)
        self.simulator = self.world.simulator
        self.recorder = Recorder(self.simulator)
        self.capture = CaptureWriter(self.simulator) if capture else None
        self.explainer = Explainer(self.simulator)
        self.faults = FaultDesk(self.world)
        self.carrier: Carrier | None = None
        self._plane = PlaneChoice("event", "")
        self._digest = digest
        self._manual = manual
        self._clients = {
            name: DockerClient(Daemon(self.world, name)) for name in self.world.workers
        }

    @property
    def hosts(self) -> tuple[str, ...]:
        """Names of the hosts."""
        return self.scenario.underlay.topology.hosts

    # ---- commands -------------------------------------------------------------------------

    def command(self, host: str, line: str) -> Steps:
        """Carry out a docker command on a host; a process that returns an :class:`Outcome`.

        While the host's daemon is frozen it waits.
        A line that no shell word can be made of has status 2, as in a shell.
        """
        began = self.simulator.now
        self.explainer.begin(began)
        reached = True
        try:
            words = split_line(line)
        except InputError as error:
            result = CommandResult(2, "", f"{error}\n")
            words = []
        else:
            daemon = self.world.hosts[host].daemon
            try:
                result = yield from daemon.during(self._clients[host].run(words))
            except DaemonStopped as error:
                result, reached = self._unreachable(host, error), False
        now = self.simulator.now
        self.simulator.bus.emit(
            CommandEnded(
                now,
                host,
                line.strip(),
                result.status,
                now - began,
                result.stdout,
                result.stderr,
            )
        )
        notes: tuple[str, ...] = ()
        if self.scenario.automatic_join and words[:3] == SWARM_INIT and result.status == 0:
            notes = yield from self._join_others(host)
        return Outcome(result.status, result.stdout, result.stderr, notes, reached)

    def _unreachable(self, host: str, error: DaemonStopped) -> CommandResult:
        """What a command says when its host is without power, or without a daemon."""
        if self.faults.crashed(host):
            return CommandResult(HOST_DOWN, "", f"{host} is down\n")
        return CommandResult(1, "", f"{error}\n")

    def _join_others(self, host: str) -> Steps:
        joined = yield from self.world.join_others(host)
        if not joined:
            return ()
        at = self.simulator.now / 10**12
        managers = [name for name in joined if name in self.scenario.managers]
        workers = [name for name in joined if name not in managers]
        roles = (("manager", managers), ("worker", workers))
        said = ", ".join(f"{listed(names)} joined as {role}{'s' * (len(names) > 1)}"
                         for role, names in roles if names)  # fmt: skip
        return (f"({said} at {at:.3f} s; {self._manual} leaves that to you)",)

    def execute(self, host: str, line: str) -> Outcome:
        """Carry out a docker command and let time pass until it has ended.

        Raises:
            InputError: the host's daemon is frozen for good, so that it never would.
            KeyboardInterrupt: between two events; the command goes on when time does.
        """
        if (number := self.faults.frozen_for_good(host)) is not None:
            raise InputError(
                f"the daemon of {host} is frozen and never answers; fault end {number} thaws it"
            )
        with interruptible(self.simulator):
            outcome = self.simulator.run_until(self.simulator.spawn(self.command(host, line)))
        assert isinstance(outcome, Outcome)
        return outcome

    def wait(self, duration: int) -> None:
        """Let ``duration`` picoseconds pass.

        Raises:
            KeyboardInterrupt: between two events.
        """
        with interruptible(self.simulator):
            self.simulator.run_for(duration)

    def carry(self, choice: PlaneChoice) -> None:
        """Let bulk traffic run from now on, if the scenario has any.

        Args:
            choice: the plane that carries it.
        """
        if self.scenario.bulk:
            from overlaysim.scenario.carrier import Carrier  # noqa: PLC0415 (late: numpy)

            self._plane = choice
            self.carrier = Carrier(self.world, self.scenario.bulk, choice)

    def run_to(self, instant: int) -> None:
        """Run everything up to and including an instant, bulk traffic too."""
        if self.carrier is None:
            self.simulator.run_to(instant)
        else:
            self.carrier.run_to(instant)

    # ---- results --------------------------------------------------------------------------

    def measure(self, *, complete: bool = True) -> Measurements:
        """Measure what happened up to now.

        Raises:
            ModelError: the books do not balance: a bug of the simulator.
        """
        carrier = self.carrier
        extra = ETHERNET_EXTRAS if self.scenario.underlay.framing == "ethernet" else 0
        links = [
            LinkUse(
                f"{a}->{b}", link.spec.rate, dict(link.compositions), dict(link.drops),
                link.busy, link.largest_queue, extra,
            )
            for (a, b), link in self.world.underlay.links.items()
        ]  # fmt: skip
        return self.recorder.finish(
            links=links,
            in_flight=self.world.in_flight if carrier is None else carrier.in_flight,
            bulk=() if carrier is None else carrier.uses(),
            meta={
                "name": self.scenario.name,
                "version": __version__,
                "plane": self._plane.name,
                "plane_reason": self._plane.reason,
                "complete": complete,
                "scenario_sha256": self._digest,
                "settings": self._settings(),
                "addresses": dict(self.scenario.underlay.addresses),
                "warnings": tuple(str(overlap) for overlap in find_overlaps(self.scenario)),
            },
        )

    def _settings(self) -> dict[str, object]:
        underlay = self.scenario.underlay
        return {
            "topology": underlay.shape,
            "hosts": len(underlay.topology.hosts),
            "framing": underlay.framing,
            "ecmp": underlay.ecmp,
            "hash": "keys" if underlay.hash_keys else "5-tuple",
            "automatic_join": self.scenario.automatic_join,
            "timing": dict(self.scenario.timing),
        }

    def view(self) -> TopologyView:
        """What the topology figure shows."""
        topology = self.scenario.underlay.topology
        return TopologyView(
            topology.hosts,
            topology.switches,
            tuple(LinkView(a, b, spec.rate, spec.delay, spec.mtu) for a, b, spec in topology.links),
            {
                name: tuple(c.name for c in host.containers.values() if c.state == "running")
                for name, host in self.world.hosts.items()
            },
            routers=topology.routers,
        )


def listed(hosts: list[str]) -> str:
    """Hosts in a sentence: a few by name, many by their number."""
    if len(hosts) > MOST_NAMED:
        return f"{len(hosts)} hosts"
    return hosts[0] if len(hosts) == 1 else f"{', '.join(hosts[:-1])} and {hosts[-1]}"


def with_seed(scenario: Scenario, seed: int | None) -> Scenario:
    """Return the scenario with another seed; None keeps its own.

    Raises:
        InputError: a scenario file could not say that seed.
    """
    if seed is None:
        return scenario
    if not 0 <= seed <= LARGEST_SEED:
        raise InputError(f"seed: {quote(str(seed))} is not a whole number from 0 to {LARGEST_SEED}")
    return replace(scenario, seed=seed)
