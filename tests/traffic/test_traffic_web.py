"""Web servers on a list: who listens where, what they answer and log."""

from __future__ import annotations

from dataclasses import replace

import pytest
from program_rig import CLIENT, Rig, request

from overlaysim.traffic.http import HttpResponse, http_date
from overlaysim.traffic.idle import Print
from overlaysim.traffic.program import Program
from overlaysim.traffic.socket_messages import AddressInUse, Close, Listen, Write
from overlaysim.traffic.tcp import PeerClosed
from overlaysim.traffic.web import (
    APACHE,
    NGINX,
    PYTHON,
    Site,
    WebServer,
    busybox_httpd,
    python,
    respond,
    serve,
)
from overlaysim.units import SECOND


def refused(program: Program) -> list[str]:
    """What a program that could not start printed on standard error."""
    assert isinstance(program, Print)
    program.start(0)
    assert program.status
    return program.errors


def test_a_request_is_answered_and_logged() -> None:
    rig = Rig(WebServer(NGINX))
    assert rig.asked == [Listen(80)]
    rig.accept(80, 3)
    rig.tell(now=12 * SECOND)
    asked = request("/", "GET", ("User-Agent", "curl/7.88.1"))
    rig.say(asked, asked.length, number=3)
    head, body = (item for item in rig.asked if isinstance(item, Write))
    answer = head.content
    assert isinstance(answer, HttpResponse)
    assert answer.lines == (
        "HTTP/1.1 200 OK", "Server: nginx/1.27.3", "Date: Thu, 01 Jan 2026 00:00:12 GMT",
        "Content-Type: text/html", "Content-Length: 615", "Connection: keep-alive",
    )  # fmt: skip
    assert (head.length, body.length) == (answer.head_length, 615)
    assert answer.head_length == sum(len(f"{line}\r\n") for line in answer.lines) + 2
    assert rig.program.lines == [
        f'{CLIENT} - - [01/Jan/2026:00:00:12 +0000] "GET / HTTP/1.1" 200 615 "-" "curl/7.88.1"'
    ]
    rig.tell(PeerClosed(3))
    assert rig.asked[-1] == Close(3)


def test_a_head_and_an_end_that_was_asked_for() -> None:
    rig = Rig(WebServer(APACHE))
    rig.accept(80)
    rig.say(request("/", "HEAD"), 50)
    assert [item.length for item in rig.asked if isinstance(item, Write)] == [
        respond(APACHE, request("/"), 0).head_length
    ]
    rig.say(request("/", "GET", ("Connection", "close")), 50)
    assert rig.asked[-1] == Close(1)


def test_http_1_0_closes_behind_each_response() -> None:
    rig = Rig(WebServer(PYTHON))
    assert rig.asked == [Listen(8000)]
    rig.accept(8000)
    rig.say(request(), 50)
    assert rig.asked[-1] == Close(1)


@pytest.mark.parametrize(
    ("target", "status", "length"),
    [
        ("/", 200, 615), ("/?q=1", 200, 615), ("/index.html", 200, 615),
        ("/bytes/10MB", 200, 10**7), ("/bytes/1.5KiB", 200, 1536), ("/bytes/0B", 200, 0),
        ("/nothing", 404, 49),
    ],
)  # fmt: skip
def test_what_lies_where(target: str, status: int, length: int) -> None:
    answer = respond(NGINX, request(target), 0)
    assert (answer.status, answer.length) == (status, length)


def test_a_size_that_is_none_is_explained() -> None:
    answer = respond(NGINX, request("/bytes/10XB"), 0)
    assert (answer.status, answer.reason) == (400, "Bad Request")
    assert "10XB" in answer.shown[0]


def test_the_python_page_is_as_long_as_it_says() -> None:
    for site in (PYTHON, APACHE):
        assert site.page is not None
        assert site.length >= sum(len(line) + 1 for line in site.page)
    assert APACHE.length == 45
    assert NGINX.length == 615


def test_the_plain_server_tells_its_host_name() -> None:
    rig = Rig(serve([], "abc123"))
    assert rig.asked == [Listen(80)]
    rig.accept(80)
    rig.say(request(), 50)
    (answer,) = rig.said
    assert isinstance(answer, HttpResponse)
    assert answer.shown == ("Hostname: abc123",)
    rig = Rig(serve(["-p", "8080", "-s", "20kB"], "abc123"))
    assert rig.asked == [Listen(8080)]
    rig.accept(8080)
    rig.say(request(), 50)
    assert rig.asked[-1] == Write(1, 20_000)


def test_other_command_lines() -> None:
    assert Rig(python(["-m", "http.server", "9000"])).asked == [Listen(9000)]
    foreground, background = busybox_httpd(["-f", "-p", "81"]), busybox_httpd(["-p", "0.0.0.0:82"])
    assert (foreground.in_background, background.in_background) == (False, True)
    assert Rig(foreground).asked == [Listen(81)]
    assert Rig(background).asked == [Listen(82)]
    assert refused(python(["-c", "1"])) == [
        "python3: only `python3 -m http.server [PORT]` is simulated"
    ]
    assert refused(python(["-m", "http.server", "x"])) == ["python3: invalid number 'x'"]
    assert refused(busybox_httpd(["-p", "70000"]))[0].startswith("httpd: number 70000 is not in")
    assert refused(serve(["x"], "h"))[0].startswith("Usage: serve")
    assert '"20"' in refused(serve(["-s", "20"], "h"))[0]


@pytest.mark.parametrize(
    ("site", "said"),
    [
        (NGINX, "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address in use)"),
        (replace(PYTHON, port=80), "OSError: [Errno 98] Address in use"),
    ],
)
def test_a_port_that_is_taken(site: Site, said: str) -> None:
    rig = Rig(WebServer(site))
    rig.tell(AddressInUse(80))
    assert (rig.program.errors, rig.program.status) == ([said], 1)


def test_dates_of_http() -> None:
    assert http_date(86_400 * 31 * SECOND) == "Sun, 01 Feb 2026 00:00:00 GMT"
