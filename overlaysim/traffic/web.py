"""Web servers in containers: nginx, Apache's and busybox's httpd, Python's, and a plain one.

They are alike but for their names, ports and pages; each also serves ``/bytes/SIZE``, so many bytes
that nobody looks at (``/bytes/10MB``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from overlaysim.errors import UnitError
from overlaysim.traffic.http import (
    HTTP_PORT,
    REASONS,
    HttpRequest,
    HttpResponse,
    http_date,
    log_date,
)
from overlaysim.traffic.idle import Print, Server
from overlaysim.traffic.messages import Event
from overlaysim.traffic.options import UsageError, parse_options, port_number
from overlaysim.traffic.program import Program
from overlaysim.traffic.socket_messages import (
    IN_USE,
    AddressInUse,
    Close,
    Listen,
    Write,
)
from overlaysim.traffic.tcp import Closed, Established, Failed, PeerClosed, Received
from overlaysim.units import parse_size

BYTES = "/bytes/"
"""Below this path lie files of any size."""

SERVE_USAGE = (
    "Usage: serve [-p PORT] [-s SIZE]",
    "",
    "Serve HTTP: / tells the container's host name, /bytes/SIZE holds SIZE bytes (/bytes/10MB)",
    "",
    "\t-p PORT\tPort to listen on (default 80)",
    "\t-s SIZE\tMake / a page of SIZE bytes, such as 20kB",
)


@dataclass(frozen=True, slots=True)
class Site:
    """What is served, and how it looks.

    Attributes:
        server: the ``Server`` header.
        port: where it listens.
        page: what a terminal shows of the page at ``/``; None for bytes that nobody looks at.
        length: bytes of that page.
        kind: its media type.
        version: of HTTP; a server that speaks 1.0 closes behind each response.
        in_use: what it says when somebody else has its port, with ``{port}`` and ``{error}``.
    """

    server: str
    port: int
    page: tuple[str, ...] | None
    length: int
    kind: str = "text/html"
    version: str = "HTTP/1.1"
    in_use: str = "cannot listen on port {port}: {error}"


NGINX = Site(
    "nginx/1.27.3", HTTP_PORT,
    ("<!DOCTYPE html>", "<html>", "<head>", "<title>Welcome to nginx!</title>", "</head>",
     "<body>", "<h1>Welcome to nginx!</h1>", "</body>", "</html>"),
    615,
    in_use="nginx: [emerg] bind() to 0.0.0.0:{port} failed (98: {error})",
)  # fmt: skip
"""Its welcome page (nginx ``docs/html/index.html``): a length that is real, and the headings."""

APACHE = Site(
    "Apache/2.4.62 (Unix)", HTTP_PORT, ("<html><body><h1>It works!</h1></body></html>",), 45,
    in_use="(98){error}: AH00072: make_sock: could not bind to address 0.0.0.0:{port}",
)  # fmt: skip
"""Its page (httpd ``docs/docroot/index.html``)."""

BUSYBOX = replace(APACHE, server="", version="HTTP/1.0", in_use="httpd: bind: {error}")

PYTHON = Site(
    "SimpleHTTP/0.6 Python/3.12.8", 8000,
    ("<!DOCTYPE HTML>", '<html lang="en">', "<head><title>Directory listing for /</title></head>",
     "<body><h1>Directory listing for /</h1></body>", "</html>"),
    142, "text/html; charset=utf-8", "HTTP/1.0", in_use="OSError: [Errno 98] {error}",
)  # fmt: skip
"""The listing of an empty directory, as ``http.server`` makes it, in short."""


def plain_site(hostname: str, port: int = HTTP_PORT, size: int | None = None) -> Site:
    """What any other image serves: its container's host name, or a page of ``size`` bytes."""
    page = f"Hostname: {hostname}"
    if size is not None:
        return Site("serve", port, None, size, "application/octet-stream")
    return Site(
        "serve", port, (page,), len(page) + 1, "text/plain",
        in_use="serve: cannot listen on port {port}: {error}",
    )  # fmt: skip


class WebServer(Server):
    """A server of one site; it writes a line for each request, as access logs have it."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self._site = site
        self._peers: dict[int, str] = {}

    def start(self, now: int) -> None:
        """Listen."""
        self._outbox.append(Listen(self._site.port))

    def receive(self, message: Event, now: int) -> None:
        """Take connections and answer requests."""
        if isinstance(message, Received):
            for request in message.contents:
                if isinstance(request, HttpRequest):
                    self._answer(message.connection, request, now)
        elif isinstance(message, Established):
            self._peers[message.connection] = message.remote
        elif isinstance(message, PeerClosed):
            self._outbox.append(Close(message.connection))
        elif isinstance(message, Closed | Failed):
            self._peers.pop(message.connection, None)
        elif isinstance(message, AddressInUse):
            self._fail(self._site.in_use.format(port=message.port, error=IN_USE))

    def _answer(self, connection: int, request: HttpRequest, now: int) -> None:
        response = respond(self._site, request, now)
        shown = 0 if request.method == "HEAD" else response.length
        self._outbox.append(Write(connection, response.head_length, response))
        if shown:
            self._outbox.append(Write(connection, shown))
        if not response.keep:
            self._outbox.append(Close(connection))
        agent = request.header("User-Agent") or "-"
        self.lines.append(
            f'{self._peers.get(connection, "-")} - - [{log_date(now)}] "{request.lines[0]}" '
            f'{response.status} {shown} "-" "{agent}"'
        )


def respond(site: Site, request: HttpRequest, now: int) -> HttpResponse:
    """Answer a request as the server of ``site`` does."""
    status, text, length, kind = _find(site, request.target.partition("?")[0])
    keep = site.version == "HTTP/1.1" and request.header("Connection").lower() != "close"
    headers = (
        *((("Server", site.server),) if site.server else ()),
        ("Date", http_date(now)),
        ("Content-Type", kind),
        ("Content-Length", str(length)),
        ("Connection", "keep-alive" if keep else "close"),
    )
    return HttpResponse(
        status, REASONS[status], headers, length, text, version=site.version, keep=keep
    )


def _find(site: Site, path: str) -> tuple[int, tuple[str, ...] | None, int, str]:
    """Status, text, length and type of what lies at a path."""
    if path in ("/", "/index.html"):
        return 200, site.page, site.length, site.kind
    if path.startswith(BYTES):
        try:
            return 200, None, parse_size(path.removeprefix(BYTES)), "application/octet-stream"
        except UnitError as error:
            text = str(error)
            return 400, (text,), len(text) + 1, "text/plain"
    text = f"<html><body><h1>404 {REASONS[404]}</h1></body></html>"
    return 404, (text,), len(text) + 1, "text/html"


# ---- the command lines ------------------------------------------------------------------------


def serve(arguments: Sequence[str], hostname: str) -> Program:
    """``serve [-p PORT] [-s SIZE]``: the server of images that nothing else is known of."""
    try:
        options, operands = parse_options(arguments, "p:s:")
        if operands:
            raise UsageError(show_usage=True)
        port = port_number(options.get("p", str(HTTP_PORT)))
        size = parse_size(options["s"]) if "s" in options else None
    except (UsageError, UnitError) as error:
        message = [f"serve: {error}"] if str(error) else []
        usage = SERVE_USAGE if isinstance(error, UsageError) and error.show_usage else ()
        return Print((), (*message, *usage), 2)
    return WebServer(plain_site(hostname, port, size))


def python(arguments: Sequence[str]) -> Program:
    """``python3 -m http.server [PORT]``: the one module that is simulated."""
    words = [word for word in arguments if word != "-u"]
    if words[:2] != ["-m", "http.server"]:
        return Print((), ("python3: only `python3 -m http.server [PORT]` is simulated",), 2)
    try:
        port = port_number(words[2]) if len(words) > 2 else PYTHON.port
    except UsageError as error:
        return Print((), (f"python3: {error}",), 2)
    return WebServer(replace(PYTHON, port=port))


def busybox_httpd(arguments: Sequence[str]) -> Program:
    """``httpd [-f] [-p [IP:]PORT] [-h DIR]`` (busybox ``networking/httpd.c``).

    Without ``-f`` it goes to the background, as the original.
    """
    try:
        options, _ = parse_options(arguments, "fvip:u:r:h:c:")
        port = port_number(options.get("p", str(BUSYBOX.port)).rpartition(":")[2])
    except UsageError as error:
        return Print((), (f"httpd: {error}",), 1)
    server = WebServer(replace(BUSYBOX, port=port))
    server.in_background = "f" not in options
    return server
