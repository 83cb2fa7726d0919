"""nslookup and getent: questions, texts and exit status."""

from __future__ import annotations

import pytest

from overlaysim.traffic.lookup import GETENT_USAGE, NSLOOKUP_USAGE, Getent, Nslookup
from overlaysim.traffic.messages import LookUp, Resolved
from overlaysim.traffic.program import Program
from overlaysim.units import MS, SECOND
from overlaysim.wire.dns import Record

SERVER = ["Server:\t\t127.0.0.11", "Address:\t127.0.0.11:53", ""]


def started(program: Program) -> list[LookUp]:
    program.start(0)
    questions = program.take_outbox()
    assert all(isinstance(question, LookUp) for question in questions)
    return questions  # type: ignore[return-value]


def a(name: str, *addresses: str) -> Resolved:
    records = tuple(Record(name, "A", 600, address) for address in addresses)
    return Resolved(name, "A", "NOERROR", records)


def test_service_with_several_tasks() -> None:
    program = Nslookup(["tasks.api"])
    assert started(program) == [LookUp("tasks.api", "A"), LookUp("tasks.api", "AAAA")]
    program.receive(a("tasks.api", "10.0.1.8", "10.0.1.7"), MS)
    assert not program.finished
    program.receive(Resolved("tasks.api", "AAAA", "NOERROR"), MS)
    assert program.lines == [
        *SERVER,
        "Non-authoritative answer:",
        "Name:\ttasks.api",
        "Address: 10.0.1.8",
        "Name:\ttasks.api",
        "Address: 10.0.1.7",
        "",
        "Non-authoritative answer:",
        "",
    ]
    assert (program.finished, program.status, program.next_timer()) == (True, 0, None)


def test_unknown_name() -> None:
    program = Nslookup(["-type=a", "x"])
    assert started(program) == [LookUp("x", "A")]
    program.receive(Resolved("x", "A", "NXDOMAIN"), MS)
    assert program.lines == [*SERVER, "** server can't find x: NXDOMAIN", ""]
    assert program.status == 1


def test_address_asks_for_its_name() -> None:
    program = Nslookup(["10.0.1.2"])
    assert started(program) == [LookUp("2.1.0.10.in-addr.arpa", "PTR")]
    name = "2.1.0.10.in-addr.arpa"
    record = Record(name, "PTR", 600, "web.app-overlay")
    program.receive(Resolved(name, "PTR", "NOERROR", (record,)), MS)
    assert program.lines[4] == "2.1.0.10.in-addr.arpa\tname = web.app-overlay"
    assert program.status == 0


def test_types_are_asked_in_the_order_of_the_real_program() -> None:
    program = Nslookup(["-type=mx", "-ty=A", "-q=ns", "web", "127.0.0.11"])
    assert [question.qtype for question in started(program)] == ["NS", "A", "MX"]


def test_servfail_is_asked_again_twice_per_question_and_then_believed() -> None:
    program = Nslookup(["-type=a", "x"])
    asked = len(started(program))
    while not program.finished:
        program.receive(Resolved("x", "A", "SERVFAIL"), MS)
        asked += len(program.take_outbox())
    assert asked == 3
    assert program.lines == [*SERVER, "** server can't find x: SERVFAIL", ""]
    assert program.status == 1


def test_silence_is_asked_again_after_half_the_time_and_then_given_up() -> None:
    program = Nslookup(["x"])
    assert len(started(program)) == 2
    assert program.next_timer() == 2500 * MS
    program.on_timer(2500 * MS)
    assert len(program.take_outbox()) == 2
    assert program.next_timer() == 5 * SECOND
    program.on_timer(5 * SECOND)
    assert program.lines == [";; connection timed out; no servers could be reached", ""]
    assert (program.finished, program.status) == (True, 1)


def test_half_an_answer() -> None:
    program = Nslookup(["x"])
    started(program)
    program.receive(a("x", "10.0.1.2"), MS)
    program.on_timer(2500 * MS)
    assert program.take_outbox() == [LookUp("x", "AAAA")]
    program.on_timer(5 * SECOND)
    assert program.lines[-2:] == ["*** Can't find x: No answer", ""]
    assert program.status == 0


def test_answers_to_other_questions_are_ignored() -> None:
    program = Nslookup(["-type=a", "x"])
    started(program)
    program.receive(a("y", "10.0.1.2"), MS)
    program.receive(Resolved("x", "AAAA", "NOERROR"), MS)
    assert not program.lines
    assert not program.finished


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", NSLOOKUP_USAGE[0]),
        ("-nonsense x", NSLOOKUP_USAGE[0]),
        ("a b c", NSLOOKUP_USAGE[0]),
        ("-type=zzz a", 'nslookup: invalid query type "zzz"'),
        ("-type=aaa a", 'nslookup: invalid query type "aaa"; did you mean aaaa?'),
        ("a 8.8.8.8", "nslookup: only the resolver 127.0.0.11 can be asked here"),
        ("-timeout=x a", "nslookup: invalid number 'x'"),
    ],
)
def test_nslookup_refuses(words: str, message: str) -> None:
    program = Nslookup(words.split())
    assert started(program) == []
    assert (program.finished, program.status, program.errors[0]) == (True, 1, message)


def test_getent_prints_one_padded_line_per_address() -> None:
    program = Getent(["hosts", "rr"])
    assert started(program) == [LookUp("rr", "A")]
    program.receive(a("rr", "10.0.1.12", "10.0.1.9"), MS)
    assert program.lines == ["10.0.1.12       rr", "10.0.1.9        rr"]
    assert (program.finished, program.status) == (True, 0)


def test_getent_by_address() -> None:
    program = Getent(["hosts", "10.0.1.2"])
    (question,) = started(program)
    record = Record(question.name, "PTR", 600, "web.app-overlay")
    program.receive(Resolved(question.name, "PTR", "NOERROR", (record,)), MS)
    assert program.lines == ["10.0.1.2        web.app-overlay"]


def test_getent_finds_nothing() -> None:
    program = Getent(["hosts", "x"])
    started(program)
    program.receive(Resolved("x", "A", "NXDOMAIN"), MS)
    assert (program.finished, program.status, program.lines, program.errors) == (True, 2, [], [])
    program = Getent(["hosts", "x"])
    started(program)
    program.on_timer(5 * SECOND)
    assert program.status == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", GETENT_USAGE[0]),
        ("hosts", GETENT_USAGE[0]),
        ("host x", "Unknown database: host; did you mean hosts?"),
        ("passwd root", "Unknown database: passwd"),
    ],
)
def test_getent_refuses(words: str, message: str) -> None:
    program = Getent(words.split())
    assert started(program) == []
    assert (program.status, program.errors[0]) == (1, message)


def test_interrupt() -> None:
    program = Nslookup(["x"])
    started(program)
    program.stop(MS)
    assert (program.finished, program.status) == (True, 130)
    program.receive(a("x", "10.0.1.2"), MS)
    assert program.lines == []
