"""nc on a list: both its sides, with busybox's texts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from program_rig import CLIENT, SERVER, Rig, request, response

from overlaysim.traffic.netcat import Netcat, Text
from overlaysim.traffic.socket_messages import (
    AddressInUse,
    Close,
    Connect,
    Listen,
    NotOpened,
    Opened,
    StopListening,
    Write,
)
from overlaysim.traffic.tcp import Failed, PeerClosed
from overlaysim.units import SECOND


def echo(command: Sequence[str]) -> tuple[str, ...]:
    return (" ".join(command[1:]),)


def nc(words: str) -> Rig:
    return Rig(Netcat(words.split(), echo))


def connected(words: str) -> Rig:
    rig = nc(words)
    rig.resolve()
    rig.connect()
    return rig


def test_a_scan_finds_an_open_port() -> None:
    rig = connected("-zv web 80")
    assert rig.program.errors == [f"web ({SERVER}:80) open"]
    assert (rig.program.status, rig.asked[-1]) == (0, Close(1))


@pytest.mark.parametrize(
    ("flags", "reason", "said"),
    [
        ("-z", "timed out", []), ("-zv", "refused", []),
        ("-zvv", "refused", ["Connection refused"]), ("-v", "timed out", ["Operation timed out"]),
        ("-v", "host unreachable", ["Host is unreachable"]),
    ],
)  # fmt: skip
def test_a_port_that_is_not_open(flags: str, reason: str, said: list[str]) -> None:
    rig = nc(f"{flags} web 81")
    rig.resolve()
    rig.tell(Opened("peer", 1), Failed(1, reason))
    spoken = [line for line in rig.program.errors if not line.startswith("sent ")]
    assert spoken == [f"nc: web ({SERVER}:81): {text}" for text in said]
    assert rig.program.status == 1


def test_no_route_no_name_no_patience() -> None:
    rig = nc("-v web 81")
    rig.resolve()
    rig.tell(NotOpened("peer"))
    assert rig.program.errors == [f"nc: web ({SERVER}:81): Network unreachable"]
    rig = nc("web 81")
    rig.resolve(None)
    assert rig.program.errors == ["nc: bad address 'web'"]
    rig = nc(f"-v -w 3 {SERVER} 81")
    rig.tell(Opened("peer", 1))
    assert rig.wake() == 3 * SECOND
    assert rig.program.errors == [f"nc: {SERVER} ({SERVER}:81): Operation timed out"]


def test_nothing_is_typed_and_it_ends_with_the_peer() -> None:
    rig = connected("-vv web 80")
    assert rig.asked[-1] == Close(1)
    head = response(4, "x")
    rig.say(head, head.head_length)
    assert not rig.program.finished
    rig.tell(PeerClosed(1))
    assert rig.program.lines == list(head.lines)
    assert rig.program.errors[-1] == f"sent 0, rcvd {head.head_length}"
    assert rig.program.status == 0


def test_a_reset_ends_it_as_well() -> None:
    rig = connected("-vv web 80")
    rig.tell(Failed(1, "reset by peer"))
    assert "nc: net read: Connection reset by peer" in rig.program.errors
    assert rig.program.status == 0


def test_what_a_program_prints_is_sent() -> None:
    rig = connected("web 80 -e echo hello world")
    text = Text(("hello world",))
    assert rig.asked[-2:] == [Write(1, 12, text), Close(1)]


@pytest.mark.parametrize("words", ["-l -p 99", "-lp99", "-l 99"])
def test_a_listener_takes_one_connection(words: str) -> None:
    rig = nc(words)
    assert rig.asked == [Listen(99)]
    rig.accept(99, 7)
    assert rig.asked[1:] == [StopListening(99), Close(7)]
    rig.say(Text(("one", "two")), 8, number=7)
    rig.tell(PeerClosed(7))
    assert (rig.program.lines, rig.program.errors) == (["one", "two"], [])
    assert rig.program.status == 0


def test_a_listener_shows_what_a_browser_asks() -> None:
    rig = nc("-l -p 80 -v")
    rig.accept(80)
    asked = request("/x")
    rig.say(asked, asked.length)
    assert rig.program.lines == ["GET /x HTTP/1.1", "Host: web"]
    assert rig.program.errors == [
        "listening on 0.0.0.0:80 ...",
        f"connect to {SERVER}:80 from {CLIENT} ({CLIENT}:40000)",
    ]


def test_a_persistent_listener() -> None:
    rig = nc("-lk -p 99")
    for number in (1, 2):
        rig.accept(99, number)
        rig.tell(PeerClosed(number))
    assert not rig.program.finished
    assert StopListening(99) not in rig.asked
    rig.program.stop(0)
    assert (rig.program.status, rig.program.errors) == (130, ["punt!"])


def test_a_listener_in_vain() -> None:
    rig = nc("-l -p 99 -w 2")
    assert rig.wake() == 2 * SECOND
    assert (rig.program.errors, rig.program.status) == (["nc: timeout"], 1)
    rig = nc("-l -p 99")
    rig.tell(AddressInUse(99))
    assert rig.program.errors == ["nc: bind: Address in use"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Usage: nc"), ("web", "Usage: nc"), ("-l", "Usage: nc"), ("-l -p 1 2 3", "Usage: nc"),
        ("web 0", "nc: bad port '0'"), ("-l -p http", "nc: bad local port 'http'"),
        ("-u web 53", "nc: -u is not simulated: only TCP is"), ("-y", "nc: invalid option -- 'y'"),
    ],
)  # fmt: skip
def test_wrong_arguments(words: str, said: str) -> None:
    rig = nc(words)
    assert rig.program.errors[0].startswith(said)
    assert rig.program.status == 1
    assert not [item for item in rig.asked if isinstance(item, Connect | Listen)]
