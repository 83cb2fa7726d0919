"""wget on a list: its texts, time-outs and exit statuses are busybox's."""

from __future__ import annotations

import pytest
from program_rig import SERVER, Rig, response

from overlaysim.traffic.http import HttpRequest
from overlaysim.traffic.messages import LookUp
from overlaysim.traffic.socket_messages import Close, Connect, NotOpened, Opened
from overlaysim.traffic.tcp import Failed, PeerClosed, Received
from overlaysim.traffic.wget import Wget
from overlaysim.units import SECOND

CONNECTING = f"Connecting to web ({SERVER}:80)"
BAR = "|*******************************|"


def wget(*arguments: str) -> Rig:
    return Rig(Wget(arguments))


def connected(*arguments: str) -> Rig:
    rig = wget(*arguments)
    rig.resolve()
    rig.connect()
    return rig


def test_a_file_is_fetched_and_saved() -> None:
    rig = connected("http://web/docs/page.html")
    (sent,) = rig.said
    assert isinstance(sent, HttpRequest)
    assert sent.lines == (
        "GET /docs/page.html HTTP/1.1", "Host: web", "User-Agent: Wget", "Connection: close"
    )  # fmt: skip
    head = response(2000, "text")
    rig.say(head, head.head_length)
    rig.tell(Received(1, 1500, ()), Received(1, 500, ()))
    assert rig.program.errors == [
        CONNECTING, "saving to 'page.html'",
        f"page.html            100% {BAR}  2000   0:00:00 ETA", "'page.html' saved",
    ]  # fmt: skip
    assert (rig.program.lines, rig.program.status) == ([], 0)
    assert isinstance(rig.asked[-1], Close)


def test_to_standard_output_and_quietly() -> None:
    rig = connected("-q", "-O", "-", "web")
    head = response(5, "text")
    rig.say(head, head.head_length + 5)
    assert (rig.program.lines, rig.program.errors, rig.program.status) == (["text"], [], 0)


def test_bytes_that_nobody_looks_at() -> None:
    rig = connected("-O-", "http://web:8000/bytes/1MB")
    assert rig.last(Connect).port == 8000
    head = response(10**6)
    rig.say(head, head.head_length)
    rig.tell(Received(1, 10**6, ()), now=3 * SECOND)
    assert rig.program.lines == ["(1000000 bytes)"]
    assert rig.program.errors[2] == f"-                    100% {BAR}   976k  0:00:00 ETA"


def test_a_head_that_comes_in_two_segments() -> None:
    rig = connected("-q", "http://web/")
    rig.tell(Received(1, 10, ()))
    head = response(5, "text")
    rig.say(head, head.head_length - 10)
    assert not rig.program.finished
    rig.tell(Received(1, 5, ()))
    assert rig.program.finished


def test_the_server_has_no_such_file() -> None:
    rig = connected("http://web/x")
    head = response(5, "text", status=404)
    rig.say(head, head.head_length)
    assert rig.program.errors == [
        CONNECTING, "wget: server returned error: HTTP/1.1 404 Not Found"
    ]  # fmt: skip
    assert rig.program.status == 1


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("refused", "Connection refused"), ("timed out", "Operation timed out"),
        ("no route to host", "Host is unreachable"),
    ],
)  # fmt: skip
def test_no_connection(reason: str, said: str) -> None:
    rig = wget("http://web/")
    rig.resolve()
    rig.tell(Opened("server", 1), Failed(1, reason))
    last = f"wget: can't connect to remote host ({SERVER}): {said}"
    assert rig.program.errors == [CONNECTING, last]
    assert rig.program.status == 1


def test_no_route() -> None:
    rig = wget("http://web/")
    rig.resolve()
    rig.tell(NotOpened("server"))
    assert rig.program.errors[-1].endswith(f"({SERVER}): Network unreachable")


def test_no_such_name_and_no_answer() -> None:
    rig = wget("http://web/")
    rig.resolve(None)
    assert rig.program.errors == ["wget: bad address 'web'"]
    rig = wget("http://web/")
    assert rig.asked == [LookUp("web", "A")]
    assert rig.wake() == 5 * SECOND
    assert rig.program.errors == ["wget: bad address 'web'"]


def test_an_address_needs_no_question() -> None:
    rig = wget(f"http://{SERVER}/")
    assert rig.asked == [Connect("server", SERVER, 80)]


def test_silence_from_the_last_news_on() -> None:
    rig = connected("-T", "7", "http://web/big")
    head = response(1000, "x")
    rig.say(head, head.head_length)
    rig.tell(Received(1, 400, ()), now=4 * SECOND)
    assert rig.wake() == 7 * SECOND
    assert not rig.program.finished
    assert rig.wake() == 11 * SECOND
    assert rig.program.errors[2:] == [
        "big                   40% |************                   |   400   - stalled -",
        "wget: download timed out",
    ]


def test_silence_while_connecting() -> None:
    rig = wget("-T", "3", "http://web/")
    rig.resolve()
    rig.tell(Opened("server", 1))
    assert rig.wake() == 3 * SECOND
    assert rig.program.errors[-1] == "wget: download timed out"
    endless = wget("-T", "0", "http://web/")
    endless.resolve()
    assert endless.program.next_timer() is None


@pytest.mark.parametrize(
    ("got", "end", "said"),
    [
        (0, PeerClosed(1), "wget: error getting response"),
        (0, Failed(1, "reset by peer"), "wget: error getting response: Connection reset by peer"),
        (400, PeerClosed(1), "wget: connection closed prematurely"),
        (400, Failed(1, "reset by peer"), "wget: read error: Connection reset by peer"),
    ],
)
def test_the_connection_ends_too_soon(got: int, end: PeerClosed | Failed, said: str) -> None:
    rig = connected("http://web/")
    if got:
        head = response(1000, "x")
        rig.say(head, head.head_length + got)
    rig.tell(end)
    assert (rig.program.errors[-1], rig.program.status) == (said, 1)


def test_a_spider_looks_only() -> None:
    rig = connected("--spider", "http://web/bytes/1GB")
    head = response(10**9)
    rig.say(head, head.head_length)
    assert rig.program.errors == [CONNECTING, "remote file exists"]
    assert rig.program.status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Usage: wget"),
        (("--quite", "web"), "wget: unrecognized option: quite; did you mean --quiet?"),
        (("-T", "x", "web"), "wget: invalid number 'x'"),
        (("ftp://web/",), "wget: ftp is not simulated, only http is: ftp://web/"),
        (("http://web:99999/",), "wget: not an http or ftp url: http://web:99999/"),
    ],
)
def test_wrong_arguments(arguments: tuple[str, ...], said: str) -> None:
    rig = wget(*arguments)
    assert rig.program.errors[0].startswith(said)
    assert (rig.program.status, rig.asked) == (1, [])
