"""The client of iperf3 (esnet/iperf ``src/iperf_client_api.c``)."""

from __future__ import annotations

from overlaysim.traffic.dialling import Dialler
from overlaysim.traffic.iperf.control import Cookie, Parameters, Results, Said, State
from overlaysim.traffic.iperf.options import IperfOptions
from overlaysim.traffic.iperf.side import Side, summary
from overlaysim.traffic.messages import Event, Request
from overlaysim.traffic.socket_messages import (
    ERRORS,
    NO_ROUTE,
    Close,
    Connect,
    NotOpened,
    Opened,
    Write,
)
from overlaysim.traffic.tcp import Established, Failed, PeerClosed, Received

UNABLE = (
    "unable to connect to server - server may have stopped running or use a different port, "
    "firewall issue, etc."
)
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
        self._control = -1
        self._connections: list[int] = []
        self._parameters = Parameters(
            options.time, options.size, options.block, options.streams, options.reverse,
            options.window, options.mss, options.congestion,
        )  # fmt: skip
        self._side = Side(
            self._parameters, options.interval, sends=not options.reverse, say=self.lines.append,
            ask=self._want,
        )  # fmt: skip
        self._stop_at: int | None = None
        self._own: Results | None = None
        self._others: Results | None = None
        self._connected = False

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
        if self._side.hear(message):
            if self._side.running and self._side.is_done:
                self._end_test(now)
        elif isinstance(message, Opened):
            if message.tag == _CONTROL:
                self._control = message.connection
            self._connections.append(message.connection)
        elif isinstance(message, Established):
            self._established(message)
        elif isinstance(message, Received):
            for said in message.contents:
                self._told(said, now)
        elif isinstance(message, Failed):
            reason = ERRORS[message.reason]
            self._give_up(self._broken(message.connection, reason))
        elif isinstance(message, NotOpened):
            self._give_up(f"{UNABLE}: {NO_ROUTE}")
        elif isinstance(message, PeerClosed) and message.connection == self._control:
            self._give_up("control socket has closed unexpectedly")
        self._set_alarm()

    def _broken(self, connection: int, reason: str) -> str:
        """What is said of a connection that failed."""
        if connection != self._control:
            return f"unable to write to stream socket: {reason}"
        if not self._connected:
            return f"{UNABLE}: {reason}"
        return f"unable to read from the control socket: {reason}"

    def _established(self, ends: Established) -> None:
        self._outbox.append(Write(ends.connection, self._cookie.length, self._cookie))
        if ends.connection == self._control:
            self._connected = True
            self.lines.append(f"Connecting to host {self._options.host}, port {self._options.port}")
            if self._options.reverse:
                self.lines.append(f"Reverse mode, remote host {self._options.host} is sending")
        else:
            self._side.add(ends)

    def _tell(self, said: Said) -> None:
        self._outbox.append(Write(self._control, said.length, said))

    def _want(self, request: Request) -> None:
        self._outbox.append(request)

    # ---- the test -------------------------------------------------------------------------

    def _told(self, said: Said, now: int) -> None:
        if said is State.PARAM_EXCHANGE:
            self._tell(self._parameters)
        elif said is State.CREATE_STREAMS:
            self._connect_streams()
        elif said is State.TEST_RUNNING:
            self._side.begin(now)
            if not self._options.size:
                self._stop_at = now + self._options.time
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

    def _connect_streams(self) -> None:
        options = self._options
        for number in range(options.streams):
            self._outbox.append(Connect(
                f"stream {number}", self._address, options.port, congestion=options.congestion,
                mss=options.mss, window=options.window,
            ))  # fmt: skip

    def _elapsed(self, now: int) -> None:
        if self._stop_at is not None and now >= self._stop_at:
            self._end_test(now)
        elif self._side.due is not None and now >= self._side.due:
            self._side.on_timer(now)
        self._set_alarm()

    def _set_alarm(self) -> None:
        if not self.finished:
            dues = [due for due in (self._stop_at, self._side.due) if due is not None]
            self._due = min(dues, default=None)

    def _end_test(self, now: int) -> None:
        self._stop_at = None

        def take(results: Results) -> None:
            self._own = results
            self._tell(State.TEST_END)

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
