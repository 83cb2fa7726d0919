"""Programs that ask the resolver: nslookup and getent.

``nslookup`` prints, retries and waits as busybox 1.35 does (``networking/nslookup.c``, the variant
with its own resolver code). ``getent`` prints as glibc's, but asks for IPv4 only.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address

from overlaysim.errors import nearest
from overlaysim.traffic.messages import Event, LookUp, Resolved
from overlaysim.traffic.options import UsageError, whole_number
from overlaysim.traffic.program import Program, is_address
from overlaysim.units import SECOND

RESOLVER = "127.0.0.11"
"""The embedded resolver's address in every container on a network of one's own."""

NSLOOKUP_USAGE = (
    "Usage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]",
    "",
    "Query DNS about HOST",
    "",
    "QUERY_TYPE: soa,ns,a,aaaa,cname,mx,txt,ptr,srv,any",
)
GETENT_USAGE = ("Usage: getent hosts NAME|ADDRESS",)

_QTYPES = ("SOA", "NS", "A", "AAAA", "CNAME", "MX", "TXT", "SRV", "PTR", "ANY")
_OPTIONS = ("type", "querytype", "port", "retry", "debug", "timeout")
_FORMATS = {
    "A": "Name:\t{0}\nAddress: {1}",
    "AAAA": "Name:\t{0}\nAddress: {1}",
    "NS": "{0}\tnameserver = {1}",
    "CNAME": "{0}\tcanonical name = {1}",
    "PTR": "{0}\tname = {1}",
    "MX": "{0}\tmail exchanger = {1}",
}
_LARGEST_NUMBER = 2**31 - 1


def reverse_name(address: str) -> str:
    """Return the name that a PTR question for an IPv4 address asks for."""
    return IPv4Address(address).reverse_pointer


class Nslookup(Program):
    """One run of nslookup; without ``-type`` a name costs two questions, A and AAAA.

    Only the container's own resolver can be asked. ``-debug`` and ``-port`` have no effect.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__()
        self._arguments = list(arguments)
        self._questions: list[LookUp] = []
        self._open: list[LookUp] = []
        self._timeout = 5 * SECOND
        self._tries = 2
        self._give_up_at = 0
        self._repeats = 0  # how often a SERVFAIL may still be answered by asking again
        self._failures = 0

    def start(self, now: int) -> None:
        """Read the arguments and ask."""
        try:
            self._questions = self._parse()
        except UsageError as error:
            message = [f"nslookup: {error}"] if str(error) else []
            self._fail(*message, *(NSLOOKUP_USAGE if error.show_usage else ()))
            return
        self._open = list(self._questions)
        self._give_up_at = now + self._timeout
        self._send(now)

    def receive(self, message: Event, now: int) -> None:
        """Print an answer; end when all have come."""
        if self.finished or not isinstance(message, Resolved):
            return
        question = LookUp(message.name, message.qtype)
        if question not in self._open:
            return
        self._print_server()
        if message.rcode == "SERVFAIL" and self._repeats:
            self._repeats -= 1
            self._outbox.append(question)
            return
        self._open.remove(question)
        self._print(message)
        if not self._open:
            self._end(1 if self._failures else 0)

    def on_timer(self, now: int) -> None:
        """Ask again, or end without the answers that are missing."""
        if now < self._give_up_at:
            self._send(now)
            return
        if self._open == self._questions:
            self.lines += [";; connection timed out; no servers could be reached", ""]
            self._end(1)
            return
        self.lines += [f"*** Can't find {question.name}: No answer" for question in self._open]
        self.lines.append("")
        self._end(1 if self._failures else 0)

    def _parse(self) -> list[LookUp]:
        arguments = list(self._arguments)
        wanted: set[str] = set()
        while arguments and arguments[0].startswith("-"):
            option, _, value = arguments.pop(0)[1:].partition("=")
            name = next((name for name in _OPTIONS if option and name.startswith(option)), None)
            if name is None:
                raise UsageError(show_usage=True)
            if name in {"type", "querytype"}:
                wanted.add(_qtype(value))
            elif name == "timeout":
                self._timeout = max(1, whole_number(value, _LARGEST_NUMBER // 1000)) * SECOND
            elif name == "retry":
                self._tries = max(1, whole_number(value, _LARGEST_NUMBER))
        if not 1 <= len(arguments) <= 2:
            raise UsageError(show_usage=True)
        if arguments[1:] not in ([], [RESOLVER]):
            raise UsageError(f"only the resolver {RESOLVER} can be asked here")
        name = arguments[0].removesuffix(".")
        if not wanted and is_address(name):
            return [LookUp(reverse_name(name), "PTR")]
        qtypes = [qtype for qtype in _QTYPES if qtype in (wanted or {"A", "AAAA"})]
        return [LookUp(name, qtype) for qtype in qtypes]

    def _send(self, now: int) -> None:
        self._outbox += self._open
        self._repeats = 2 * len(self._questions)
        self._due = min(now + self._timeout // self._tries, self._give_up_at)

    def _print_server(self) -> None:
        if not self.lines:
            self.lines += [f"Server:\t\t{RESOLVER}", f"Address:\t{RESOLVER}:53", ""]

    def _print(self, answer: Resolved) -> None:
        if answer.rcode != "NOERROR":
            self._failures += 1
            self.lines.append(f"** server can't find {answer.name}: {answer.rcode}")
        else:
            self.lines.append("Non-authoritative answer:")
            for record in answer.records:
                if record.rtype in _FORMATS:
                    text = _FORMATS[record.rtype].format(record.name, record.value)
                    self.lines += text.split("\n")
        self.lines.append("")


class Getent(Program):
    """``getent hosts NAME`` or ``ADDRESS``: one line per address; status 2 if there is none."""

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__()
        self._arguments = list(arguments)
        self._question = LookUp("")

    def start(self, now: int) -> None:
        """Read the arguments and ask."""
        database = self._arguments[0] if self._arguments else ""
        if database and database != "hosts":
            self._fail(f"Unknown database: {database}{nearest(database, ['hosts'])}", *GETENT_USAGE)
            return
        if len(self._arguments) != 2:
            self._fail(*GETENT_USAGE)
            return
        name = self._arguments[1]
        if is_address(name):
            self._question = LookUp(reverse_name(name), "PTR")
        else:
            self._question = LookUp(name, "A")
        self._ask(self._question.name, self._question.qtype, now)

    def receive(self, message: Event, now: int) -> None:
        """Print the answer and end."""
        if self.finished or not isinstance(message, Resolved):
            return
        if LookUp(message.name, message.qtype) != self._question:
            return
        name = self._arguments[1]
        for record in message.records:
            if record.rtype == self._question.qtype == "A":
                self.lines.append(f"{record.value:<15} {name}")
            elif record.rtype == self._question.qtype == "PTR":
                self.lines.append(f"{name:<15} {record.value}")
        self._end(0 if self.lines else 2)

    def on_timer(self, now: int) -> None:
        """The resolver did not answer."""
        self._end(2)


def _qtype(text: str) -> str:
    if text.upper() not in _QTYPES:
        raise UsageError(f'invalid query type "{text}"{nearest(text, map(str.lower, _QTYPES))}')
    return text.upper()
