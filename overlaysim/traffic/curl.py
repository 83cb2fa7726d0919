"""curl: options, texts and exit statuses as curl 7.88 has them.

Texts: ``lib/connect.c``, ``lib/hostip.c``, ``lib/transfer.c``, ``lib/progress.c`` and
``src/tool_operate.c`` of curl, compared with what a real one prints. Files are not kept, and of the
progress meter only its last state is shown, as a terminal would in the end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from overlaysim.traffic.curl_options import USAGE, CurlOptions, parse_arguments
from overlaysim.traffic.fetch import Fetch, parse_url
from overlaysim.traffic.http import HttpRequest
from overlaysim.traffic.options import UsageError
from overlaysim.traffic.socket_messages import ERRORS
from overlaysim.units import MS, SECOND

HELP = "curl: try 'curl --help' or 'curl --manual' for more information"
METER_HEAD = (
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current",
    "                                 Dload  Upload   Total   Spent    Left  Speed",
)
UNSUPPORTED, INITIALIZE, MALFORMED, UNRESOLVED, REFUSED = 1, 2, 3, 6, 7
PARTIAL, HTTP_ERROR, TIMED_OUT, EMPTY, RECEIVE_ERROR = 18, 22, 28, 52, 56
"""Exit statuses (curl ``include/curl/curl.h``, CURLcode)."""
_FIRST_ERROR = 400  # HTTP statuses from here on fail with -f
_WRITE_OUT = re.compile(r"%\{([^}]*)\}|\\([nrt])|%%")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


class Curl(Fetch):
    """One run of curl."""

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__()
        self._arguments = arguments
        self._options = CurlOptions("")
        self._began = self._resolved = self._connected_at = self._first_byte = 0

    def start(self, now: int) -> None:
        """Read the arguments and look up the host."""
        try:
            options = parse_arguments(self._arguments)
        except UsageError as error:
            message = [f"curl: {error}"] if str(error) else []
            self._fail(*message, HELP, status=INITIALIZE)
            return
        if options is None:
            self.lines += USAGE
            self._end(0)
            return
        self._options = options
        self._began = now
        url = parse_url(options.url)
        if url is None:
            self._give_up(MALFORMED, "URL using bad/illegal format or missing URL", now)
        elif url.scheme != "http":
            text = f'Protocol "{url.scheme}" not supported or disabled in libcurl'
            self._give_up(UNSUPPORTED, text, now)
        else:
            self.url = url
            self._wants_body = not options.head
            self._find(url.host, now)
            if not self._address and options.max_time and not self.finished:
                self._due = min(self._due or now, now + options.max_time)

    # ---- the connection -------------------------------------------------------------------

    def _unresolved(self, now: int) -> None:
        if self._options.max_time and now >= self._began + self._options.max_time:
            after = (now - self._began) // MS
            self._give_up(TIMED_OUT, f"Resolving timed out after {after} milliseconds", now)
        else:
            self._give_up(UNRESOLVED, f"Could not resolve host: {self.url.host}", now)

    def _dial(self, now: int) -> None:
        self._resolved = now
        limits = [
            limit for limit in (self._options.connect_timeout, self._options.max_time) if limit
        ]
        self._due = self._began + min(limits) if limits else None
        self._note(f"  Trying {self._address}:{self.url.port}...")
        super()._dial(now)

    def _no_connection(self, error: str, now: int) -> None:
        self._note(f"connect to {self._address} port {self.url.port} failed: {error}")
        status = TIMED_OUT if error == ERRORS["timed out"] else REFUSED
        self._give_up(status, self._failed_after(now, "Couldn't connect to server"), now)

    def _failed_after(self, now: int, reason: str) -> str:
        after = (now - self._began) // MS
        return (
            f"Failed to connect to {self.url.host} port {self.url.port} after {after} ms: {reason}"
        )

    def _request(self) -> HttpRequest:
        host = self.url.host if self.url.port == 80 else f"{self.url.host}:{self.url.port}"
        return HttpRequest(
            "HEAD" if self._options.head else "GET", self.url.target,
            (("Host", host), ("User-Agent", self._options.agent), ("Accept", "*/*")),
        )  # fmt: skip

    def _connected(self, now: int) -> None:
        self._connected_at = now
        limit = self._options.max_time
        self._due = self._began + limit if limit else None
        self._note(f"Connected to {self.url.host} ({self._address}) port {self.url.port} (#0)")
        self._show(">", (*self._request().lines, ""))

    def _elapsed(self, now: int) -> None:
        after = (now - self._began) // MS
        if self._established is None:
            self._give_up(TIMED_OUT, self._failed_after(now, "Timeout was reached"), now)
            return
        got = 0 if self._response is None else self._got
        of = f"{got} out of {self._expected}" if self._response is not None else f"{got}"
        self._give_up(
            TIMED_OUT,
            f"Operation timed out after {after} milliseconds with {of} bytes received",
            now,
        )

    # ---- the response ---------------------------------------------------------------------

    def _head_arrived(self, now: int) -> None:
        assert self._response is not None
        self._first_byte = now
        self._show("<", (*self._response.lines, ""))
        if self._options.head or self._options.include:
            self.lines += (*self._response.lines, "")
        if self._options.fail and self._response.status >= _FIRST_ERROR:
            text = f"The requested URL returned error: {self._response.status}"
            self._give_up(HTTP_ERROR, text, now)

    def _broken(self, error: str, now: int) -> None:
        if error:
            self._give_up(RECEIVE_ERROR, f"Recv failure: {error}", now)
        elif self._response is None:
            self._give_up(EMPTY, "Empty reply from server", now)
        else:
            left = self._expected - self._got
            text = f"transfer closed with {left} bytes remaining to read"
            self._give_up(PARTIAL, text, now)

    def _complete(self, now: int) -> None:
        assert self._response is not None
        if self._wants_body and not self._options.output:
            self.lines += self._response.shown
        self._meter(now)
        kept = f"Connection #0 to host {self.url.host} left intact"
        self._note(kept if self._response.keep else "Closing connection 0")
        self._write_out(now)
        self._end(0)

    def _give_up(self, status: int, text: str, now: int) -> None:
        if self._address:
            self._meter(now)
        if not self._options.silent or self._options.show_error:
            self.errors.append(f"curl: ({status}) {text}")
        self._write_out(now)
        self._end(status)

    # ---- what is shown --------------------------------------------------------------------

    def _note(self, text: str) -> None:
        if self._options.verbose:
            self.errors.append(f"* {text}")

    def _show(self, mark: str, lines: Sequence[str]) -> None:
        if self._options.verbose:
            self.errors += [f"{mark} {line}" for line in lines]

    def _meter(self, now: int) -> None:
        """The progress meter as it stands; there is none where the document goes to a terminal."""
        if self._options.silent or not self._options.output:
            return
        got, total = (self._got, self._expected) if self._response is not None else (0, 0)
        share = 100 * got // total if total else 0
        elapsed = now - self._began
        speed = _five(got * SECOND // elapsed) if elapsed else _five(0)
        left = (total - got) * elapsed // got if got else 0
        times = " ".join(map(_clock, (elapsed + left if got else 0, elapsed, left)))
        self.errors += (
            *METER_HEAD,
            f"{share:3} {_five(total)}  {share:3} {_five(got)}    0     0  {speed}      0 "
            f"{times} {speed}",
        )

    def _write_out(self, now: int) -> None:
        if not self._options.write_out:
            return
        text = _WRITE_OUT.sub(lambda match: self._variable(match, now), self._options.write_out)
        self.lines += text.removesuffix("\n").split("\n")

    def _variable(self, match: re.Match[str], now: int) -> str:
        name, escape = match[1], match[2]
        if name is None:
            return _ESCAPES[escape] if escape else "%"
        response, ends, total = self._response, self._established, now - self._began
        got = self._got if response is not None else 0
        values = {
            "http_code": f"{response.status if response is not None else 0:03}",
            "size_download": str(got),
            "speed_download": str(got * SECOND // total if total else 0),
            "time_total": _fraction(total),
            "time_namelookup": _fraction(max(0, self._resolved - self._began)),
            "time_connect": _fraction(max(0, self._connected_at - self._began)),
            "time_starttransfer": _fraction(max(0, self._first_byte - self._began)),
            "remote_ip": self._address if ends is not None else "",
            "remote_port": str(self.url.port) if ends is not None else "",
            "local_ip": ends.local if ends is not None else "",
            "local_port": str(ends.local_port) if ends is not None else "",
        }
        values["response_code"] = values["http_code"]
        return values.get(name, f"curl: unknown --write-out variable: '{name}'")


def _five(number: int) -> str:
    """A number in five characters (curl ``lib/progress.c``, max5data)."""
    if number < 100_000:
        return f"{number:5}"
    for unit, size in (("k", 2**10), ("M", 2**20), ("G", 2**30)):
        if unit != "k" and number < 100 * size:
            return f"{number // size:2}.{number % size * 10 // size}{unit}"
        if number < 10_000 * size:
            return f"{number // size:4}{unit}"
    return f"{number // 2**40:4}T"


def _clock(time: int) -> str:
    seconds = time // SECOND
    if not seconds:
        return "--:--:--"
    return f"{seconds // 3600:2}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _fraction(time: int) -> str:
    return f"{time // SECOND}.{time % SECOND // 10**6:06}"
