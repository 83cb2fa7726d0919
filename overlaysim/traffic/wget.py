"""wget, as the busybox in an alpine container does it.

Texts, time-outs and exit status follow busybox 1.35 (``networking/wget.c``, ``libbb/progress.c``,
``libbb/xconnect.c``), except: files are not kept (there is no file system here), one URL is
fetched, and of the progress bar only its last state is shown, as a terminal would in the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from overlaysim.traffic.fetch import Fetch, Url, parse_url
from overlaysim.traffic.http import HttpRequest
from overlaysim.traffic.messages import Event
from overlaysim.traffic.options import UsageError, parse_options, shorten, whole_number
from overlaysim.traffic.tcp import Received
from overlaysim.units import SECOND

USAGE = (
    "Usage: wget [-q] [-O FILE] [--spider] [-T SEC] [-U AGENT] URL",
    "",
    "Retrieve a file via HTTP",
    "",
    "\t--spider\tOnly check URL existence: $? is 0 if exists",
    "\t-q\t\tQuiet",
    "\t-O FILE\t\tSave to FILE ('-' for stdout; nothing is kept here)",
    "\t-T SEC\t\tNetwork read timeout is SEC seconds (default 900)",
    "\t-U STR\t\tUse STR for User-Agent header",
)
_LONG = {
    "--spider": "-S", "--quiet": "-q", "--output-document": "-O", "--timeout": "-T",
    "--user-agent": "-U", "--continue": "-c", "--tries": "-t",
}  # fmt: skip
_TIMEOUT = 900
_BAR = 80 - 49  # columns of a terminal without the rest of the line
_STALLED = 5 * SECOND


@dataclass(frozen=True, slots=True)
class WgetOptions:
    """What the command line said; ``timeout`` is in picoseconds, 0 for none."""

    url: Url
    output: str = ""
    quiet: bool = False
    spider: bool = False
    timeout: int = _TIMEOUT * SECOND
    agent: str = "Wget"

    @property
    def file(self) -> str:
        """Where the document is said to go."""
        last = self.url.target.partition("?")[0].rpartition("/")[2]
        return self.output or last or "index.html"


def parse_arguments(arguments: Sequence[str]) -> WgetOptions:
    """Read wget's arguments; raises :class:`UsageError`."""
    options, operands = parse_options(shorten(arguments, _LONG), "qcSO:T:U:t:P:Y:")
    if len(operands) != 1:
        raise UsageError(show_usage=True)
    url = parse_url(operands[0])
    if url is not None and url.scheme in ("ftp", "https"):
        raise UsageError(f"{url.scheme} is not simulated, only http is: {operands[0]}")
    if url is None or url.scheme != "http":
        raise UsageError(f"not an http or ftp url: {operands[0]}")
    return WgetOptions(
        url=url,
        output=options.get("O", ""),
        quiet="q" in options,
        spider="S" in options,
        timeout=whole_number(options.get("T", str(_TIMEOUT)), 2**31 - 1) * SECOND,
        agent=options.get("U", "Wget"),
    )


class Wget(Fetch):
    """One run of wget."""

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__()
        self._arguments = arguments
        self._options: WgetOptions
        self._began = self._heard = 0

    def start(self, now: int) -> None:
        """Read the arguments and look up the host."""
        try:
            self._options = parse_arguments(self._arguments)
        except UsageError as error:
            message = [f"wget: {error}"] if str(error) else []
            self._fail(*message, *(USAGE if error.show_usage else ()))
            return
        self.url = self._options.url
        self._wants_body = not self._options.spider
        self._find(self.url.host, now)

    def _say(self, text: str) -> None:
        if not self._options.quiet:
            self.errors.append(text)

    # ---- before there is a response -------------------------------------------------------

    def _unresolved(self, now: int) -> None:
        self._fail(f"wget: bad address '{self.url.host}'")

    def _dial(self, now: int) -> None:
        self._say(f"Connecting to {self.url.host} ({self._address}:{self.url.port})")
        self._wait_from(now)
        super()._dial(now)

    def _no_connection(self, error: str, now: int) -> None:
        self._fail(f"wget: can't connect to remote host ({self._address}): {error}")

    def _request(self) -> HttpRequest:
        host = self.url.host if self.url.port == 80 else f"{self.url.host}:{self.url.port}"
        return HttpRequest(
            "GET", self.url.target,
            (("Host", host), ("User-Agent", self._options.agent), ("Connection", "close")),
        )  # fmt: skip

    def _connected(self, now: int) -> None:
        self._wait_from(now)

    def _head_arrived(self, now: int) -> None:
        assert self._response is not None
        self._began = now
        if self._response.status != 200:
            self._fail(f"wget: server returned error: {self._response.lines[0]}")
        elif not self._options.spider:
            to = "writing to stdout" if self._options.output == "-" else f"saving to '{self._file}'"
            self._say(to)

    @property
    def _file(self) -> str:
        return self._options.file

    # ---- the body -------------------------------------------------------------------------

    def _complete(self, now: int) -> None:
        if self._options.spider:
            self._say("remote file exists")
        elif self._response is not None:
            self._progress(now)
            if self._options.output == "-":
                self.lines += self._response.shown
                self._say("written to stdout")
            else:
                self._say(f"'{self._file}' saved")
        self._end(0)

    def _broken(self, error: str, now: int) -> None:
        if self._response is None:
            self._fail(f"wget: error getting response{f': {error}' if error else ''}")
            return
        self._progress(now)
        self._fail(f"wget: {f'read error: {error}' if error else 'connection closed prematurely'}")

    def _progress(self, now: int) -> None:
        """The bar as it stands."""
        total, got = self._expected, self._got
        shown, scale = got, 0
        while shown >= 100_000:
            shown, scale = shown >> 10, scale + 1
        since, elapsed = now - self._heard, (now - self._began) // SECOND
        if since >= _STALLED:
            left = "  - stalled -"
        elif not got or not total:
            left = " --:--:-- ETA"
        else:
            eta = total * elapsed // got - elapsed
            left = f"{eta // 3600:3}:{eta % 3600 // 60:02}:{eta % 60:02} ETA"
        share, stars = (100 * got // total, _BAR * got // total) if total else (100, _BAR)
        name = "-" if self._options.output == "-" else self._file.rpartition("/")[2]
        self._say(
            f"{name:<20.20}{share:4}% |{'*' * stars:<{_BAR}}|{shown:6}{' kMGTPEZY'[scale]}{left}"
        )

    # ---- time -----------------------------------------------------------------------------

    def _hear(self, message: Event, now: int) -> None:
        if isinstance(message, Received):
            self._heard = now
        super()._hear(message, now)

    def _wait_from(self, now: int) -> None:
        self._heard = now
        self._due = now + self._options.timeout if self._options.timeout else None

    def _elapsed(self, now: int) -> None:
        """Nothing has been heard for too long, unless the alarm is from before the last news."""
        due = self._heard + self._options.timeout
        if now < due:
            self._due = due
            return
        if self._response is not None:
            self._progress(now)
        self._fail("wget: download timed out")
