"""tracepath: what it prints, in what order it probes, when it gives up.

The texts were compared with a real tracepath (iputils 20221126) in network namespaces with bridges
and VXLAN devices set up as Docker does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from overlaysim.traffic.messages import (
    FragmentationNeeded,
    HostUnreachable,
    LookUp,
    PortUnreachable,
    Resolved,
    SendDatagram,
    TimeExceeded,
    TooBig,
)
from overlaysim.traffic.tracepath import USAGE, Tracepath
from overlaysim.units import MS, SECOND, US
from overlaysim.wire.dns import Record

ADDRESS = "10.0.1.2"
NAMES = {ADDRESS: "web.app-overlay"}
COLUMN = f"{ADDRESS:<52}"
Answers = Callable[[SendDatagram], list[tuple[int, Any]]]


def reached(probe: SendDatagram) -> list[tuple[int, Any]]:
    return [(205 * US, PortUnreachable(probe.destination, probe.destination_port))]


class Path:
    """A first link and a path behind it; a black hole tells nobody what it carries."""

    def __init__(self, link: int = 1450, path: int = 9000, *, hole: bool = False) -> None:
        self.known, self.path, self.hole = link, path, hole

    def __call__(self, probe: SendDatagram) -> list[tuple[int, Any]]:
        assert probe.dont_fragment is True
        length = probe.size + 28
        if length > self.known:
            return [(0, TooBig(self.known))]
        if length <= self.path:
            return reached(probe)
        if self.hole:
            return []
        self.known = self.path
        return [(60 * US, FragmentationNeeded(ADDRESS, self.path, probe.destination_port))]


def run(words: str, answers: Answers) -> tuple[Tracepath, int, list[SendDatagram]]:
    """Run it against a path that is a function; returns it, its end and its probes."""
    program = Tracepath(words.split(), 40_000)
    now = 0
    coming: list[tuple[int, int, Any]] = []
    probes: list[SendDatagram] = []
    program.start(now)
    while True:
        for item in program.take_outbox():
            if isinstance(item, LookUp):
                coming.append((now + 200 * US, len(coming), resolve(item)))
            else:
                assert isinstance(item, SendDatagram)
                probes.append(item)
                coming += [(now + delay, len(coming), answer) for delay, answer in answers(item)]
        if program.finished:
            return program, now, probes
        coming.sort(key=lambda entry: entry[:2])
        due = program.next_timer()
        if coming and (due is None or coming[0][0] <= due):
            now, _, message = coming.pop(0)
            program.receive(message, now)
        else:
            assert due is not None
            now = due
            program.on_timer(now)


def resolve(question: LookUp) -> Resolved:
    if question.qtype == "A":
        found = [Record(question.name, "A", 600, ADDRESS)] if question.name == "web" else []
    else:
        address = ".".join(reversed(question.name.split(".")[:4]))
        name = NAMES.get(address)
        found = [Record(question.name, "PTR", 600, name)] if name else []
    return Resolved(question.name, question.qtype, "NOERROR" if found else "NXDOMAIN", tuple(found))


def test_a_path_that_carries_what_the_first_link_does() -> None:
    program, _, probes = run(f"-n {ADDRESS}", Path())
    assert program.lines == [
        " 1?: [LOCALHOST]                      pmtu 1450",
        f" 1:  {COLUMN}  0.205ms reached",
        f" 1:  {COLUMN}  0.205ms reached",  # the path MTU had changed, so it made sure
        "     Resume: pmtu 1450 hops 1 back 1",
    ]
    assert program.status == 0
    assert [(probe.size, probe.ttl, probe.destination_port) for probe in probes] == [
        (65_507, 1, 44_444), (1422, 1, 44_444), (1422, 1, 44_445),
    ]  # fmt: skip


def test_a_path_that_carries_less_and_says_so() -> None:
    program, _, probes = run(f"-n {ADDRESS}", Path(1450, 1400))
    assert program.lines == [
        " 1?: [LOCALHOST]                      pmtu 1450",
        f" 1:  {COLUMN}  0.060ms pmtu 1400",
        f" 1:  {COLUMN}  0.205ms reached",
        "     Resume: pmtu 1400 hops 1 back 1",
    ]
    assert [probe.size for probe in probes] == [65_507, 1422, 1372]


def test_a_router_on_the_way_is_a_hop() -> None:
    gateway = "172.18.0.1"

    def answers(probe: SendDatagram) -> list[tuple[int, Any]]:
        if probe.ttl == 1:
            return [(40 * US, TimeExceeded(gateway, probe.destination_port))]
        return [(205 * US, PortUnreachable(probe.destination, probe.destination_port, 63))]

    program, _, probes = run(f"-n -l 1000 {ADDRESS}", answers)
    assert program.lines == [
        f" 1:  {gateway:<52}  0.040ms ",
        f" 2:  {COLUMN}  0.205ms reached",
        "     Resume: pmtu 1000 hops 2 back 2",
    ]
    assert [probe.ttl for probe in probes] == [1, 2]


def test_names_are_looked_up() -> None:
    program, _, _ = run("web", Path())
    assert program.lines[1] == f" 1:  {'web.app-overlay':<52}  0.205ms reached"
    program, _, _ = run("-b web", Path())
    assert program.lines[1] == f" 1:  {'web.app-overlay (10.0.1.2)':<52}  0.205ms reached"
    NAMES.pop(ADDRESS)
    try:
        program, _, _ = run("web", Path())
        assert program.lines[1] == f" 1:  {COLUMN}  0.205ms reached"
    finally:
        NAMES[ADDRESS] = "web.app-overlay"


def test_a_length_and_a_port_of_ones_own() -> None:
    program, _, probes = run(f"-n -l 1000 -p 9000 {ADDRESS}", Path())
    assert program.lines == [
        f" 1:  {COLUMN}  0.205ms reached",
        "     Resume: pmtu 1000 hops 1 back 1",
    ]
    assert [(probe.size, probe.destination_port) for probe in probes] == [(972, 9000)]
    assert run(f"-n -l 1000 {ADDRESS}/9000", Path())[2][0].destination_port == 9000


def test_in_a_black_hole_it_gives_up_hop_by_hop() -> None:
    program, end, probes = run(f"-n {ADDRESS}", Path(1450, 1400, hole=True))
    assert program.lines == [
        " 1?: [LOCALHOST]                      pmtu 1450",
        *(f"{hop:2}:  no reply" for hop in range(1, 31)),
        "     Too many hops: pmtu 1450",
        "     Resume: pmtu 1450",
    ]
    assert program.status == 0
    assert end == 91 * SECOND  # three tries of a second a hop, and the first once more
    assert [probe.ttl for probe in probes] == [1] * 5 + [hop for hop in range(2, 31) for _ in "123"]


def test_fewer_hops_if_asked_for() -> None:
    program, end, _ = run(f"-n -l 1450 -m 2 {ADDRESS}", Path(1450, 1400, hole=True))
    assert program.lines[:3] == [
        " 1:  no reply", " 2:  no reply", "     Too many hops: pmtu 1450",
    ]  # fmt: skip
    assert end == 6 * SECOND


def test_a_late_answer_names_the_hop_it_is_about() -> None:
    def late(probe: SendDatagram) -> list[tuple[int, Any]]:
        answer = PortUnreachable(probe.destination, probe.destination_port, 63)
        return [(3500 * MS, answer)] if probe.ttl == 1 else []

    program, _, _ = run(f"-n -l 1000 {ADDRESS}", late)
    assert program.lines == [
        " 1:  no reply",
        f" 1:  {COLUMN}3500.000ms reached",
        "     Resume: pmtu 1000 hops 1 back 2",
    ]


def test_nobody_has_the_address() -> None:
    def silent(probe: SendDatagram) -> list[tuple[int, Any]]:
        waits = 3 * SECOND + 50 * MS
        unreachable = HostUnreachable(probe.destination, "10.0.1.4")
        return [(waits, unreachable)] if probe.destination_port == 44_444 else []

    program, _, _ = run(f"-n -m 2 -l 1000 {ADDRESS}", silent)
    assert program.lines == [
        " 1:  no reply",
        f" 1:  {'10.0.1.4':<52}3050.000ms !H",
        "     Resume: pmtu 1000",
    ]


def test_there_is_no_route() -> None:
    program, end, _ = run(
        f"-n {ADDRESS}", lambda probe: [(0, HostUnreachable(probe.destination))]
    )  # fmt: skip
    assert program.lines == [" 1:  send failed", "     Resume: pmtu 65535"]
    assert end == 0


@pytest.mark.parametrize(
    ("words", "error", "status"),
    [
        ("-l 28 x", "tracepath: invalid argument: '28': out of range: 29 <= value <= 65535", 1),
        ("-l x x", "tracepath: invalid argument: 'x'", 1),
        (
            "-p 70000 x",
            "tracepath: invalid argument: '70000': out of range: 0 <= value <= 65535",
            1,
        ),
        ("nosuch", "tracepath: nosuch: Name does not resolve", 1),
        ("-z x", "tracepath: invalid option -- 'z'", 255),
    ],
)
def test_mistakes(words: str, error: str, status: int) -> None:
    program, _, probes = run(words, Path())
    assert program.errors[0] == error
    assert (program.status, probes) == (status, [])


def test_usage() -> None:
    program, _, _ = run("", Path())
    assert (tuple(program.errors), program.status) == (USAGE, 255)


def test_interrupted_it_ends_at_once() -> None:
    program = Tracepath([ADDRESS], 40_000)
    program.start(0)
    program.stop(0)
    assert (program.finished, program.status) == (True, 130)
    program.receive(TooBig(1450), 0)
    assert program.lines == []
