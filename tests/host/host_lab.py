"""A running swarm for the tests of the hosts: commands, frames seen, journeys that ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from overlaysim.host.container import Container
from overlaysim.host.host import Host
from overlaysim.host.membership import Membership
from overlaysim.overlay.vtep import Vtep
from overlaysim.scenario.run import load
from overlaysim.scenario.session import Outcome, Session
from overlaysim.sim import Journey
from overlaysim.sim.events import FrameSeen
from overlaysim.traffic.messages import DatagramIn, Event, Resolved, SendDatagram
from overlaysim.traffic.program import Program
from overlaysim.units import MS, SECOND
from overlaysim.wire import VXLAN
from overlaysim.wire.dns import Record

HOSTS = "name: test\n"


class HostLab:
    """Three hosts, or those of another scenario, with every journey and VXLAN frame kept."""

    def __init__(self, scenario: str = HOSTS, *, seed: int = 7) -> None:
        self.session = Session(load(scenario, name="test")[0])
        self.world = self.session.world
        self.simulator = self.session.simulator
        self.ended: list[Journey] = []
        self.frames: list[FrameSeen] = []
        self.simulator.ledger.on_end.append(self.ended.append)
        self.simulator.bus.subscribe(FrameSeen, self._frame)

    def _frame(self, event: FrameSeen) -> None:
        if event.packet.find(VXLAN) is not None:
            self.frames.append(event)

    def run(self, host: str, command: str, status: int = 0) -> Outcome:
        outcome = self.session.execute(host, command)
        assert outcome.status == status, outcome.text
        return outcome

    def swarm(self, *networks: str) -> None:
        """``swarm init`` on host-a, and attachable overlays of these names."""
        self.run("host-a", "docker swarm init")
        for network in networks:
            self.run("host-a", f"docker network create -d overlay --attachable {network}")

    def start(self, host: str, name: str, *options: str, network: str = "app-overlay") -> Container:
        words = " ".join(options)
        self.run(
            host, f"docker run -d --network {network} --name {name} {words} alpine sleep 100000"
        )
        return self.container(name, host)

    def exec(self, container: str, command: str, status: int = 0) -> str:
        """Run a program in a container; return what it printed."""
        host = self.container(container).host
        return self.run(host, f"docker exec {container} {command}", status).text

    def container(self, name: str, host: str = "") -> Container:
        found = [
            container
            for owner in self.world.hosts.values()
            for container in owner.containers.values()
            if container.name == name and host in ("", owner.name)
        ]
        assert len(found) == 1, (name, found)
        return found[0]

    def host(self, name: str) -> Host:
        return self.world.hosts[name]

    def membership(self, host: str, network: str = "app-overlay") -> Membership:
        held = self.host(host).memberships.values()
        return next(m for m in held if m.info.name == network)

    def vtep(self, host: str, network: str = "app-overlay") -> Vtep:
        vtep = self.membership(host, network).segment.vtep
        assert vtep is not None
        return vtep

    def wait(self, duration: int) -> None:
        self.simulator.run_for(duration)

    def step_through(self, duration: int, step: int = MS) -> None:
        """Let time pass in small steps and check at each that no packet is lost from the books."""
        end = self.simulator.now + duration
        while self.simulator.now < end:
            self.simulator.run_for(min(step, end - self.simulator.now))
            self.world.check_conservation()

    @contextmanager
    def watch(self) -> Iterator[Watched]:
        """What the block makes happen: data journeys that end and VXLAN frames that are sent."""
        watched = Watched()
        journeys, frames = len(self.ended), len(self.frames)
        yield watched
        watched.journeys += [j for j in self.ended[journeys:] if j.kind == "data"]
        watched.sent += [f for f in self.frames[frames:] if f.outgoing]


class Watched:
    """The journeys and outgoing VXLAN frames of one block."""

    def __init__(self) -> None:
        self.journeys: list[Journey] = []
        self.sent: list[FrameSeen] = []

    @property
    def reasons(self) -> list[tuple[str | None, str | None]]:
        """Reason and place of each drop."""
        return [(j.reason, j.where) for j in self.journeys if j.outcome == "dropped"]

    def lengths(self, host: str) -> list[int]:
        """Bytes of the VXLAN frames that the host sent."""
        return [frame.packet.length for frame in self.sent if frame.host == host]


class Asker(Program):
    """Asks the resolver one question and keeps the records of the answer."""

    def __init__(self, name: str, qtype: str) -> None:
        super().__init__()
        self.records: tuple[Record, ...] = ()
        self._question = (name, qtype)

    def start(self, now: int) -> None:
        self._ask(*self._question, now)

    def receive(self, message: Event, now: int) -> None:
        assert isinstance(message, Resolved)
        self.records = message.records
        self._end(0)

    def on_timer(self, now: int) -> None:
        self._end(1)


class UdpClient(Program):
    """Sends datagrams from one port to another, and keeps everything that it is told."""

    def __init__(
        self, port: int, target: str, target_port: int, *, count: int = 1, size: int = 100
    ) -> None:
        super().__init__()
        self.heard: list[Event] = []
        self._port, self._target, self._size = port, (target, target_port), size
        self._left = count

    def start(self, now: int) -> None:
        self.on_timer(now)

    def on_timer(self, now: int) -> None:
        address, port = self._target
        self._outbox.append(
            SendDatagram(address, self._port, port, self._size, content=("number", self._left))
        )
        self._left -= 1
        self._due = now + MS if self._left else None

    def receive(self, message: Event, now: int) -> None:
        self.heard.append(message)


class UdpEcho(Program):
    """Sends every datagram back where it came from, once it is bound to a port."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[DatagramIn] = []

    def start(self, now: int) -> None:
        """Wait."""

    def on_timer(self, now: int) -> None:
        raise AssertionError("it sets no timer")

    def receive(self, message: Event, now: int) -> None:
        if isinstance(message, DatagramIn):
            self.heard.append(message)
            self._outbox.append(
                SendDatagram(
                    message.source, message.destination_port, message.source_port, message.size,
                    content=message.content,
                )
            )  # fmt: skip


def loss(output: str) -> tuple[int, int]:
    """Packets transmitted and received, from ping's last lines."""
    line = next(line for line in output.splitlines() if "packets transmitted" in line)
    words = line.split()
    return int(words[0]), int(words[3])


def tutorial() -> HostLab:
    """web on host-a (10.0.1.2) and client on host-b (10.0.1.4) in app-overlay."""
    lab = HostLab()
    lab.swarm("app-overlay")
    lab.start("host-a", "web")
    lab.start("host-b", "client")
    lab.wait(SECOND)
    return lab
