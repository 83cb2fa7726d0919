"""The server of iperf3 (esnet/iperf ``src/iperf_server_api.c``): one test at a time."""

from __future__ import annotations

from overlaysim.traffic.idle import Server
from overlaysim.traffic.iperf.control import Cookie, Parameters, Results, Said, State
from overlaysim.traffic.iperf.options import IperfOptions
from overlaysim.traffic.iperf.report import DASHES
from overlaysim.traffic.iperf.side import Side
from overlaysim.traffic.iperf.summary import summary
from overlaysim.traffic.iperf.udp import HELLO, UdpEnds, UdpSide
from overlaysim.traffic.messages import Bind, DatagramIn, Event, Request, SendDatagram
from overlaysim.traffic.socket_messages import IN_USE, AddressInUse, Close, Listen, Write
from overlaysim.traffic.tcp import Closed, Established, Failed, PeerClosed, Received


class _Test:
    """What the server knows of the test that it runs."""

    def __init__(self, control: int, cookie: Cookie) -> None:
        self.control = control
        self.cookie = cookie
        self.side: Side | UdpSide | None = None
        self.own: Results | None = None


class IperfServer(Server):
    """``iperf3 -s``."""

    def __init__(self, options: IperfOptions) -> None:
        super().__init__()
        self.in_background = options.daemon
        self._options = options
        self._ends: dict[int, Established] = {}
        self._test: _Test | None = None
        self._tests = 0

    def start(self, now: int) -> None:
        """Listen."""
        self._outbox.append(Listen(self._options.port))
        self._announce()

    def _announce(self) -> None:
        self._tests += 1
        listening = f"Server listening on {self._options.port} (test #{self._tests})"
        self.lines += [DASHES, listening, DASHES]

    # ---- connections ----------------------------------------------------------------------

    def receive(self, message: Event, now: int) -> None:
        """Take connections and what they say."""
        side = self._side
        if side is not None and isinstance(message, Received) and message.contents:
            self._hear_all(message, now)  # a stream's cookie, or the control connection
        elif side is not None and side.hear(message, now):
            pass
        elif isinstance(message, DatagramIn):
            self._greeted_by_datagram(message, now)
        elif isinstance(message, Established):
            self._ends[message.connection] = message
        elif isinstance(message, Received):
            self._hear_all(message, now)
        elif isinstance(message, PeerClosed | Failed):
            self._lost(message)
        elif isinstance(message, Closed):
            self._ends.pop(message.connection, None)
        elif isinstance(message, AddressInUse):
            self._fail(
                f"iperf3: error - unable to start listener for connections: {IN_USE}",
                "iperf3: exiting",
            )
        self._set_alarm()

    @property
    def _side(self) -> Side | UdpSide | None:
        return None if self._test is None else self._test.side

    def _lost(self, message: PeerClosed | Failed) -> None:
        if isinstance(message, PeerClosed):
            self._outbox.append(Close(message.connection))
        else:
            self._ends.pop(message.connection, None)
        if self._test is not None and message.connection == self._test.control:
            self.errors.append("iperf3: the client has unexpectedly closed the connection")
            self._next()

    def _next(self) -> None:
        """The test is over, one way or the other."""
        self._test = None
        for connection in self._ends:
            self._outbox.append(Close(connection))
        if self._options.one_off:
            self._end(0)
        else:
            self._announce()

    def on_timer(self, now: int) -> None:
        """An interval is over."""
        side = self._side
        if side is not None and side.due is not None and now >= side.due:
            side.on_timer(now)
        self._set_alarm()

    def _set_alarm(self) -> None:
        side = self._side
        self._due = None if self.finished or side is None else side.due

    # ---- the test -------------------------------------------------------------------------

    def _hear_all(self, message: Received, now: int) -> None:
        for said in message.contents:
            if isinstance(said, Cookie):
                self._greeted(message.connection, said, now)
            elif self._test is not None and message.connection == self._test.control:
                self._told(self._test, said, now)

    def _greeted(self, connection: int, cookie: Cookie, now: int) -> None:
        ends, test = self._ends[connection], self._test
        if test is None:
            self._test = _Test(connection, cookie)
            self.lines.append(f"Accepted connection from {ends.remote}, port {ends.remote_port}")
            self._tell(connection, State.PARAM_EXCHANGE)
        elif test.cookie == cookie and isinstance(test.side, Side):
            test.side.add(ends)
            self._begin_if_complete(test, now)
        else:
            self._tell(connection, State.ACCESS_DENIED)
            self._outbox.append(Close(connection))

    def _greeted_by_datagram(self, hello: DatagramIn, now: int) -> None:
        """A stream of a UDP test says that it is there."""
        test, port = self._test, self._options.port
        if test is None or test.cookie != hello.content or not isinstance(test.side, UdpSide):
            return
        local = self._ends[test.control].local
        test.side.add(UdpEnds(local, port, hello.source, hello.source_port))
        self._outbox.append(
            SendDatagram(hello.source, port, hello.source_port, HELLO, content=test.cookie)
        )
        self._begin_if_complete(test, now)

    def _begin_if_complete(self, test: _Test, now: int) -> None:
        if test.side is not None and test.side.complete:
            self._tell(test.control, State.TEST_START)
            self._tell(test.control, State.TEST_RUNNING)
            test.side.begin(now)

    def _told(self, test: _Test, said: Said, now: int) -> None:
        if isinstance(said, Parameters):
            self._outbox.append(Listen(self._options.port, said.congestion, said.mss, said.window))
            if said.rate:
                self._outbox.append(Bind(self._options.port))
            make = UdpSide if said.rate else Side
            test.side = make(
                said, self._options.interval, sends=said.reverse, say=self.lines.append,
                ask=self._want,
            )  # fmt: skip
            self._tell(test.control, State.CREATE_STREAMS)
        elif said is State.TEST_END and test.side is not None:
            test.side.finish(now, lambda results: self._counted(test, results))
        elif isinstance(said, Results) and test.own is not None:
            self._tell(test.control, test.own)
            self._tell(test.control, State.DISPLAY_RESULTS)
        elif said is State.IPERF_DONE:
            self._next()

    def _want(self, request: Request) -> None:
        self._outbox.append(request)

    def _counted(self, test: _Test, results: Results) -> None:
        assert test.side is not None
        test.own = results
        self.lines += summary({"sender" if test.side.sends else "receiver": results})
        self._tell(test.control, State.EXCHANGE_RESULTS)

    def _tell(self, connection: int, said: Said) -> None:
        self._outbox.append(Write(connection, said.length, said))
