"""ping, as the busybox in an alpine container does it.

Texts, waiting times and exit status follow busybox ``networking/ping.c`` (1.35), except: ``-M`` is
taken from iputils because path MTU lessons need it, and with it what iputils says of packets that
are too long (``ping/ping.c``, ping4_receive_error_msg): each counts as sent and as an error. A ping
without ``-c`` or ``-w``, which would never end, stops after :data:`DEFAULT_COUNT` packets. Only
IPv4 is asked for, so a name costs one A query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from overlaysim.errors import nearest
from overlaysim.traffic.messages import (
    EchoReply,
    Event,
    FragmentationNeeded,
    Resolved,
    SendEcho,
    TooBig,
)
from overlaysim.traffic.options import UsageError, duration, parse_options, whole_number
from overlaysim.traffic.program import Program, first_address, is_address
from overlaysim.units import SECOND, US

DEFAULT_COUNT = 4
"""Packets sent when nothing on the command line bounds them."""

_ICMP_HEADER = 8
_TIME_STAMP = 4  # bytes of data that must fit for a round-trip time to be printed
_LARGEST = 65_535 - 20 - _ICMP_HEADER  # data bytes of the longest IPv4 packet
_DONT_FRAGMENT = {"do": True, "dont": False, "want": None}
_LARGEST_NUMBER = 2**31 - 1

USAGE = (
    "Usage: ping [OPTIONS] HOST",
    "",
    "Send ICMP ECHO_REQUESTs to HOST",
    "",
    "\t-4\t\tForce IPv4 name resolution",
    "\t-c CNT\t\tSend only CNT pings",
    "\t-s SIZE\t\tSend SIZE data bytes in packets (default 56)",
    "\t-i SECS\t\tInterval",
    "\t-I IFACE/IP\tSource interface or IP address (accepted and ignored)",
    "\t-M do|dont|want\tSet DF and refuse what is too long; never set DF; set it when it fits",
    "\t-W SEC\t\tSeconds to wait for the first response (default 10)",
    "\t\t\t(after all -c CNT packets are sent)",
    "\t-w SEC\t\tSeconds until ping exits (default:infinite)",
    "\t\t\t(can exit earlier with -c CNT)",
    "\t-q\t\tQuiet, only display output at start/finish",
)


@dataclass(frozen=True, slots=True)
class PingOptions:
    """What the command line said.

    Times are picoseconds; ``count`` and ``deadline`` are 0 for no limit, ``size`` is data bytes,
    ``dont_fragment`` as in :class:`SendEcho`; ``tells_errors`` is True if -M was given, ``bounded``
    False if neither -c nor -w was; ``notes`` are remarks about options that have no effect here.
    """

    host: str
    count: int = DEFAULT_COUNT
    size: int = 56
    interval: int = SECOND
    timeout: int = 10 * SECOND
    deadline: int = 0
    dont_fragment: bool | None = None
    tells_errors: bool = False
    quiet: bool = False
    bounded: bool = True
    notes: tuple[str, ...] = ()


def parse_arguments(arguments: Sequence[str]) -> PingOptions:
    """Read ping's arguments; raises :class:`UsageError`."""
    options, operands = parse_options(arguments, "qnv4c:s:w:W:I:i:M:")
    if len(operands) != 1:
        raise UsageError(show_usage=True)
    count = whole_number(options.get("c", "0"), _LARGEST_NUMBER)
    deadline = whole_number(options.get("w", "0"), _LARGEST_NUMBER) * SECOND
    bounded = count > 0 or deadline > 0
    interval = duration(options.get("i", "1"))
    if interval == 0:
        raise UsageError("the interval of -i must be more than 0")
    mode = options.get("M", "want")
    if mode not in _DONT_FRAGMENT:
        raise UsageError(
            f"invalid -M argument '{mode}'; write do, dont or want{nearest(mode, _DONT_FRAGMENT)}"
        )
    notes = ("(-I is ignored here: the route decides the interface)",) if "I" in options else ()
    return PingOptions(
        host=operands[0],
        count=count if bounded else DEFAULT_COUNT,
        size=whole_number(options.get("s", "56"), 65_535),
        interval=interval,
        timeout=whole_number(options.get("W", "10"), _LARGEST_NUMBER) * SECOND,
        deadline=deadline,
        dont_fragment=_DONT_FRAGMENT[mode],
        tells_errors="M" in options,
        quiet="q" in options,
        bounded=bounded,
        notes=notes,
    )


class Ping(Program):
    """One run of ping.

    An unreachable host shows as plain loss, as it does in busybox, which overlooks ICMP errors
    because they carry no identifier.

    Args:
        arguments: the command line without the program's name.
        ident: ICMP identifier, the process id in a real ping; 16 bits.
    """

    def __init__(self, arguments: Sequence[str], ident: int) -> None:
        super().__init__()
        self._arguments = arguments
        self._ident = ident & 0xFFFF
        self._options = PingOptions("")
        self._address = ""
        self._deadline = 0
        self._sent_at: list[int] = []
        self._answered: set[int] = set()
        self._repeats = 0
        self._errors = 0
        self._times: list[int] = []  # round-trip times in whole microseconds

    def start(self, now: int) -> None:
        """Read the arguments, resolve the name if it is one, and send the first echo."""
        try:
            self._options = parse_arguments(self._arguments)
        except UsageError as error:
            message = [f"ping: {error}"] if str(error) else []
            self._fail(*message, *(USAGE if error.show_usage else ()))
            return
        self.errors += self._options.notes
        self._deadline = now + self._options.deadline
        if is_address(self._options.host):
            self._begin(self._options.host, now)
        else:
            self._ask(self._options.host, "A", now)

    def stop(self, now: int) -> None:
        """Print the statistics and end, as on Ctrl-C."""
        if self._address and not self.finished:
            self._conclude()
        else:
            super().stop(now)  # the handler is only installed once there is an address

    def receive(self, message: Event, now: int) -> None:
        """Take the resolver's answer, an echo reply, or word that the packet is too long."""
        if self.finished:
            return
        if isinstance(message, Resolved) and not self._address:
            if message.name == self._options.host:
                self._resolved(message, now)
        elif isinstance(message, EchoReply) and message.ident == self._ident:
            self._replied(message, now)
        elif isinstance(message, TooBig) and self._address:
            self._refused(message)
        elif isinstance(message, FragmentationNeeded) and self._options.tells_errors:
            self._lost_for_length(message)

    def on_timer(self, now: int) -> None:
        """Send the next echo, or end because nothing more will come."""
        self._due = None
        if not self._address:
            self._unresolved()
        elif self._all_sent():
            self._conclude()
        else:
            self._send(now)

    def _resolved(self, answer: Resolved, now: int) -> None:
        address = first_address(answer)
        if address is None:
            self._unresolved()
        else:
            self._begin(address, now)

    def _unresolved(self) -> None:
        self._fail(f"ping: bad address '{self._options.host}'")

    def _begin(self, address: str, now: int) -> None:
        self._address = address
        self._due = None
        options = self._options
        self.lines.append(f"PING {options.host} ({address}): {options.size} data bytes")
        if options.size > _LARGEST:
            self._fail("ping: sendto: Message too large")
        else:
            self._send(now)

    def _send(self, now: int) -> None:
        options = self._options
        if options.deadline and now >= self._deadline:
            self._conclude()
            return
        sequence = len(self._sent_at)
        self._sent_at.append(now)
        self._outbox.append(
            SendEcho(
                self._address, self._ident, sequence & 0xFFFF, options.size, options.dont_fragment
            )
        )
        self._due = now + (self._last_wait() if self._all_sent() else options.interval)

    def _all_sent(self) -> bool:
        return 0 < self._options.count <= len(self._sent_at)

    def _last_wait(self) -> int:
        """How long to wait once all are sent: -W, or two round trips once a reply has come.

        Two round trips are whole units of 2**19 us, and at least one second.
        """
        if not self._answered:
            return self._options.timeout
        return max(1, max(self._times, default=0) >> 19) * SECOND

    def _replied(self, reply: EchoReply, now: int) -> None:
        sequence = self._full_sequence(reply.sequence)
        if sequence is None or reply.size < self._options.size:
            return
        micros = (now - self._sent_at[sequence]) // US
        timed = reply.size >= _TIME_STAMP
        if timed:
            self._times.append(micros)
        repeated = sequence in self._answered
        if repeated:
            self._repeats += 1
        self._answered.add(sequence)
        if not self._options.quiet:
            time = f" time={_milliseconds(micros)} ms" if timed else ""
            self.lines.append(
                f"{reply.size + _ICMP_HEADER} bytes from {reply.source}: seq={reply.sequence} "
                f"ttl={reply.ttl}{time}{' (DUP!)' if repeated else ''}"
            )
        self._conclude_if_complete()

    def _refused(self, error: TooBig) -> None:
        """The own stack did not send the newest echo."""
        if not self._options.quiet:
            self.errors.append(f"ping: local error: message too long, mtu={error.mtu}")
        self._count_error()

    def _lost_for_length(self, error: FragmentationNeeded) -> None:
        if not self._options.quiet:
            self.lines.append(
                f"From {error.source} icmp_seq={error.number} "
                f"Frag needed and DF set (mtu = {error.mtu})"
            )
        self._count_error()

    def _count_error(self) -> None:
        self._errors += 1
        self._conclude_if_complete()

    def _conclude_if_complete(self) -> None:
        """End once every echo has been answered in one way or another."""
        if 0 < self._options.count <= len(self._answered) + self._errors:
            self._conclude()

    def _full_sequence(self, sequence: int) -> int | None:
        """The number of the newest echo that carried the 16-bit ``sequence``; None if none did."""
        newest = len(self._sent_at) - 1
        full = newest - ((newest - sequence) & 0xFFFF)
        return full if full >= 0 else None

    def _conclude(self) -> None:
        options = self._options
        sent, received = len(self._sent_at), len(self._answered)
        repeats = f"{self._repeats} duplicates, " if self._repeats else ""
        errors = f"+{self._errors} errors, " if self._errors else ""
        loss = (sent - received) * 100 // sent if sent else 0
        self.lines += [
            "",
            f"--- {options.host} ping statistics ---",
            f"{sent} packets transmitted, {received} packets received, "
            f"{repeats}{errors}{loss}% packet loss",
        ]
        if self._times:
            average = sum(self._times) // len(self._times)
            shown = map(_milliseconds, (min(self._times), average, max(self._times)))
            self.lines.append(f"round-trip min/avg/max = {'/'.join(shown)} ms")
        if not options.bounded:
            self.lines.append(f"(ping stops after {DEFAULT_COUNT} here; -c N asks for more)")
        short = options.deadline > 0 and received < options.count
        self._end(1 if received == 0 or short else 0)


def _milliseconds(micros: int) -> str:
    return f"{micros // 1000}.{micros % 1000:03d}"
