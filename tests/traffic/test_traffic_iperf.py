"""iperf3: client and server joined by pipes, so that each line can be calculated."""

from __future__ import annotations

import pytest
from program_rig import Rig

from overlaysim.traffic.idle import Print
from overlaysim.traffic.iperf import iperf3
from overlaysim.traffic.iperf.control import Cookie, Parameters, Results, State
from overlaysim.traffic.iperf.report import Span
from overlaysim.traffic.iperf.udp import Numbered
from overlaysim.traffic.messages import Bind, DatagramIn, Event, SendDatagram
from overlaysim.traffic.program import Program
from overlaysim.traffic.socket_messages import (
    AddressInUse,
    Close,
    Connect,
    Inspect,
    Inspected,
    Listen,
    Opened,
    Write,
)
from overlaysim.traffic.tcp import (
    Acknowledged,
    Established,
    Failed,
    PeerClosed,
    Received,
    TcpInfo,
)
from overlaysim.units import MS, SECOND

SERVER, CLIENT = "10.0.1.2", "10.0.1.4"
RATE = 8_000_000  # bit/s of each stream
DELAY = 10 * MS
INFO = TcpInfo("ESTABLISHED", 10.0, None, None, 0, 0, 1000, 3, 0, 0, 0)


class Pipes:
    """Two programs, joined by connections that carry RATE each way and take DELAY.

    What one writes is acknowledged, at once and whole, when it has left; that is enough for
    programs that look at what waits to be sent.
    """

    def __init__(self, server: Program, client: Program) -> None:
        self.now = 0
        self.lost_every = 10**9
        self._programs = (server, client)
        self._queue: list[tuple[int, int, int, Event]] = []
        self._count = 0
        self._free: dict[tuple[int, int], int] = {}
        self._connections = 0
        for side in (0, 1):
            self._programs[side].start(0)
            self._carry(side)

    def run(self, until: int) -> None:
        while True:
            alarms = [(p.next_timer(), side) for side, p in enumerate(self._programs)]
            dues = [(due, side) for due, side in alarms if due is not None]
            first = min(dues, default=(until + 1, 0))
            self._queue.sort(key=lambda item: item[:2])
            if self._queue and self._queue[0][0] <= min(first[0], until):
                self.now, _, side, event = self._queue.pop(0)
                self._tell(side, event)
            elif first[0] <= until:
                self.now, side = first
                self._programs[side].on_timer(self.now)
                self._carry(side)
            else:
                return

    def _tell(self, side: int, event: Event) -> None:
        self._programs[side].receive(event, self.now)
        self._carry(side)

    def _later(self, at: int, side: int, event: Event) -> None:
        self._count += 1
        self._queue.append((at, self._count, side, event))

    def _carry(self, side: int) -> None:
        while items := self._programs[side].take_outbox():
            for item in items:
                self._do(side, item)

    def _do(self, side: int, item: object) -> None:
        if isinstance(item, Connect):
            self._connections += 1
            number, port = self._connections, 40_000 + self._connections
            self._tell(side, Opened(item.tag, number))
            ends = (
                (SERVER, item.port, CLIENT, port, True),
                (CLIENT, port, SERVER, item.port, False),
            )
            self._later(self.now + DELAY, 0, Established(number, *ends[0]))
            self._later(self.now + 2 * DELAY, 1, Established(number, *ends[1]))
        elif isinstance(item, Write):
            key = (item.connection, side)
            left = max(self.now, self._free.get(key, 0)) + item.length * 8 * SECOND // RATE
            self._free[key] = left
            contents = () if item.content is None else (item.content,)
            self._later(left, side, Acknowledged(item.connection, item.length, 0))
            self._later(left + DELAY, 1 - side, Received(item.connection, item.length, contents))
        elif isinstance(item, Close):
            key = (item.connection, side)
            left = max(self.now, self._free.get(key, 0))
            self._later(left + DELAY, 1 - side, PeerClosed(item.connection))
        elif isinstance(item, SendDatagram):
            number = item.content.number if isinstance(item.content, Numbered) else 0
            if not number or number % self.lost_every:
                source = (SERVER, CLIENT)[side]
                late = MS if number % 2 else 0
                self._later(self.now + DELAY + late, 1 - side, DatagramIn(
                    source, item.source_port, item.destination_port, item.size, item.content
                ))  # fmt: skip
        elif isinstance(item, Inspect):
            self._tell(side, Inspected(item.connection, INFO))
        else:
            assert isinstance(item, Listen | Bind)


def pair(words: str, server: str = "-s") -> tuple[Pipes, Program, Program]:
    there = iperf3(server.split(), "")
    here = iperf3(["-c", SERVER, *words.split()], "cookie")
    return Pipes(there, here), there, here


def test_a_test_of_two_seconds() -> None:
    pipes, server, client = pair("-t 2")
    pipes.run(10 * SECOND)
    assert client.finished
    lines = client.lines
    assert lines[:2] == [
        f"Connecting to host {SERVER}, port 5201",
        f"[  5] local {CLIENT} port 40002 connected to {SERVER} port 5201",
    ]
    # 8 Mbit/s are 0.95 MBytes (of 1024 * 1024) a second; the sender is a block or two ahead.
    assert lines[2:6] == [
        "[ ID] Interval           Transfer     Bitrate         Retr  Cwnd",
        "[  5]   0.00-1.00   sec  1.00 MBytes  8.39 Mbits/sec    3   9.77 KBytes       ",
        "[  5]   1.00-2.00   sec  1.00 MBytes  8.39 Mbits/sec    0   9.77 KBytes       ",
        "- - - - - - - - - - - - - - - - - - - - - - - - -",
    ]
    assert lines[6] == "[ ID] Interval           Transfer     Bitrate         Retr"
    assert (
        lines[7] == "[  5]   0.00-2.00   sec  2.00 MBytes  8.39 Mbits/sec    3             sender"
    )
    assert lines[8].endswith("                  receiver")
    assert lines[9:] == ["", "iperf Done."]
    head = "-----------------------------------------------------------"
    assert server.lines[:5] == [
        head, "Server listening on 5201 (test #1)", head,
        f"Accepted connection from {CLIENT}, port 40001",
        f"[  5] local {SERVER} port 5201 connected to {CLIENT} port 40002",
    ]  # fmt: skip
    assert server.lines[-3:] == [head, "Server listening on 5201 (test #2)", head]
    assert server.lines[-4] == lines[8]  # both print what the server has counted


def test_so_many_bytes() -> None:
    pipes, _, client = pair("-n 500K -i 0")
    pipes.run(10 * SECOND)
    sender = next(line for line in client.lines if line.endswith("sender"))
    assert " 500 KBytes " in sender
    assert client.finished


def test_the_server_sends() -> None:
    pipes, server, client = pair("-R -t 1")
    pipes.run(10 * SECOND)
    assert client.lines[1] == f"Reverse mode, remote host {SERVER} is sending"
    assert "Retr" in server.lines[5]
    assert server.lines[-4].endswith("sender")
    received = next(line for line in client.lines if line.endswith("receiver"))
    assert " 896 KBytes " in received  # a block of 128 KB takes 131 ms: seven have come
    assert client.finished


def test_streams_side_by_side() -> None:
    pipes, _, client = pair("-P 2 -t 1 -i 0.5")
    pipes.run(10 * SECOND)
    spans = [line for line in client.lines if "-0.50 " in line or "-1.00 " in line]
    assert [line.partition("]")[0] for line in spans[:6]] == ["[  5", "[  7", "[SUM"] * 2
    assert sum(line.startswith("- - -") for line in client.lines) == 2
    assert sum("sender" in line for line in client.lines) == 3


def test_datagrams() -> None:
    """1000 bytes at 800 kbit/s: one every 10 ms; every tenth is lost, every second comes late."""
    pipes, server, client = pair("-u -b 800K -t 2")
    pipes.lost_every = 10
    pipes.run(10 * SECOND)
    assert client.finished
    assert client.lines[2:4] == [
        "[ ID] Interval           Transfer     Bitrate         Total Datagrams",
        "[  5]   0.00-1.00   sec  97.7 KBytes   800 Kbits/sec  100  ",
    ]
    head = "[ ID] Interval           Transfer     Bitrate         Jitter    Lost/Total Datagrams"
    assert client.lines[6] == head
    assert client.lines[7] == (
        "[  5]   0.00-2.00   sec   195 KBytes   800 Kbits/sec  0.000 ms  0/200 (0%)  sender"
    )
    told = client.lines[8].split("  ")
    assert told[-2] == "19/199 (9.5%)"  # the last one is lost, which nobody knows
    assert float(told[-3].removesuffix(" ms")) == pytest.approx(0.9, abs=0.15)
    assert server.lines[-4] == client.lines[8]


def test_datagrams_the_other_way_and_a_hello_in_vain() -> None:
    pipes, server, client = pair("-u -b 800K -n 50000 -R -P 2")
    pipes.run(10 * SECOND)
    assert client.finished
    assert sum(line.endswith("receiver") for line in client.lines) == 3
    assert server.lines[-4].startswith("[SUM]")
    rig = Rig(iperf3(["-c", SERVER, "-u"], "x"))
    rig.connect()
    rig.tell(Inspected(1, INFO))
    rig.say(State.CREATE_STREAMS, 1)
    assert rig.last(SendDatagram).size == 4
    rig.say(State.TEST_RUNNING, 1)  # the server has heard it; its answer is what got lost
    assert rig.wake() == 30 * SECOND
    assert rig.program.errors == [
        "iperf3: error - unable to read from stream socket: Resource temporarily unavailable"
    ]


def test_one_test_at_a_time() -> None:
    rig = Rig(iperf3(["-s"], ""))
    rig.accept(5201, 1)
    rig.say(Cookie("one"), 37, 1)
    rig.accept(5201, 2)
    rig.say(Cookie("two"), 37, 2)
    assert rig.asked[-1] == Close(2)
    refusal = iperf3(["-c", SERVER], "two")
    other = Rig(refusal)
    other.connect()
    other.say(rig.said[-1], 1)
    assert refusal.errors == ["iperf3: error - the server is busy running a test. try again later"]


def test_a_server_for_one_test() -> None:
    pipes, server, _ = pair("-t 1", "-s -1")
    pipes.run(10 * SECOND)
    assert (server.finished, server.status) == (True, 0)
    assert iperf3(["-s", "-D"], "").in_background


def test_the_client_goes_in_the_middle() -> None:
    rig = Rig(iperf3(["-s"], ""))
    rig.accept(5201, 1)
    rig.say(Cookie("one"), 37, 1)
    rig.tell(PeerClosed(1))
    assert rig.program.errors == ["iperf3: the client has unexpectedly closed the connection"]
    assert "Server listening on 5201 (test #2)" in rig.program.lines


UNABLE = (
    "iperf3: error - unable to connect to server - server may have stopped running or use a "
    "different port, firewall issue, etc.: "
)


def test_what_can_go_wrong() -> None:
    rig = Rig(iperf3(["-c", SERVER], "x"))
    rig.tell(Opened("control", 1), Failed(1, "refused"))
    assert rig.program.errors == [f"{UNABLE}Connection refused"]
    rig = Rig(iperf3(["-c", "perf"], "x"))
    rig.resolve(None)
    assert rig.program.errors == [f"{UNABLE}Name does not resolve"]
    rig = Rig(iperf3(["-c", SERVER], "x"))
    rig.connect()
    rig.tell(PeerClosed(1))
    assert rig.program.errors == ["iperf3: error - control socket has closed unexpectedly"]
    rig = Rig(iperf3(["-s"], ""))
    rig.tell(AddressInUse(5201))
    assert rig.program.errors[0].endswith(
        "unable to start listener for connections: Address in use"
    )


def test_a_window_bounds_what_is_not_acknowledged() -> None:
    rig = Rig(iperf3(["-c", SERVER, "-w", "64K", "-l", "16K"], "x"))
    rig.connect()
    rig.tell(Inspected(1, INFO))
    parameters = Parameters(10 * SECOND, 0, 16 * 1024, 1, False, 64 * 1024, None, "")
    rig.say(State.PARAM_EXCHANGE, 1)
    assert rig.said[-1] == parameters
    rig.say(State.CREATE_STREAMS, 1)
    assert rig.last(Connect).window == 64 * 1024
    rig.connect(2)
    rig.say(State.TEST_RUNNING, 1)

    def sent() -> int:
        return sum(w.length for w in rig.asked if isinstance(w, Write) and w.content is None)

    assert sent() == 64 * 1024
    rig.tell(Acknowledged(2, 10_000, 0))
    assert sent() == 64 * 1024 + 10_000


def test_lengths_on_the_control_connection() -> None:
    assert Cookie("x").length == 37
    plain = Parameters(10 * SECOND, 0, 131_072, 1, False, None, None, "")
    assert plain.length == 4 + len(
        '{"tcp":true,"omit":0,"time":10,"num":0,"blockcount":0,"parallel":1,"len":131072,'
        '"pacing_timer":1000,"client_version":"3.12"}'
    )
    one, two = (Results(SECOND, (1,) * n, (0,) * n).length for n in (1, 2))
    assert two > one


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0.00 Bytes  0.00 bits/sec"), (1023, "1023 Bytes  8.18 Kbits/sec"),
        (1024, "1.00 KBytes  8.19 Kbits/sec"), (10_188_000, "9.72 MBytes  81.5 Mbits/sec"),
        (117_700_000, " 112 MBytes   942 Mbits/sec"), (12 * 2**30, "12.0 GBytes   103 Gbits/sec"),
    ],
)  # fmt: skip
def test_numbers_with_three_digits(size: int, shown: str) -> None:
    line = Span("[  5]", 0, SECOND, size).line("receiver")
    assert line == f"[  5]   0.00-1.00   sec  {shown}                  receiver"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "iperf3: parameter error - must either be a client (-c) or server (-s)"),
        ("-s -c x", "iperf3: parameter error - cannot be both server and client"),
        ("-s -t 5", "iperf3: parameter error - some option you are trying to set is client only"),
        ("-c x -D", "iperf3: parameter error - some option you are trying to set is server only"),
        ("-c x -t 5 -n 1M", "iperf3: parameter error - only one test end condition"),
        ("-c x -t 0", "iperf3: parameter error - test duration valid values are"),
        ("-c x -P 200", "iperf3: parameter error - number of parallel streams too large"),
        ("-c x -i 0.01", "iperf3: parameter error - invalid report interval"),
        ("-c x -C vegas", "iperf3: unable to set TCP_CONGESTION: "),
        ("-c x -n many", "iperf3: invalid number 'many'"),
        ("-c x -J", "iperf3: -J: JSON output is not simulated"),
        ("-c x -b 5M", "iperf3: -b: a target bitrate is simulated for UDP only"),
        ("-c x -u -b fast", "iperf3: invalid rate 'fast'"),
        ("-c x --revers", "iperf3: unrecognized option: revers; did you mean --reverse?"),
        ("-c x -p 0", "iperf3: port 0"),
    ],
)
def test_wrong_arguments(words: str, said: str) -> None:
    program = iperf3(words.split(), "")
    assert isinstance(program, Print)
    program.start(0)
    assert program.errors[0].startswith(said)
    assert program.status == 1
