"""One HTTP request over one connection: what wget and curl have in common."""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import dataclass

from overlaysim.traffic.dialling import Dialler
from overlaysim.traffic.http import HTTP_PORT, HttpRequest, HttpResponse
from overlaysim.traffic.messages import Event
from overlaysim.traffic.socket_messages import (
    ERRORS,
    NO_ROUTE,
    Close,
    Connect,
    NotOpened,
    Write,
)
from overlaysim.traffic.tcp import Established, Failed, PeerClosed, Received

_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<host>[^/?#:@\s]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>[/?#]\S*)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Url:
    """Where something lies: ``http://host:port/target``."""

    scheme: str
    host: str
    port: int
    target: str


def parse_url(text: str) -> Url | None:
    """Read a URL; without a scheme it is taken for http. None if it is none."""
    match = _URL.fullmatch(text)
    if match is None or not 0 < int(match["port"] or HTTP_PORT) <= 65_535:
        return None
    target = (match["target"] or "/").partition("#")[0]
    return Url(
        (match["scheme"] or "http").lower(), match["host"], int(match["port"] or HTTP_PORT),
        target if target.startswith("/") else f"/{target}",
    )  # fmt: skip


class Fetch(Dialler):
    """Sends a request and takes what comes back.

    Attributes:
        url: where from; set before :meth:`_find`.
    """

    url: Url

    def __init__(self) -> None:
        super().__init__()
        self._response: HttpResponse | None = None
        self._got = 0  # bytes of the body
        self._wants_body = True
        self._established: Established | None = None

    # ---- what the programs say ------------------------------------------------------------

    @abstractmethod
    def _request(self) -> HttpRequest:
        """What is asked of the server."""

    @abstractmethod
    def _no_connection(self, error: str, now: int) -> None:
        """The server cannot be reached: why, in the C library's words."""

    @abstractmethod
    def _broken(self, error: str, now: int) -> None:
        """The connection ended too soon; ``error`` is empty if the server closed it."""

    @abstractmethod
    def _complete(self, now: int) -> None:
        """The whole response is there."""

    def _connected(self, now: int) -> None:
        """The connection is there, and the request goes out."""

    def _head_arrived(self, now: int) -> None:
        """The head of the response is there."""

    # ---- the connection -------------------------------------------------------------------

    def _dial(self, now: int) -> None:
        self._outbox.append(Connect("server", self._address, self.url.port))

    def _hear(self, message: Event, now: int) -> None:
        if isinstance(message, Received):
            self._take(message, now)
        elif isinstance(message, Established):
            self._established = message
            request = self._request()
            self._outbox.append(Write(message.connection, request.length, request))
            self._connected(now)
        elif isinstance(message, Failed):
            error = ERRORS[message.reason]
            tell = self._no_connection if self._established is None else self._broken
            tell(error, now)
        elif isinstance(message, PeerClosed):
            self._broken("", now)
        elif isinstance(message, NotOpened):
            self._no_connection(NO_ROUTE, now)

    def _take(self, data: Received, now: int) -> None:
        self._got += data.length
        if self._response is None:
            self._response = next((c for c in data.contents if isinstance(c, HttpResponse)), None)
            if self._response is None:
                return
            self._got -= self._response.head_length
            self._head_arrived(now)
        if not self.finished and self._got >= self._expected:
            self._outbox.append(Close(data.connection))
            self._complete(now)

    @property
    def _expected(self) -> int:
        """Bytes of the body that will come."""
        return self._response.length if self._response is not None and self._wants_body else 0
