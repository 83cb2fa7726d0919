"""curl on a list: its texts and exit statuses are those of a real 7.88."""

from __future__ import annotations

import pytest
from program_rig import CLIENT, SERVER, Rig, response

from overlaysim.traffic.curl import Curl
from overlaysim.traffic.socket_messages import Close, Connect, NotOpened, Opened
from overlaysim.traffic.tcp import Failed, PeerClosed, Received
from overlaysim.units import MS, SECOND


def curl(*arguments: str) -> Rig:
    return Rig(Curl(arguments))


def connected(*arguments: str) -> Rig:
    rig = curl(*arguments)
    rig.resolve()
    rig.connect()
    return rig


def test_a_page_is_printed() -> None:
    rig = connected("http://web/")
    head = response(11, "hello", "world")
    rig.say(head, head.head_length + 11)
    assert (rig.program.lines, rig.program.errors) == (["hello", "world"], [])
    assert rig.program.status == 0
    assert isinstance(rig.asked[-1], Close)


def test_verbosely() -> None:
    rig = connected("-v", "-A", "me", "http://web:8080/x?y")
    head = response(3, "hi")
    rig.say(head, head.head_length + 3)
    assert rig.program.errors == [
        f"*   Trying {SERVER}:8080...", f"* Connected to web ({SERVER}) port 8080 (#0)",
        "> GET /x?y HTTP/1.1", "> Host: web:8080", "> User-Agent: me", "> Accept: */*", "> ",
        "< HTTP/1.1 200 OK", "< Content-Length: 3", "< ",
        "* Connection #0 to host web left intact",
    ]  # fmt: skip


def test_the_head_alone() -> None:
    rig = connected("-I", "http://web/bytes/1GB")
    head = response(10**9)
    rig.say(head, head.head_length)
    assert rig.program.lines == ["HTTP/1.1 200 OK", "Content-Length: 1000000000", ""]
    assert rig.program.finished


def test_the_meter_and_what_is_written_out() -> None:
    form = r"%{http_code} %{size_download} %{speed_download} %{time_total} %{local_ip} 100%%\n"
    rig = connected("-o", "x", "-w", form, "http://web/")
    head = response(2378)
    rig.tell(Received(1, head.head_length + 2378, (head,)), now=2 * MS)
    assert rig.program.errors == [
        "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current",
        "                                 Dload  Upload   Total   Spent    Left  Speed",
        "100  2378  100  2378    0     0  1161k      0 --:--:-- --:--:-- --:--:-- 1161k",
    ]
    assert rig.program.lines == [f"200 2378 1189000 0.002000 {CLIENT} 100%"]


@pytest.mark.parametrize(
    ("number", "shown"),
    [(99_999, "99999"), (100_000, "  97k"), (10**7, "9765k"), (10**8, "95.3M"), (10**10, "9536M"),
     (2 * 10**10, "18.6G")],
)  # fmt: skip
def test_numbers_of_the_meter(number: int, shown: str) -> None:
    rig = connected("-o", "x", "http://web/")
    head = response(number)
    rig.tell(Received(1, head.head_length + number, (head,)), now=1000 * SECOND)
    assert rig.program.errors[2].startswith(f"100 {shown}  100 {shown} ")


def test_errors_of_http() -> None:
    error = "curl: (22) The requested URL returned error: 404"
    for arguments, status, said in (((), 0, []), (("-f",), 22, [error])):
        rig = connected(*arguments, "http://web/x")
        head = response(4, "no", status=404)
        rig.say(head, head.head_length + 4)
        assert (rig.program.status, rig.program.errors) == (status, said)


@pytest.mark.parametrize(
    ("reason", "status"), [("refused", 7), ("no route to host", 7), ("timed out", 28)]
)
def test_no_connection(reason: str, status: int) -> None:
    rig = curl("http://web/")
    rig.resolve()
    rig.tell(Opened("server", 1))
    rig.tell(Failed(1, reason), now=5 * MS)
    assert rig.program.errors == [
        f"curl: ({status}) Failed to connect to web port 80 after 5 ms: Couldn't connect to server"
    ]
    assert rig.program.status == status


def test_no_route_and_no_name() -> None:
    rig = curl("http://web/")
    rig.resolve()
    rig.tell(NotOpened("server"))
    assert rig.program.status == 7
    rig = curl("http://web/")
    rig.resolve(None)
    assert rig.program.errors == ["curl: (6) Could not resolve host: web"]
    assert rig.program.status == 6


@pytest.mark.parametrize(
    ("got", "end", "status", "said"),
    [
        (0, PeerClosed(1), 52, "Empty reply from server"),
        (100, PeerClosed(1), 18, "transfer closed with 900 bytes remaining to read"),
        (100, Failed(1, "reset by peer"), 56, "Recv failure: Connection reset by peer"),
    ],
)
def test_the_connection_ends_too_soon(
    got: int, end: PeerClosed | Failed, status: int, said: str
) -> None:
    rig = connected("http://web/")
    if got:
        head = response(1000)
        rig.say(head, head.head_length + got)
    rig.tell(end)
    assert rig.program.errors == [f"curl: ({status}) {said}"]


def test_time_limits() -> None:
    rig = curl("--connect-timeout", "1.5", "-m", "3", "http://web/")
    rig.resolve()
    rig.tell(Opened("server", 1))
    assert rig.wake() == 1500 * MS
    assert rig.program.errors == [
        "curl: (28) Failed to connect to web port 80 after 1500 ms: Timeout was reached"
    ]
    rig = connected("-m", "3", "http://web/")
    assert rig.wake() == 3 * SECOND
    assert rig.program.errors == [
        "curl: (28) Operation timed out after 3000 milliseconds with 0 bytes received"
    ]
    rig = connected("-sSm3", "http://web/")
    head = response(1000)
    rig.say(head, head.head_length + 100)
    rig.wake()
    assert rig.program.errors == [
        "curl: (28) Operation timed out after 3000 milliseconds with 100 out of 1000 bytes received"
    ]
    rig = curl("-m", "3", "http://web/")
    assert rig.wake() == 3 * SECOND
    assert rig.program.errors == ["curl: (28) Resolving timed out after 3000 milliseconds"]


def test_silently() -> None:
    rig = curl("-s", "http://web/")
    rig.resolve(None)
    assert (rig.program.errors, rig.program.status) == ([], 6)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "curl: try 'curl --help' or 'curl --manual' for more information"),
        (("--hed", "web"), 2, "curl: option --hed: is unknown; did you mean --head?"),
        (("-q", "web"), 2, "curl: option -q: is unknown"),
        (("-m", "x", "web"), 2, "curl: option -m: expected a proper numerical parameter"),
        (("web", "-w"), 2, "curl: option -w: requires parameter"),
        (("http://",), 3, "curl: (3) URL using bad/illegal format or missing URL"),
        (("gopher://web",), 1, 'curl: (1) Protocol "gopher" not supported or disabled in libcurl'),
    ],
)
def test_wrong_arguments(arguments: tuple[str, ...], status: int, said: str) -> None:
    rig = curl(*arguments)
    assert (rig.program.errors[0], rig.program.status) == (said, status)
    assert not [item for item in rig.asked if isinstance(item, Connect)]
