"""A container: its state, its attachments to networks, its stack, and the programs in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from overlaysim.host.interface import Interface
from overlaysim.host.segment import NetworkInfo
from overlaysim.host.stack import Stack
from overlaysim.naming.records import EndpointRecord
from overlaysim.sim import Driver, Event, Simulator
from overlaysim.traffic.idle import Server
from overlaysim.traffic.lookup import Nslookup
from overlaysim.traffic.messages import Bind, LookUp, Request, Resolved, SendDatagram, SendEcho
from overlaysim.traffic.program import Program

LOST = 255
"""Exit code of a process whose end nobody saw (containerd ``client/task.go``,
UnknownExitStatus): what ``docker ps`` shows after a power cut."""


@dataclass(slots=True)
class Attachment:
    """A container's place in one network.

    ``record`` holds the names it goes by there once they are published.
    """

    info: NetworkInfo
    interface: Interface
    endpoint: str
    aliases: tuple[str, ...] = ()
    record: EndpointRecord | None = None


@dataclass(slots=True)
class Container:
    """One container of one host.

    Attributes:
        id: 64 hexadecimal digits; the first 12 are the short id and, by default, the host name.
        label: its name in traces, ``name@host``.
        state: created, running or exited.
        service: name and id of the service whose task it is; empty for a standalone one.
    """

    id: str
    name: str
    host: str
    image: str
    command: tuple[str, ...]
    hostname: str
    stack: Stack
    created: int
    labels: Mapping[str, str] = field(default_factory=dict)
    environment: tuple[str, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    state: str = "created"
    exit_code: int = 0
    error: str = ""
    started: int | None = None
    finished: int | None = None
    restarts: int = 0
    attachments: list[Attachment] = field(default_factory=list)
    service: tuple[str, str] = ("", "")
    main: Execution | None = None
    executions: list[Execution] = field(default_factory=list)
    output: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Name in traces."""
        return f"{self.name}@{self.host}"

    @property
    def short_id(self) -> str:
        """The 12 digits that users see."""
        return self.id[:12]

    def attachment(self, network: str) -> Attachment | None:
        """Its place in the network with this id, if any."""
        return next((a for a in self.attachments if a.info.id == network), None)

    def power_off(self, now: int) -> None:
        """Its host has lost power: every program in it is gone at once."""
        self.stack.power_off()
        for execution in list(self.executions):
            execution.kill(LOST)
        if self.main is not None:
            self.output += self.main.program.lines
            self.errors += self.main.program.errors
        if self.state == "running":
            self.state, self.exit_code, self.finished, self.main = "exited", LOST, now, None

    def names(self, attachment: Attachment) -> tuple[str, ...]:
        """The names it goes by in a network: its own, aliases, short id, host name.

        Duplicates are left out (moby ``daemon/container_operations.go``, buildEndpointDNSNames).
        """
        names = (self.name, *attachment.aliases, self.short_id, self.hostname)
        return tuple(dict.fromkeys(names))


Answered = Callable[[Resolved, int], None]
"""Called with the answer to a question and the picoseconds that it took."""

LookUpService = Callable[[Container, LookUp, bool, Answered], None]
"""Answers a container's question, from ``/etc/hosts`` too if the third argument says so."""


class Execution:
    """A program running in a container.

    Attributes:
        done: an event that happens when the program has ended, or has gone to the background.
    """

    def __init__(
        self,
        simulator: Simulator,
        container: Container,
        program: Program,
        look_up: LookUpService,
    ) -> None:
        self.program = program
        self.done: Event = simulator.event()
        self._simulator = simulator
        self._container = container
        self._look_up = look_up
        self._held_up = 0
        self._over = False
        self._driver = Driver(simulator, program, self._carry, self._settled)

    def start(self) -> None:
        """Let the program run."""
        self._container.executions.append(self)
        self.program.start(self._simulator.now)
        self._driver.settle()

    def stop(self) -> None:
        """End the program from outside."""
        if not self.program.finished:
            self.program.stop(self._simulator.now)
            self._driver.settle()

    def kill(self, status: int) -> None:
        """End the program without giving it a chance to say anything."""
        if not self._over:
            self._end(status)

    @property
    def handles_term(self) -> bool:
        """Whether the program ends on SIGTERM even as process 1."""
        return isinstance(self.program, Server)

    def receive(self, message: object) -> None:
        """A message from the stack for the program."""
        self._driver.receive(message)

    def _carry(self, item: Request) -> None:
        if isinstance(item, LookUp):
            # nslookup is made to ask the server; all others leave the way to the C library
            reads_files = not isinstance(self.program, Nslookup)
            self._look_up(self._container, item, reads_files, self._resolved)
        elif isinstance(item, SendEcho):
            self._container.stack.send_echo(self, item, self._held_up)
        elif isinstance(item, SendDatagram):
            self._container.stack.send_datagram(self, item, self._held_up)
        elif isinstance(item, Bind):
            self._container.stack.listen(item.port, self)
        else:
            self._container.stack.sockets.request(self, item, self._held_up)

    def _resolved(self, answer: Resolved, took: int) -> None:
        """What leaves at the very instant of the answer was held up by the look-up."""
        self._held_up = took
        self.receive(answer)
        self._held_up = 0

    def _settled(self) -> None:
        if self.program.finished:
            if not self._over:
                self._end(self.program.status)
        elif self.program.in_background and not self.done.triggered:
            self.done.succeed(0)

    def _end(self, status: int) -> None:
        self._over = True
        self._container.stack.forget(self)
        self._container.executions.remove(self)
        if not self.done.triggered:
            self.done.succeed(status)
        self._driver.stop()
