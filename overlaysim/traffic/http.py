"""HTTP messages as data: what a request and a response say, and how long they are (RFC 9112).

Only the lengths go over the wire; what a message says is the content of its last byte.
"""

from __future__ import annotations

import calendar
import time
from dataclasses import dataclass

from overlaysim.units import SECOND

HTTP_PORT = 80
EPOCH = calendar.timegm((2026, 1, 1, 0, 0, 0))
"""Unix time of the simulated instant 0; fixed, so that printed dates are the same in every run."""

REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found"}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request without a body.

    Attributes:
        headers: names and values in their order.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    version: str = "HTTP/1.1"

    @property
    def lines(self) -> tuple[str, ...]:
        """The request line and the header lines, without their ends."""
        first = f"{self.method} {self.target} {self.version}"
        return (first, *(f"{name}: {value}" for name, value in self.headers))

    @property
    def length(self) -> int:
        """Bytes on the wire."""
        return head_length(self.lines)

    def header(self, name: str) -> str:
        """The value of a header; empty if it is not there."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """The head of a response, and what stands in the body behind it.

    Attributes:
        version: ``HTTP/1.1``.
        headers: names and values in their order.
        length: bytes of the body (also where a HEAD request leaves it out).
        text: the lines of the body; None for bytes that nobody looks at.
        keep: whether the connection stays open behind the body.
    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    length: int
    text: tuple[str, ...] | None = None
    version: str = "HTTP/1.1"
    keep: bool = True

    @property
    def lines(self) -> tuple[str, ...]:
        """The status line and the header lines, without their ends."""
        first = f"{self.version} {self.status} {self.reason}"
        return (first, *(f"{name}: {value}" for name, value in self.headers))

    @property
    def head_length(self) -> int:
        """Bytes of the head on the wire."""
        return head_length(self.lines)

    @property
    def shown(self) -> tuple[str, ...]:
        """What a terminal shows of the body: bytes that nobody looks at as their number."""
        return (f"({self.length} bytes)",) if self.text is None else self.text


def head_length(lines: tuple[str, ...]) -> int:
    """Bytes of lines with CR LF behind each of them and behind the whole."""
    return sum(len(line) + 2 for line in lines) + 2


def http_date(now: int) -> str:
    """An instant as a ``Date`` header has it (RFC 9110 section 5.6.7)."""
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(EPOCH + now // SECOND))


def log_date(now: int) -> str:
    """An instant as access logs have it: ``01/Jan/2026:00:00:12 +0000``."""
    return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(EPOCH + now // SECOND))
