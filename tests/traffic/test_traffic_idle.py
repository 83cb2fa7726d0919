"""Programs that do nothing on the network."""

from __future__ import annotations

import pytest

from overlaysim.traffic.idle import Print, Server, Sleep
from overlaysim.units import SECOND


@pytest.mark.parametrize(
    ("arguments", "seconds"),
    [(["5"], 5), (["2m"], 120), (["1h", "30s"], 3630), (["1d"], 86400), (["0"], 0)],
)
def test_sleep_adds_its_arguments_up(arguments: list[str], seconds: int) -> None:
    sleep = Sleep(arguments)
    sleep.start(7 * SECOND)
    assert sleep.next_timer() == (7 + seconds) * SECOND
    sleep.on_timer((7 + seconds) * SECOND)
    assert (sleep.finished, sleep.status) == (True, 0)


def test_sleep_infinity_never_ends_by_itself() -> None:
    sleep = Sleep(["infinity"])
    sleep.start(0)
    assert sleep.next_timer() is None
    sleep.stop(SECOND)
    assert (sleep.finished, sleep.status) == (True, 130)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "sleep: missing operand"),
        (["soon"], "sleep: invalid number 'soon'"),
        (["-1"], "sleep: invalid number '-1'"),
        (["1x"], "sleep: invalid number '1x'"),
        (["9" * 30], f"sleep: invalid number '{'9' * 30}'"),
    ],
)
def test_sleep_refuses_what_is_no_duration(arguments: list[str], complaint: str) -> None:
    sleep = Sleep(arguments)
    sleep.start(0)
    assert (sleep.finished, sleep.status, sleep.errors) == (True, 1, [complaint])


def test_a_server_runs_until_it_is_stopped_and_ends_well() -> None:
    server = Server()
    server.start(0)
    assert not server.finished
    assert server.next_timer() is None
    server.stop(SECOND)
    assert (server.finished, server.status) == (True, 0)


def test_print_ends_at_once_with_what_it_was_given() -> None:
    program = Print(["out"], ["err"], 3)
    assert not program.finished
    program.start(0)
    assert (program.lines, program.errors, program.status) == (["out"], ["err"], 3)
