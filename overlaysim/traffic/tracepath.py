"""tracepath, as iputils has it: how long may packets be, and how far is it.

Texts, waiting times and the order of probes follow ``tracepath.c`` (20221126); like the original it
tries a hop anew when the path MTU has become smaller meanwhile, and ends with success even in a
black hole. Only IPv4 is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from overlaysim.traffic.lookup import reverse_name
from overlaysim.traffic.messages import (
    Event,
    FragmentationNeeded,
    HostUnreachable,
    PortUnreachable,
    Resolved,
    SendDatagram,
    TimeExceeded,
    TooBig,
)
from overlaysim.traffic.options import UsageError, parse_options
from overlaysim.traffic.program import Program, first_address, is_address
from overlaysim.units import SECOND, US

_HEADERS = 28  # of IPv4 and UDP
_LARGEST_MTU = 65_535
_BASE_PORT = 44_444
_MOST_HOPS = 30
_TRIES = 3
_WAIT = SECOND
_SLOTS = 64  # probes go to so many ports in turn, by which answers are told apart
_HOST_COLUMN = 52
_USAGE_STATUS = 255

USAGE = (
    "",
    "Usage",
    "  tracepath [options] <destination>",
    "",
    "Options:",
    "  -4             use IPv4",
    "  -b             print both name and ip",
    "  -l <length>    use packet <length>",
    "  -m <hops>      use maximum <hops>",
    "  -n             no dns name resolution",
    "  -p <port>      use destination <port>",
    "  <destination>  dns name or ip address",
)


@dataclass(frozen=True, slots=True)
class TracepathOptions:
    """What the command line said; ``length`` is of the IP packet in bytes."""

    host: str
    length: int = _LARGEST_MTU
    port: int = _BASE_PORT
    hops: int = _MOST_HOPS
    numeric: bool = False
    both: bool = False


def parse_arguments(arguments: Sequence[str]) -> TracepathOptions:
    """Read tracepath's arguments; raises :class:`UsageError`."""
    options, operands = parse_options(arguments, "4nbl:m:p:")
    if len(operands) != 1:
        raise UsageError(show_usage=True)
    host, _, port = operands[0].partition("/")
    return TracepathOptions(
        host=host,
        length=_number(options.get("l", str(_LARGEST_MTU)), _HEADERS + 1, _LARGEST_MTU),
        port=_number(options.get("p", port or str(_BASE_PORT)), 0, 65_535),
        hops=_number(options.get("m", str(_MOST_HOPS)), 0, 255),
        numeric="n" in options,
        both="b" in options,
    )


def _number(text: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise UsageError(f"invalid argument: '{text}'")
    if not low <= int(text) <= high:
        raise UsageError(f"invalid argument: '{text}': out of range: {low} <= value <= {high}")
    return int(text)


@dataclass(frozen=True, slots=True)
class _News:
    """What came back about a probe.

    Attributes:
        at: when.
        slot: which probe: its port, counted from the first.
        reporter: address of whoever answered.
        word: what is printed of it.
        mtu: the path MTU that it tells, if it does.
        ttl: TTL of the answer as received, if the destination gave it.
        last: whether there is nothing more to find out.
    """

    at: int
    slot: int
    reporter: str
    word: str
    mtu: int | None = None
    ttl: int | None = None
    last: bool = False


class Tracepath(Program):
    """One run of tracepath.

    Args:
        arguments: the command line without the program's name.
        source_port: UDP port of its socket.
    """

    def __init__(self, arguments: Sequence[str], source_port: int) -> None:
        super().__init__()
        self._arguments = arguments
        self._source_port = source_port
        self._options = TracepathOptions("")
        self._address = ""
        self._mtu = 0
        self._mtu_before = 0  # when the hop was probed last
        self._hop = 1
        self._tries = 0
        self._slot = -1
        self._probes: dict[int, tuple[int, int]] = {}  # by slot: hop, and when it was sent
        self._news: list[_News] = []
        self._naming = False
        self._hops_to: int | None = None
        self._hops_back: int | None = None

    # ---- what it is told ------------------------------------------------------------------

    def start(self, now: int) -> None:
        """Read the arguments, resolve the name if it is one, and send the first probe."""
        try:
            self._options = parse_arguments(self._arguments)
        except UsageError as error:
            message = [f"tracepath: {error}"] if str(error) else []
            usage = USAGE if error.show_usage else ()
            self._fail(*message, *usage, status=_USAGE_STATUS if usage else 1)
            return
        self._mtu = self._options.length
        if is_address(self._options.host):
            self._begin(self._options.host, now)
        else:
            self._ask(self._options.host, "A", now)

    def receive(self, message: Event, now: int) -> None:
        """Take the resolver's answers and what becomes of the probes."""
        if self.finished:
            return
        if isinstance(message, Resolved):
            self._resolved(message, now)
        elif not self._address:
            return
        elif isinstance(message, TooBig):
            self._refused(message, now)
        elif isinstance(message, HostUnreachable) and not message.source:
            self.lines.append(f"{self._hop:2}:  send failed")
            self._conclude()
        else:
            news = self._read(message, now)
            if news is not None:
                self._news.append(news)
                self._tell_next(now)

    def _read(self, message: Event, now: int) -> _News | None:
        base = self._options.port
        if isinstance(message, FragmentationNeeded):
            slot = message.number - base
            return _News(now, slot, message.source, f"pmtu {message.mtu}", mtu=message.mtu)
        if isinstance(message, PortUnreachable):
            slot = message.port - base
            return _News(now, slot, message.source, "reached", ttl=message.ttl, last=True)
        if isinstance(message, TimeExceeded):
            return _News(now, message.port - base, message.source, "")
        if isinstance(message, HostUnreachable):
            return _News(now, min(self._probes, default=-1), message.source, "!H", last=True)
        return None

    def on_timer(self, now: int) -> None:
        """No answer came in time: to a question for a name, or to a probe."""
        self._due = None
        if not self._address:
            self._unresolved("Try again")
        elif self._naming:
            self._named(self._news[0].reporter, now)
        elif self._mtu != self._mtu_before:
            self._try_anew(now)
        elif self._tries < _TRIES:
            self._probe(now)
        else:
            self.lines.append(f"{self._hop:2}:  no reply")
            self._go_further(now)

    def _resolved(self, answer: Resolved, now: int) -> None:
        if not self._address and answer.name == self._options.host:
            address = first_address(answer)
            if address is None:
                self._unresolved("Name does not resolve")
            else:
                self._begin(address, now)
        elif self._naming and answer.name == reverse_name(self._news[0].reporter):
            names = [record.value for record in answer.records if record.rtype == "PTR"]
            self._named(names[0] if names else self._news[0].reporter, now)

    def _unresolved(self, reason: str) -> None:
        self._fail(f"tracepath: {self._options.host}: {reason}")

    # ---- probes ---------------------------------------------------------------------------

    def _begin(self, address: str, now: int) -> None:
        self._address = address
        self._hop = 0
        self._go_further(now)

    def _go_further(self, now: int) -> None:
        self._hop += 1
        if self._hop > self._options.hops:
            self.lines.append(f"     Too many hops: pmtu {self._mtu}")
            self._conclude()
        else:
            self._try_anew(now)

    def _try_anew(self, now: int) -> None:
        self._tries = 0
        self._probe(now)

    def _probe(self, now: int) -> None:
        self._tries += 1
        self._mtu_before = self._mtu
        self._slot = (self._slot + 1) % _SLOTS
        self._send(now)

    def _send(self, now: int) -> None:
        self._probes[self._slot] = (self._hop, now)
        port = self._options.port + self._slot
        self._outbox.append(
            SendDatagram(
                self._address, self._source_port, port & 0xFFFF, self._mtu - _HEADERS,
                dont_fragment=True, ttl=self._hop,
            )
        )  # fmt: skip
        self._due = now + _WAIT

    def _refused(self, error: TooBig, now: int) -> None:
        """The own stack did not send the probe: it knows how long it may be."""
        self.lines.append(f"{self._hop:2}?: {'[LOCALHOST]':<32} pmtu {error.mtu}")
        self._mtu = error.mtu
        self._send(now)

    # ---- answers --------------------------------------------------------------------------

    def _tell_next(self, now: int) -> None:
        """Find out the name of whoever sent the oldest news; the rest waits meanwhile."""
        if self._naming or not self._news:
            return
        reporter = self._news[0].reporter
        self._naming = True
        if self._options.numeric:
            self._named(reporter, now)
        else:
            self._ask(reverse_name(reporter), "PTR", now)

    def _named(self, name: str, now: int) -> None:
        news = self._news.pop(0)
        self._naming = False
        hop, sent = self._probes.pop(news.slot, (0, 0))
        head = f"{hop:2}:  " if hop else f"{self._hop:2}?: "
        took = f"{_milliseconds(news.at - sent)} " if hop else ""
        self.lines.append(f"{head}{self._column(name, news.reporter)}{took}{news.word}")
        if news.mtu is not None:
            self._mtu = news.mtu
        if news.ttl is not None:
            self._hops_to, self._hops_back = hop or self._hop, _hops_of(news.ttl)
        if self._mtu != self._mtu_before:
            self._try_anew(now)
        elif news.last:
            self._conclude()
        else:
            self._go_further(now)
        if not self.finished:
            self._tell_next(now)

    def _column(self, name: str, address: str) -> str:
        text = f"{name} ({address})" if self._options.both else name
        return text + " " * max(1, _HOST_COLUMN - len(text))

    def _conclude(self) -> None:
        words = [f"     Resume: pmtu {self._mtu}"]
        if self._hops_to is not None:
            words.append(f"hops {self._hops_to} back {self._hops_back}")
        self.lines.append(" ".join(words))
        self._end(0)


def _milliseconds(time: int) -> str:
    micros = time // US
    return f"{micros // 1000:3}.{micros % 1000:03}ms"


def _hops_of(ttl: int) -> int:
    """How many hops an answer has made, whose sender began with 64, 128 or 255."""
    return next(first + 1 for first in (64, 128, 255) if ttl <= first) - ttl
