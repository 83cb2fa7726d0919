"""nc, as the busybox in an alpine container does it.

Texts, time-outs and exit status follow busybox ``networking/nc_bloaty.c`` (1.35, the variant that
alpine builds). Nothing can be typed here: standard input is at its end from the beginning, as in
``docker exec`` without ``-i``, so nc says at once that it will send nothing. ``-e PROG`` sends what
a program prints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from overlaysim.traffic.dialling import Dialler
from overlaysim.traffic.http import HttpRequest, HttpResponse
from overlaysim.traffic.messages import Event
from overlaysim.traffic.options import UsageError, parse_options, port_number, whole_number
from overlaysim.traffic.socket_messages import (
    ERRORS,
    IN_USE,
    NO_ROUTE,
    AddressInUse,
    Close,
    Connect,
    Listen,
    NotOpened,
    StopListening,
    Write,
)
from overlaysim.traffic.tcp import Established, Failed, PeerClosed, Received
from overlaysim.units import SECOND

USAGE = (
    "Usage: nc [OPTIONS] HOST PORT  - connect",
    "nc [OPTIONS] -l -p PORT  - listen",
    "",
    "\t-e PROG\tRun PROG after connect and send what it prints (must be last)",
    "\t-l\tListen mode, for inbound connects",
    "\t-lk\tListen for further connections after each",
    "\t-p PORT\tLocal port",
    "\t-w SEC\tTimeout for connects and final net reads",
    "\t-n\tDon't do DNS resolution",
    "\t-v\tVerbose",
    "\t-z\tZero-I/O mode (scanning)",
)
Run = Callable[[Sequence[str]], tuple[str, ...]]
"""Runs a program of the container that needs no network; returns the lines that it prints."""


@dataclass(frozen=True, slots=True)
class Text:
    """Lines of text that somebody sends."""

    lines: tuple[str, ...]

    @property
    def length(self) -> int:
        """Bytes with the ends of the lines."""
        return sum(len(line.encode()) + 1 for line in self.lines)


@dataclass(frozen=True, slots=True)
class NetcatOptions:
    """What the command line said; ``wait`` is in picoseconds, 0 for without end."""

    host: str
    port: int
    listen: bool = False
    keep: bool = False
    scan: bool = False
    verbose: int = 0
    wait: int = 0
    program: tuple[str, ...] = ()


def parse_arguments(arguments: Sequence[str]) -> NetcatOptions:
    """Read nc's arguments; raises :class:`UsageError`."""
    words = list(arguments)
    program: tuple[str, ...] = ()
    if "-e" in words:
        place = words.index("-e")
        words, program = words[:place], tuple(words[place + 1 :])
        if not program:
            raise UsageError("option requires an argument -- 'e'", show_usage=True)
    options, operands = parse_options(words, "lknvzup:w:s:i:o:")
    if "u" in options:
        raise UsageError("-u is not simulated: only TCP is")
    listen = "l" in options or "k" in options
    if listen and "p" not in options and len(operands) == 1:
        options["p"] = operands.pop()  # as OpenBSD's nc is told the port
    if listen != bool("p" in options and not operands) or len(operands) != (0 if listen else 2):
        raise UsageError(show_usage=True)
    return NetcatOptions(
        host="" if listen else operands[0],
        port=_port(options["p"] if listen else operands[1], local=listen),
        listen=listen,
        keep="k" in options,
        scan="z" in options,
        verbose=sum(word.count("v") for word in words if word.startswith("-")),
        wait=whole_number(options.get("w", "0"), 2**31 - 1) * SECOND,
        program=program,
    )


def _port(text: str, *, local: bool) -> int:
    try:
        return port_number(text)
    except UsageError:
        raise UsageError(f"bad {'local ' if local else ''}port '{text}'") from None


class Netcat(Dialler):
    """One run of nc.

    Args:
        arguments: the command line without the program's name.
        run: runs the program of ``-e``.
    """

    def __init__(self, arguments: Sequence[str], run: Run) -> None:
        super().__init__()
        self._arguments = arguments
        self._run = run
        self._options = NetcatOptions("", 0)
        self._open: set[int] = set()
        self._sent = self._got = 0

    def start(self, now: int) -> None:
        """Read the arguments; listen, or look up the host."""
        try:
            self._options = options = parse_arguments(self._arguments)
        except UsageError as error:
            message = [f"nc: {error}"] if str(error) else []
            self._fail(*message, *(USAGE if error.show_usage else ()))
            return
        if options.listen:
            self._outbox.append(Listen(options.port))
            self._say(f"listening on 0.0.0.0:{options.port} ...")
            self._host = self._address = "0.0.0.0"
            self._wait(now)
        else:
            self._find(options.host, now)

    def stop(self, now: int) -> None:
        """End as on Ctrl-C."""
        if not self.finished:
            self.errors.append("punt!")
        super().stop(now)

    # ---- before a connection --------------------------------------------------------------

    def _unresolved(self, now: int) -> None:
        self._fail(f"nc: bad address '{self._options.host}'")

    def _dial(self, now: int) -> None:
        self._outbox.append(Connect("peer", self._address, self._options.port))
        self._wait(now)

    def _wait(self, now: int) -> None:
        self._due = now + self._options.wait if self._options.wait else None

    def _elapsed(self, now: int) -> None:
        self._due = None
        if self._open:
            self._conclude(0)  # the other end has been silent: not an error
        elif self._options.listen:
            self._fail("nc: timeout")
        else:
            self._no_connection(ERRORS["timed out"])

    def _no_connection(self, error: str) -> None:
        """Refusals are what a scan looks for: one -v does not speak of them."""
        if self._options.verbose > (1 if error == ERRORS["refused"] else 0):
            self.errors.append(f"nc: {self._peer}: {error}")
        self._conclude(1)

    @property
    def _peer(self) -> str:
        return f"{self._options.host} ({self._address}:{self._options.port})"

    # ---- the connection -------------------------------------------------------------------

    def _hear(self, message: Event, now: int) -> None:
        if isinstance(message, Received):
            self._print(message)
            self._wait(now)
        elif isinstance(message, Established):
            self._connected(message, now)
        elif isinstance(message, PeerClosed):
            self._closed(message.connection)
        elif isinstance(message, Failed):
            if message.connection in self._open:
                self._say(f"nc: net read: {ERRORS[message.reason]}", 2)
                self._closed(message.connection)
            elif not self._options.listen:
                self._no_connection(ERRORS[message.reason])
        elif isinstance(message, NotOpened):
            self._no_connection(NO_ROUTE)
        elif isinstance(message, AddressInUse):
            self._fail(f"nc: bind: {IN_USE}")

    def _connected(self, ends: Established, now: int) -> None:
        options = self._options
        if options.listen:
            if not options.keep:
                self._outbox.append(StopListening(options.port))
            remote = f"{ends.remote} ({ends.remote}:{ends.remote_port})"
            self._say(f"connect to {ends.local}:{ends.local_port} from {remote}")
        else:
            self._say(f"{self._peer} open")
        self._open.add(ends.connection)
        if options.program:
            text = Text(self._run(options.program))
            self._sent += text.length
            self._outbox.append(Write(ends.connection, text.length, text))
        self._outbox.append(Close(ends.connection))
        self._wait(now)
        if options.scan and not options.listen:
            self._conclude(0)

    def _print(self, data: Received) -> None:
        self._got += data.length
        for content in data.contents:
            if isinstance(content, Text | HttpRequest | HttpResponse):
                self.lines += content.lines

    def _closed(self, connection: int) -> None:
        self._open.discard(connection)
        if not self._open and not self._options.keep:
            self._conclude(0)

    def _conclude(self, status: int) -> None:
        self._say(f"sent {self._sent}, rcvd {self._got}", 2)
        self._end(status)

    def _say(self, text: str, least: int = 1) -> None:
        if self._options.verbose >= least:
            self.errors.append(text)
