"""Churn: hosts and containers that come and go at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from overlaysim.cluster.faults.base import check_hosts
from overlaysim.cluster.images import Image
from overlaysim.cluster.local import BRIDGE
from overlaysim.cluster.requests import Refused
from overlaysim.cluster.worker import Worker
from overlaysim.errors import InputError
from overlaysim.host.container import Container
from overlaysim.host.programs import MissingProgram
from overlaysim.sim import Steps, Timer
from overlaysim.underlay.barriers import Undo
from overlaysim.units import SECOND

if TYPE_CHECKING:
    from overlaysim.cluster.world import World


@dataclass(frozen=True)
class Churn:
    """Four independent Poisson processes over some hosts.

    Attributes:
        hosts: where it happens, each time on one of them at random that is fit for it.
        joins_per_s, leaves_per_s: hosts outside that join the swarm, workers that leave it.
        starts_per_s: containers started, as by ``docker run -d --network NETWORK IMAGE COMMAND``.
        stops_per_s: containers removed, as by ``docker rm -f``: only those that it has started.
        network: an overlay network; the default bridge if empty.
    """

    hosts: tuple[str, ...]
    joins_per_s: float = 0.0
    leaves_per_s: float = 0.0
    starts_per_s: float = 0.0
    stops_per_s: float = 0.0
    network: str = ""
    image: str = "alpine"
    command: tuple[str, ...] = ("sleep", "1000000")

    @property
    def rates(self) -> dict[str, float]:
        """Events per second by what they are."""
        return {
            "joins": self.joins_per_s, "leaves": self.leaves_per_s,
            "starts": self.starts_per_s, "stops": self.stops_per_s,
        }  # fmt: skip

    @property
    def what(self) -> str:
        """In words."""
        rates = ", ".join(f"{rate:g} {event}/s" for event, rate in self.rates.items() if rate)
        return f"churn on {len(self.hosts)} hosts: {rates}"

    def check(self, world: World) -> None:
        """Check the hosts and the rates."""
        check_hosts(world, self.hosts)
        wrong = [event for event, rate in self.rates.items() if rate < 0]
        if wrong:
            raise InputError(f"{wrong[0]} per second are 0 or more, not {self.rates[wrong[0]]:g}")
        if not self.hosts or not any(self.rates.values()):
            raise InputError("churn needs at least one host and one rate above 0")

    def begin(self, world: World) -> Undo:
        """Begin; undo lets no further event happen."""
        return _Churning(world, self).stop


class _Churning:
    """One churn under way."""

    def __init__(self, world: World, churn: Churn) -> None:
        self._world = world
        self._churn = churn
        self._rng = world.simulator.streams("churn")
        self._started: list[tuple[Worker, Container]] = []
        self._timers: dict[str, Timer] = {}
        self._events: dict[str, Callable[[], None]] = {
            "joins": self._join, "leaves": self._leave, "starts": self._start, "stops": self._stop,
        }  # fmt: skip
        for event, rate in churn.rates.items():
            if rate:
                self._schedule(event)

    def stop(self) -> None:
        """Let nothing more happen."""
        for timer in self._timers.values():
            timer.cancel()

    def _schedule(self, event: str) -> None:
        pause = round(self._rng.expovariate(self._churn.rates[event]) * SECOND)
        simulator = self._world.simulator
        self._timers[event] = simulator.timer(simulator.now + pause, self._happen, event)

    def _happen(self, event: str) -> None:
        self._schedule(event)
        self._events[event]()

    # ---- hosts ----------------------------------------------------------------------------

    def _workers(self, *, members: bool) -> list[Worker]:
        """Hosts with a running daemon that are in the swarm, or in none."""
        workers = [self._world.workers[name] for name in self._churn.hosts]
        return [w for w in workers if w.host.daemon.running and bool(w.node) is members]

    def _join(self) -> None:
        if outside := self._workers(members=False):
            host = self._rng.choice(outside).host.name
            self._world.supervisors[host].want("join")

    def _leave(self) -> None:
        managers = self._world.managers
        workers = [w for w in self._workers(members=True) if w.host.name not in managers]
        if workers:
            self._world.supervisors[self._rng.choice(workers).host.name].want("leave")

    # ---- containers -----------------------------------------------------------------------

    def _start(self) -> None:
        if workers := self._workers(members=True):
            worker = self._rng.choice(workers)
            name = f"churn-{self._rng.getrandbits(32):08x}"
            worker.host.daemon.spawn(self._run(worker, name))

    def _run(self, worker: Worker, name: str) -> Steps:
        runtime, churn = worker.runtime, self._churn
        yield self._world.simulator.sleep(worker.timing.container_create)
        container = runtime.create(name, Image.named(churn.image), churn.command)
        with runtime.locked(container):
            try:
                if churn.network:
                    yield from worker.attach(container, churn.network)
                else:
                    worker.attach_local(container, BRIDGE)
                yield from runtime.start(container)
            except (Refused, MissingProgram):
                worker.detach_all(container)
                del worker.host.containers[container.id]
                return
        self._started.append((worker, container))

    def _stop(self) -> None:
        self._started = [
            (worker, container) for worker, container in self._started
            if container.main is not None and worker.host.daemon.running
        ]  # fmt: skip
        if self._started:
            worker, container = self._rng.choice(self._started)
            self._started.remove((worker, container))
            worker.host.daemon.spawn(worker.runtime.remove(container))
