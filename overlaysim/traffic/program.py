"""What every program inside a container has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from ipaddress import IPv4Address

from overlaysim.traffic.messages import Event, LookUp, Request, Resolved
from overlaysim.units import SECOND

INTERRUPTED = 130
"""Exit status after SIGINT: 128 and the signal's number."""

RESOLVER_TIMEOUT = 5 * SECOND
"""How long a program waits for its resolver (musl and glibc: ``timeout:5``)."""


class Program(ABC):
    """A program as a machine: it is started, hears from its stack, and ends with a status.

    Attributes:
        lines: standard output so far.
        errors: standard error so far.
        finished: whether it has ended; it then ignores what it is told.
        status: exit status, meaningful once ``finished``.
        in_background: whether whoever started it does not wait for its end (a daemon).
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.errors: list[str] = []
        self.finished = False
        self.status = 0
        self.in_background = False
        self._due: int | None = None
        self._outbox: list[Request] = []

    @abstractmethod
    def start(self, now: int) -> None:
        """Begin; called once."""

    def stop(self, now: int) -> None:
        """The user interrupts it (SIGINT, what Ctrl-C sends); it ends at once."""
        if not self.finished:
            self._end(INTERRUPTED)

    @abstractmethod
    def receive(self, message: Event, now: int) -> None:
        """The stack tells something; what is not this program's is ignored."""

    @abstractmethod
    def on_timer(self, now: int) -> None:
        """The instant that :meth:`next_timer` named has come."""

    def next_timer(self) -> int | None:
        """When to wake it next, in picoseconds; None for never."""
        return self._due

    def take_outbox(self) -> list[Request]:
        """What it asks of the stack; the list is handed over and empty afterwards."""
        items, self._outbox = self._outbox, []
        return items

    def _end(self, status: int) -> None:
        self.finished = True
        self.status = status
        self._due = None

    def _fail(self, *lines: str, status: int = 1) -> None:
        """Print ``lines`` on standard error and end."""
        self.errors += lines
        self._end(status)

    def _ask(self, name: str, qtype: str, now: int) -> None:
        self._outbox.append(LookUp(name, qtype))
        self._due = now + RESOLVER_TIMEOUT


def is_address(text: str) -> bool:
    """Whether ``text`` is an IPv4 address in dotted form."""
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def first_address(answer: Resolved) -> str | None:
    """Return the first A record's address, which is the one programs use; None without one."""
    return next((record.value for record in answer.records if record.rtype == "A"), None)
