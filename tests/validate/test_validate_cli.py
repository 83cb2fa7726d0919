"""``overlaysim validate gossip`` as typed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from overlaysim.cli.main import main


def typed(*words: str) -> int:
    try:
        return main(["validate", "gossip", *words])
    except SystemExit as end:
        return int(end.code or 0)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--experiment creat", "did you mean create?"),
        ("--experiment create --profile lann", "did you mean lan?"),
        ("--experiment create --nodes 1", "1 is not a whole number from 2 to 1000"),
        ("--experiment create --nodes many", "many is not a whole number from 2 to 1000"),
        ("--experiment create --loss 95", "95 is not a number from 0 to 90"),
        ("--experiment create --loss nan", "nan is not a number from 0 to 90"),
        ("--experiment create --latency -1", "-1 is not a number from 0 to 1000"),
        ("--experiment create --runs 0", "0 is not a whole number from 1 to 10000"),
        ("--jobs 0", "0 is not a whole number from 1 to 256"),
        ("--experiment create --quick", "--quick belongs to the comparison"),
        ("--experiment create --burst 5", "--burst belongs to --experiment burst"),
        ("--experiment create --duration 5", "--duration belongs to --experiment partition"),
        ("--nodes 5", "--nodes needs --experiment"),
        ("--experiment create --lost 5", "did you mean --loss?"),
        ("--experiment create --csv nowhere/runs.csv", "nowhere/runs.csv: no file can be made"),
        ("--markdown .", ".: is a folder"),
    ],
)
def test_a_mistake_is_one_message_and_status_2(
    words: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(*words.split()) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert says in said.err
    assert "Traceback" not in said.err


def test_an_experiment_prints_a_summary_and_writes_its_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "runs.csv"
    words = ["--experiment", "join", "--profile", "wan", "--nodes", "4", "--loss", "2",
             "--runs", "3", "--latency", "2", "--csv", str(place)]  # fmt: skip
    assert typed(*words, "--jobs", "1") == 0
    said = capsys.readouterr()
    assert said.err == ""
    head, first, *_ = said.out.splitlines()
    assert head.split() == ["ml_wan_join", "runs", "mean", "median", "95", "%", "max"]
    with place.open(newline="") as file:
        rows = list(csv.DictReader(file))
    points = {(r["experiment"], r["N"], r["loss"], r["latency_ms"]) for r in rows}
    assert points == {("ml_wan_join", "4", "2", "2")}
    assert {r["seed"] for r in rows} == {"1", "2", "3"}
    assert first.split()[:2] == [rows[1]["metric"], "3"]
    seed_hears = [float(r["value"]) for r in rows if r["metric"] == "t_first_s"]
    assert min(seed_hears) == pytest.approx(0.006)  # three latencies, if nothing is lost
