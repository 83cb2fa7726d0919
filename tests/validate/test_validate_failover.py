"""``overlaysim validate failover``: a failing host beside what a real swarm did."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from pathlib import Path

import pytest

from overlaysim.cli.main import main
from overlaysim.validate.failover import EXPERIMENTS, FailoverRun, runs_of
from overlaysim.validate.failover_tables import TABLES, failover_markdown, failover_text
from overlaysim.validate.rounds import Row

SEEDS = range(1, 4)


def measured(experiment: str, *, hides: bool = False) -> dict[str, list[float]]:
    values = defaultdict(list)
    for seed in SEEDS:
        for row in FailoverRun(experiment, seed, hides).run():
            values[row.metric].append(row.value)
    return values


@pytest.fixture(scope="module")
def freeze() -> dict[str, list[float]]:
    return measured("failover_freeze")


@pytest.fixture(scope="module")
def link() -> dict[str, list[float]]:
    return measured("failover_link")


def within(values: list[float], low: float, high: float) -> bool:
    return bool(values) and low <= min(values) and max(values) <= high


@pytest.mark.parametrize("experiment", ["freeze", "link"])
def test_the_names_of_a_dead_host_vanish_within_8_s(
    experiment: str, request: pytest.FixtureRequest
) -> None:
    values = request.getfixturevalue(experiment)
    assert len(values["name_gone_s"]) == 2 * len(SEEDS)
    assert within(values["name_gone_s"], 4.5, 9)


@pytest.mark.parametrize("experiment", ["freeze", "link"])
def test_the_managers_replace_the_task_on_their_own_clock(
    experiment: str, request: pytest.FixtureRequest
) -> None:
    values = request.getfixturevalue(experiment)
    assert within(values["node_down_s"], 8.5, 16.5)  # three heartbeats of 5 s, 10 % either way
    assert [a - d for a, d in zip(values["assigned_s"], values["node_down_s"], strict=True)] == (
        pytest.approx([0.05] * len(SEEDS))  # the scheduler's debounce
    )
    steps = zip(values["assigned_s"], values["left_ready_s"], values["new_running_s"], strict=True)
    assert all(assigned < ready < running for assigned, ready, running in steps)
    assert min(values["new_name_s"]) >= min(values["new_running_s"])


def test_a_frozen_daemon_s_containers_are_reached_until_its_peers_are_forgotten(
    freeze: dict[str, list[float]], link: dict[str, list[float]]
) -> None:
    assert freeze["ping_fails_s"] == freeze["name_gone_s"]
    assert set(link["ping_fails_s"]) == {0.0}


def test_the_old_task_stays_until_it_is_told_and_has_had_its_grace(
    freeze: dict[str, list[float]],
) -> None:
    assert within(freeze["old_shut_down_s"], 40.6 + 12, 40.6 + 12 + 8)
    assert freeze["old_back_s"]
    assert within(freeze["old_back_for_s"], 0, 8)
    assert within(freeze["six_addresses_s"], 0, 8)


def test_a_healed_host_makes_healthy_ones_err_if_entries_are_dropped(
    link: dict[str, list[float]],
) -> None:
    assert max(link["healthy_lacked_s"]) > 10
    assert max(link["merged_s"]) > 10


def test_entries_that_are_hidden_are_back_as_soon_as_the_host_is() -> None:
    values = measured("failover_link", hides=True)
    assert within(values["merged_s"], 0, 5)


def test_an_isolated_host_keeps_names_longer_than_the_others() -> None:
    rows = FailoverRun("failover_long_link", 3).run()
    own = [row.value for row in rows if row.metric == "own_stale_s"]
    others = [row.value for row in rows if row.metric == "name_gone_s"]
    assert len(own) == 4
    assert within(own, 20, 90)
    assert min(own) > 2 * max(others)


def test_a_run_repeats_itself() -> None:
    first, again, other = (FailoverRun("failover_freeze", seed).run() for seed in (1, 1, 2))
    assert first == again
    assert first != other


# ---- the tables -------------------------------------------------------------------------------


def test_every_line_says_where_the_observed_samples_lie_in_ours() -> None:
    rows = [
        Row("failover_freeze", 5, 0.0, 0.1, seed, "old_shut_down_s", 50.0 + seed)
        for seed in range(1, 11)
    ]
    text = failover_text(rows, policy="dropped")
    assert text.startswith("Daemon stopped (SIGSTOP) for 40.6 s; a failed host's entries are drop")
    (line,) = [line for line in text.splitlines() if line.startswith("old task shut down")]
    assert line.split()[4:] == ["54", "51.00", "51.00", "55.50", "60.00", "60.00", "10/10",
                                "at", "40", "%"]  # fmt: skip
    (empty,) = [line for line in text.splitlines() if line.startswith("new task running")]
    assert empty.split()[-3:] == ["0/10", "no", "value"]
    assert "| old task shut down | 54 | 51.00 |" in failover_markdown(rows, policy="dropped")


@pytest.mark.parametrize(("value", "says"), [(60.0, "below all"), (40.0, "above all")])
def test_a_miss_is_told(value: float, says: str) -> None:
    rows = [Row("failover_freeze", 5, 0.0, 0.1, 1, "old_shut_down_s", value)]
    text = failover_text(rows, policy="dropped")
    (line,) = [line for line in text.splitlines() if line.startswith("old task shut down")]
    assert line.endswith(says)


def test_every_experiment_has_a_table_and_every_sample_a_number() -> None:
    assert set(TABLES) == set(EXPERIMENTS)
    for _, lines in TABLES.values():
        for line in lines:
            assert math.isfinite(line.low)
            assert line.low <= line.high


# ---- as typed ---------------------------------------------------------------------------------


def test_the_command_prints_the_tables_and_writes_the_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "runs.csv"
    words = ["validate", "failover", "--runs", "1", "--seed", "4", "--jobs", "1"]
    assert main([*words, "--csv", str(place), "--markdown", str(tmp_path / "page.md")]) == 0
    said = capsys.readouterr()
    assert said.out.count("a failed host's entries are dropped; 1 runs") == len(EXPERIMENTS)
    with place.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["experiment"] for row in rows} == set(EXPERIMENTS)
    assert {row["seed"] for row in rows} == {"4"}
    assert (tmp_path / "page.md").read_text().startswith("### Daemon stopped")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--runs 0", "0 is not a whole number from 1 to 10000"),
        ("--rejoin hidding", "did you mean hiding?"),
        ("--csv nowhere/runs.csv", "nowhere/runs.csv: no file can be made"),
    ],
)
def test_a_mistake_is_one_message(
    words: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(["validate", "failover", *words.split()])
    except SystemExit as end:
        status = int(end.code or 0)
    said = capsys.readouterr()
    assert (status, said.out) == (2, "")
    assert says in said.err


def test_the_number_of_runs_is_of_each_experiment() -> None:
    runs = runs_of(3, 10, hides=False)
    assert len(runs) == 3 * len(EXPERIMENTS)
    assert {run.seed for run in runs} == {10, 11, 12}
