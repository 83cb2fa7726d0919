"""One side of a test: the streams that it fills or empties, and what it reports of them."""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.traffic.iperf.control import Parameters, Results
from overlaysim.traffic.iperf.report import HEAD, HEAD_CWND, Span, stream_name
from overlaysim.traffic.iperf.streams import Streams
from overlaysim.traffic.iperf.summary import total
from overlaysim.traffic.messages import Event, Request
from overlaysim.traffic.socket_messages import Inspect, Inspected, Write
from overlaysim.traffic.tcp import Acknowledged, Established, Received


class _Stream:
    """What is known of one stream; ``at_report`` are size and retransmissions at the last one."""

    def __init__(self, connection: int) -> None:
        self.connection = connection
        self.size = self.acknowledged = 0
        self.retransmissions = 0
        self.window = 0
        self.at_report = (0, 0)


class Side(Streams[int, _Stream]):
    """The TCP streams of a test, at one of its ends, by their connections.

    A sender hands over blocks as long as less than one block waits to be sent for the first time;
    with a window, as long as not more than that waits to be acknowledged.
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
        self.due: int | None = None
        """When the next report is."""
        self._over = False
        self._left = parameters.size
        self._uninspected: set[int] = set()
        self._finished: Callable[[Results], None] | None = None

    def add(self, ends: Established) -> None:
        """A stream is connected."""
        self._join(ends.connection, _Stream(ends.connection), ends)

    def begin(self, now: int) -> None:
        """The test begins."""
        self._began = self._reported = now
        self.running = True
        self._set_due(now)
        if self.sends:
            for stream in self._streams.values():
                self._fill(stream, 0)

    def hear(self, message: Event, now: int) -> bool:
        """Take an event of one of the streams; whether it was one's."""
        if not isinstance(message, Received | Acknowledged | Inspected):
            return False
        stream = self._streams.get(message.connection)
        if stream is None:
            return False
        if isinstance(message, Received):
            if not self._over and not self.sends:  # even before the word that it begins
                stream.size += message.length
        elif isinstance(message, Acknowledged):
            stream.acknowledged += message.length
            if self.running and self.sends:
                self._fill(stream, message.unsent)
        else:
            self._inspected(stream, message)
        return True

    def _fill(self, stream: _Stream, unsent: int) -> None:
        block = self._parameters.block
        while (room := self._room(stream, unsent)) > 0:
            length = min(block, room)
            if self._parameters.size:
                length = min(length, self._left)
                self._left -= length
                if not length:
                    return
            self._ask(Write(stream.connection, length))
            stream.size += length
            unsent += length

    def _room(self, stream: _Stream, unsent: int) -> int:
        """Bytes that the socket's send buffer takes now."""
        if self._parameters.window is not None:
            return self._parameters.window - (stream.size - stream.acknowledged)
        return self._parameters.block if unsent < self._parameters.block else 0

    # ---- reports --------------------------------------------------------------------------

    def on_timer(self, now: int) -> None:
        """An interval is over."""
        self._set_due(now)
        self._look(now)

    def finish(self, now: int, then: Callable[[Results], None]) -> None:
        """The test is over: ``then`` is called with the results, at this instant."""
        self.running, self._over, self.due = False, True, None
        self._finished = then
        self._look(now)

    def _set_due(self, now: int) -> None:
        self.due = now + self._interval if self._interval else None

    def _look(self, now: int) -> None:
        """Report what there is, once the stack has told how the sending connections do."""
        self._now = now
        if not self.sends:
            self._report()
            return
        self._uninspected = set(self._streams)
        for connection in self._streams:
            self._ask(Inspect(connection))

    def _inspected(self, stream: _Stream, answer: Inspected) -> None:
        info = answer.info
        stream.retransmissions, stream.window = info.retransmits, int(info.cwnd * info.mss)
        self._uninspected.discard(stream.connection)
        if not self._uninspected:
            self._report()

    def _report(self) -> None:
        now = self._now
        if self._interval and now > self._reported:
            self._report_interval(now)
        self._reported = now
        if self._finished is not None:
            then, self._finished = self._finished, None
            then(self.results(now))

    def _report_interval(self, now: int) -> None:
        self._say_head(HEAD_CWND if self.sends else HEAD)
        start, end = self._reported - self._began, now - self._began
        spans = []
        for index, stream in enumerate(self._streams.values()):
            size, again = stream.at_report
            spans.append(Span(
                stream_name(index), start, end, stream.size - size,
                stream.retransmissions - again if self.sends else None,
                stream.window if self.sends else None,
            ))  # fmt: skip
            stream.at_report = (stream.size, stream.retransmissions)
        for span in (*spans, *total(spans)):
            self._say(span.line())

    def results(self, now: int) -> Results:
        """What this side has counted."""
        streams = self._streams.values()
        return Results(
            now - self._began,
            tuple(stream.size for stream in streams),
            tuple(stream.retransmissions if self.sends else -1 for stream in streams),
        )
