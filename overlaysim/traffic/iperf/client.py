"""The client of iperf3 (esnet/iperf ``src/iperf_client_api.c``)."""

from __future__ import annotations

from overlaysim.traffic.dialling import Dialler
from overlaysim.traffic.iperf.control import Cookie, Parameters, Results, Said, State
from overlaysim.traffic.iperf.options import BLOCK, IperfOptions
from overlaysim.traffic.iperf.side import Side
from overlaysim.traffic.iperf.summary import summary
from overlaysim.traffic.iperf.udp import HELLO, UdpEnds, UdpSide
from overlaysim.traffic.messages import DatagramIn, Event, Request, SendDatagram
from overlaysim.traffic.socket_messages import (
    ERRORS,
    NO_ROUTE,
    Close,
    Connect,
    Inspect,
    Inspected,
    NotOpened,
    Opened,
    Write,
)
from overlaysim.traffic.tcp import Established, Failed, PeerClosed, Received
from overlaysim.units import SECOND

UNABLE = (
    "unable to connect to server - server may have stopped running or use a different port, "
    "firewall issue, etc."
)
PATIENCE = 30 * SECOND
"""How long the first datagram of the server is waited for (``src/iperf_udp.c``, iperf_udp_connect).
"""
_CONTROL = "control"


class IperfClient(Dialler):
    """One test.

    Args:
        options: what to do.
        cookie: tells this test from others.
    """

    def __init__(self, options: IperfOptions, cookie: str) -> None:
        super().__init__()
        self._options = options
        self._cookie = Cookie(cookie)
        self._control: Established | None = None
        self._connections: list[int] = []
        self._parameters: Parameters
        self._side: Side | UdpSide | None = None
        self._stop_at: int | None = None
        self._patient_until: int | None = None  # for answers of UDP
        self._is_due = False  # whether the server has said that the test runs
        self._own: Results | None = None
        self._others: Results | None = None

    def start(self, now: int) -> None:
        """Look up the server."""
        self._find(self._options.host, now)

    def stop(self, now: int) -> None:
        """The user interrupts it."""
        if not self.finished:
            self.errors.append("iperf3: interrupt - the client has terminated")
        super().stop(now)

    # ---- connections ----------------------------------------------------------------------

    def _unresolved(self, now: int) -> None:
        self._give_up(f"{UNABLE}: Name does not resolve")

    def _dial(self, now: int) -> None:
        options = self._options
        self._outbox.append(Connect(_CONTROL, self._address, options.port))

    def _hear(self, message: Event, now: int) -> None:
        if self._side is not None and self._side.hear(message, now):
            self._end_test_if_done(now)
        elif isinstance(message, Opened):
            self._connections.append(message.connection)
        elif isinstance(message, Established):
            self._established(message)
        elif isinstance(message, Received):
            for said in message.contents:
                self._told(said, now)
        elif isinstance(message, Inspected):
            self._prepare(message.info.mss)
        elif isinstance(message, DatagramIn):
            self._greeted(message, now)
        elif isinstance(message, Failed):
            self._give_up(self._broken(message.connection, ERRORS[message.reason]))
        elif isinstance(message, NotOpened):
            self._give_up(f"{UNABLE}: {NO_ROUTE}")
        elif isinstance(message, PeerClosed) and message.connection == self._connections[0]:
            self._give_up("control socket has closed unexpectedly")
        self._set_alarm()

    def _broken(self, connection: int, reason: str) -> str:
        """What is said of a connection that failed."""
        if connection != self._connections[0]:
            return f"unable to write to stream socket: {reason}"
        if self._control is None:
            return f"{UNABLE}: {reason}"
        return f"unable to read from the control socket: {reason}"

    def _established(self, ends: Established) -> None:
        self._outbox.append(Write(ends.connection, self._cookie.length, self._cookie))
        if self._control is None:
            self._control = ends
            self._outbox.append(Inspect(ends.connection))
            self.lines.append(f"Connecting to host {self._options.host}, port {self._options.port}")
            if self._options.reverse:
                self.lines.append(f"Reverse mode, remote host {self._options.host} is sending")
        elif isinstance(self._side, Side):
            self._side.add(ends)

    def _prepare(self, mss: int) -> None:
        """Settle what the test is; datagrams fit a segment of the control connection."""
        options = self._options
        block = options.block or (mss if options.rate else BLOCK)
        self._parameters = Parameters(
            options.time, options.size, block, options.streams, options.reverse,
            options.window, options.mss, options.congestion, options.rate,
        )  # fmt: skip
        make = UdpSide if options.rate else Side
        self._side = make(
            self._parameters, options.interval, sends=not options.reverse, say=self.lines.append,
            ask=self._want,
        )  # fmt: skip

    def _tell(self, said: Said) -> None:
        assert self._control is not None
        self._outbox.append(Write(self._control.connection, said.length, said))

    def _want(self, request: Request) -> None:
        self._outbox.append(request)

    # ---- the test -------------------------------------------------------------------------

    def _told(self, said: Said, now: int) -> None:
        if said is State.PARAM_EXCHANGE:
            self._tell(self._parameters)
        elif said is State.CREATE_STREAMS and self._options.rate:
            self._greet(now)
        elif said is State.CREATE_STREAMS:
            self._connect_streams()
        elif said is State.TEST_RUNNING:
            self._begin(now)
        elif said is State.EXCHANGE_RESULTS:
            assert self._own is not None
            self._tell(self._own)
        elif isinstance(said, Results):
            self._others = said
        elif said is State.DISPLAY_RESULTS:
            self._conclude()
        elif said is State.TEST_END:
            self._end_test(now)
        elif said is State.ACCESS_DENIED:
            self._give_up("the server is busy running a test. try again later")

    def _begin(self, now: int) -> None:
        """Begin, unless the server's answer to a stream is still missing."""
        assert self._side is not None
        self._is_due = True
        if self._side.complete:
            self._side.begin(now)
            if not self._options.size:
                self._stop_at = now + self._options.time

    def _connect_streams(self) -> None:
        options = self._options
        for number in range(options.streams):
            self._outbox.append(Connect(
                f"stream {number}", self._address, options.port, congestion=options.congestion,
                mss=options.mss, window=options.window,
            ))  # fmt: skip

    def _greet(self, now: int) -> None:
        """UDP: say hello with each stream; the server answers when it has heard it."""
        assert self._control is not None
        self._patient_until = now + PATIENCE
        for number in range(1, self._options.streams + 1):
            self._outbox.append(SendDatagram(
                self._address, self._control.local_port + number, self._options.port, HELLO,
                content=self._cookie,
            ))  # fmt: skip

    def _greeted(self, answer: DatagramIn, now: int) -> None:
        if isinstance(self._side, UdpSide) and answer.content == self._cookie:
            assert self._control is not None
            self._side.add(UdpEnds(
                self._control.local, answer.destination_port, answer.source, answer.source_port
            ))  # fmt: skip
            if self._side.complete:
                self._patient_until = None
                if self._is_due:
                    self._begin(now)

    def _elapsed(self, now: int) -> None:
        side = self._side
        if self._patient_until is not None and now >= self._patient_until:
            self._give_up("unable to read from stream socket: Resource temporarily unavailable")
        elif self._stop_at is not None and now >= self._stop_at:
            self._end_test(now)
        elif side is not None and side.due is not None and now >= side.due:
            side.on_timer(now)
            self._end_test_if_done(now)
        self._set_alarm()

    def _set_alarm(self) -> None:
        if not self.finished:
            side = None if self._side is None else self._side.due
            dues = [at for at in (self._stop_at, self._patient_until, side) if at is not None]
            self._due = min(dues, default=None)

    def _end_test_if_done(self, now: int) -> None:
        if self._side is not None and self._side.running and self._side.is_done:
            self._end_test(now)

    def _end_test(self, now: int) -> None:
        self._stop_at = None

        def take(results: Results) -> None:
            self._own = results
            self._tell(State.TEST_END)

        assert self._side is not None
        self._side.finish(now, take)

    def _conclude(self) -> None:
        assert self._own is not None
        assert self._others is not None
        sides = {"sender": self._own, "receiver": self._others}
        if self._options.reverse:
            sides = {"sender": self._others, "receiver": self._own}
        self.lines += [*summary(sides), "", "iperf Done."]
        self._tell(State.IPERF_DONE)
        for connection in self._connections:
            self._outbox.append(Close(connection))
        self._end(0)

    def _give_up(self, reason: str) -> None:
        self._fail(f"iperf3: error - {reason}")
