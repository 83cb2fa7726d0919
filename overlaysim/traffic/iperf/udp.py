"""One side of a UDP test: datagrams at a steady rate, and what becomes of them.

esnet/iperf ``src/iperf_udp.c``; jitter as RFC 1889 section 6.3.1 has it. Datagrams leave evenly
spaced, not in the bursts of a timer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from overlaysim.traffic.iperf.control import Cookie, Datagrams, Parameters, Results
from overlaysim.traffic.iperf.report import (
    HEAD_UDP,
    HEAD_UDP_SENT,
    Span,
    stream_name,
)
from overlaysim.traffic.iperf.streams import Streams
from overlaysim.traffic.messages import DatagramIn, Event, Request, SendDatagram
from overlaysim.units import SECOND

HELLO = 4
"""Bytes of the datagram by which a stream begins, and of the answer to it."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """What a datagram of a test says: its number in its stream, from 1, and when it was sent."""

    number: int
    sent: int


@dataclass(frozen=True, slots=True)
class UdpEnds:
    """The addresses and ports of a stream, as this side sees them."""

    local: str
    local_port: int
    remote: str
    remote_port: int


class _Stream:
    def __init__(self, ends: UdpEnds) -> None:
        self.ends = ends
        self.size = self.packets = self.highest = self.jitter = 0
        self.transit: int | None = None
        self.at_report = (0, 0, 0)

    def take(self, datagram: DatagramIn, said: Numbered, now: int) -> None:
        self.size += datagram.size
        self.packets += 1
        self.highest = max(self.highest, said.number)
        transit = now - said.sent
        if self.transit is not None:
            self.jitter += (abs(transit - self.transit) - self.jitter) // 16
        self.transit = transit

    @property
    def lost(self) -> int:
        return self.highest - self.packets


class UdpSide(Streams[tuple[str, int, int], _Stream]):
    """The streams of a UDP test at one of its ends; used as :class:`~.side.Side` is.

    They are known by the other side's address and port, and the own port.
    """

    def __init__(
        self,
        parameters: Parameters,
        interval: int,
        *,
        sends: bool,
        say: Callable[[str], None],
        ask: Callable[[Request], None],
    ) -> None:
        super().__init__(parameters, interval, sends=sends, say=say, ask=ask)
        self._report_at: int | None = None
        self._sent = 0  # by each of the streams

    @property
    def due(self) -> int | None:
        """When the next datagrams leave or the next report is."""
        if not self.running:
            return None
        dues = [due for due in (self._send_at, self._report_at) if due is not None]
        return min(dues, default=None)

    @property
    def _send_at(self) -> int | None:
        if not self.sends or self.is_done:
            return None
        bits = self._sent * self._parameters.block * 8
        return self._began + bits * SECOND // self._parameters.rate

    def add(self, ends: UdpEnds) -> None:
        """A stream has begun."""
        self._join((ends.remote, ends.remote_port, ends.local_port), _Stream(ends), ends)

    def begin(self, now: int) -> None:
        """The test begins."""
        self._began = self._reported = now
        self.running = True
        self._report_at = now + self._interval if self._interval else None
        self._send(now)

    def _send(self, now: int) -> None:
        at = self._send_at
        if at is None or at > now:
            return
        self._sent += 1
        for stream in self._streams.values():
            stream.size += self._parameters.block
            stream.packets += 1
            ends = stream.ends
            self._ask(SendDatagram(
                ends.remote, ends.local_port, ends.remote_port, self._parameters.block,
                content=Numbered(self._sent, now),
            ))  # fmt: skip

    def hear(self, message: Event, now: int) -> bool:
        """Take a datagram of one of the streams; whether it was one's."""
        if not isinstance(message, DatagramIn) or isinstance(message.content, Cookie):
            return False
        key = (message.source, message.source_port, message.destination_port)
        stream = self._streams.get(key)
        if stream is not None and not self.sends and isinstance(message.content, Numbered):
            stream.take(message, message.content, now)
        return True

    # ---- reports --------------------------------------------------------------------------

    def on_timer(self, now: int) -> None:
        """An interval is over, datagrams leave, or both."""
        if self._report_at is not None and now >= self._report_at:
            self._report_at = now + self._interval
            self._report(now)
        self._send(now)

    def finish(self, now: int, then: Callable[[Results], None]) -> None:
        """The test is over: ``then`` is called with the results, at this instant."""
        self.running = False
        if self._interval and now > self._reported:
            self._report(now)
        streams = self._streams.values()
        then(Results(
            now - self._began, tuple(stream.size for stream in streams), (-1,) * len(streams),
            tuple(self._datagrams(stream) for stream in streams),
        ))  # fmt: skip

    def _datagrams(self, stream: _Stream) -> Datagrams:
        if self.sends:
            return Datagrams(0, 0, stream.packets)
        return Datagrams(stream.jitter, stream.lost, stream.highest)

    def _report(self, now: int) -> None:
        self._say_head(HEAD_UDP_SENT if self.sends else HEAD_UDP)
        start, end = self._reported - self._began, now - self._began
        for index, stream in enumerate(self._streams.values()):
            counts = (stream.size, self._datagrams(stream).lost, self._datagrams(stream).total)
            size, lost, total = (n - m for n, m in zip(counts, stream.at_report, strict=True))
            stream.at_report = counts
            datagrams = Datagrams(stream.jitter, lost, total)
            span = Span(stream_name(index), start, end, size, datagrams=datagrams)
            self._say(span.sent_line() if self.sends else span.line())
        self._reported = now
