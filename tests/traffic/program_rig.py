"""A program on a list: what it asks for, and events handed to it by hand."""

from __future__ import annotations

from typing import TypeVar

from overlaysim.traffic.http import HttpRequest, HttpResponse
from overlaysim.traffic.messages import Event, LookUp, Request, Resolved
from overlaysim.traffic.program import Program
from overlaysim.traffic.socket_messages import Connect, Opened, Write
from overlaysim.traffic.tcp import Established, Received
from overlaysim.wire.dns import Record

CLIENT, SERVER = "10.0.1.4", "10.0.1.2"
R = TypeVar("R")


class Rig:
    """Starts a program at the instant 0 and keeps all that it asks for."""

    def __init__(self, program: Program, now: int = 0) -> None:
        self.program = program
        self.now = now
        self.asked: list[Request] = []
        program.start(now)
        self._take()

    def _take(self) -> None:
        self.asked += self.program.take_outbox()

    def tell(self, *events: Event, now: int | None = None) -> None:
        self.now = self.now if now is None else now
        for event in events:
            self.program.receive(event, self.now)
            self._take()

    def wake(self) -> int:
        """Let the time pass until the alarm; returns it."""
        due = self.program.next_timer()
        assert due is not None
        self.now = due
        self.program.on_timer(due)
        self._take()
        return due

    def last(self, kind: type[R]) -> R:
        """The newest request of a kind."""
        return [item for item in self.asked if isinstance(item, kind)][-1]

    def resolve(self, address: str | None = SERVER, *, now: int | None = None) -> None:
        """Answer the newest question, or say that there is no such name."""
        name = self.last(LookUp).name
        records = () if address is None else (Record(name, "A", 600, address),)
        self.tell(Resolved(name, "A", "NOERROR" if records else "NXDOMAIN", records), now=now)

    def connect(self, number: int = 1, *, now: int | None = None, local_port: int = 40_000) -> None:
        """Let the newest connection succeed."""
        asked = self.last(Connect)
        self.tell(
            Opened(asked.tag, number),
            Established(number, CLIENT, local_port, asked.address, asked.port, False),
            now=now,
        )

    def accept(self, port: int, number: int = 1) -> None:
        """Somebody connects to a port."""
        self.tell(Established(number, SERVER, port, CLIENT, 40_000, True))

    def say(self, content: object, length: int, number: int = 1) -> None:
        """The peer has sent something."""
        self.tell(Received(number, length, (content,)))

    @property
    def said(self) -> list[object]:
        """The contents of all that it has sent."""
        return [item.content for item in self.asked if isinstance(item, Write) and item.content]


def response(length: int, *text: str, status: int = 200, keep: bool = True) -> HttpResponse:
    """A short response."""
    reason = {200: "OK", 404: "Not Found"}[status]
    headers = (("Content-Length", str(length)),)
    return HttpResponse(status, reason, headers, length, text or None, keep=keep)


def request(target: str = "/", method: str = "GET", *headers: tuple[str, str]) -> HttpRequest:
    """A short request."""
    return HttpRequest(method, target, (("Host", "web"), *headers))
