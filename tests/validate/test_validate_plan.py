"""Rounds on several processes, and the file of their rows."""

from __future__ import annotations

import pytest

from overlaysim.validate.conditions import Conditions
from overlaysim.validate.plan import QUICK, Request, comparison, run_rounds
from overlaysim.validate.rounds import KINDS, Row
from overlaysim.validate.rowfile import csv_text

SMALL = Conditions(3, 5.0)


def made(request: Request, jobs: int = 1) -> list[Row]:
    return request.select(run_rounds(request.rounds(), jobs))


def test_the_number_of_processes_changes_nothing() -> None:
    request = Request("join", SMALL, 5)
    seen: list[tuple[int, int]] = []
    alone = run_rounds(request.rounds(), 1, lambda *done: seen.append(done))
    assert alone == run_rounds(request.rounds(), 2)
    assert seen == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_another_seed_gives_other_runs() -> None:
    one, two = (made(Request("join", SMALL, 2, seed)) for seed in (1, 2))
    assert [row[:6] for row in one] == [row[:6] for row in two]
    assert one != two


def test_as_many_runs_as_asked_for_and_no_other_experiment() -> None:
    rows = made(Request("delete", Conditions(3), 4))
    assert {row.experiment for row in rows} == {"delete"}
    assert [row.seed for row in rows if row.metric == "t50_s"] == [100, 101, 102, 200]


@pytest.mark.parametrize(
    ("experiment", "names"),
    [
        ("crash", {"ml_wan_crash"}), ("join", {"ml_wan_join"}), ("burst", {"burst"}),
        ("idle", {"idle_100_entries", "idle_empty_table"}), ("late_join", {"late_join"}),
        ("partition", {"partition"}),
    ],
)  # fmt: skip
def test_experiments_are_named_as_in_the_reference(experiment: str, names: set[str]) -> None:
    where = Conditions(3, profile="wan" if experiment in ("crash", "join") else "lan")
    rows = made(Request(experiment, where, 1, burst=3, duration=2 * 10**13))
    assert {row.experiment for row in rows} == names
    assert all(row.nodes == 3 and row.latency_ms == 0.5 for row in rows)


def test_the_comparison_begins_with_the_largest_clusters() -> None:
    rounds = comparison(QUICK, seed=7)
    nodes = [round_.conditions.nodes for round_ in rounds]
    assert nodes == sorted(nodes, reverse=True)
    assert {round_.seed for round_ in rounds} == {7}
    assert {round_.kind for round_ in rounds} <= set(KINDS)


def test_the_file_has_the_columns_of_the_reference() -> None:
    row = Row("late_join", 10, 0.0, 0.5, 3, "network_join_call_s", 0.027)
    other = Row("create", 3, 2.5, 0.05, 100, "t50_s", 1 / 3)
    assert csv_text([row, other]) == (
        "experiment,N,loss,latency_ms,seed,metric,value\n"
        "late_join,10,0,0.5,3,network_join_call_s,0.027\n"
        "create,3,2.5,0.05,100,t50_s,0.333333333\n"
    )
