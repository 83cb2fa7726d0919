"""``overlaysim bench``: rows, JSON, exit statuses and what it says to wrong input."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from overlaysim.bench import jobs, measurement, rumour
from overlaysim.bench.answers import Result
from overlaysim.bench.plan import Wishes
from overlaysim.bench.planes import PLANES, TARGETS, Target
from overlaysim.bench.workloads import Workload
from overlaysim.cli import bench
from overlaysim.cli.main import main

A = TypeVar("A")
R = TypeVar("R")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure in this process, and without the seconds that calibration takes."""

    def in_turn(work: Callable[[A], R], arguments: Iterable[A]) -> Iterator[R]:
        return map(work, arguments)

    monkeypatch.setattr(bench, "apart", in_turn)
    for module in (measurement, rumour, jobs):
        monkeypatch.setattr(module, "cal_ops_per_second", lambda: 2e6)


def test_a_run_in_a_process_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "W1", "--packets", "300", "--runs", "1", "--plane", "event"]) == 0
    head, row, _ = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["hosts", "n", "packet-hops"]
    assert row.split()[:5] == ["W1", "event", "2", "300", "1,200"]


@pytest.mark.usefixtures("here")
def test_a_line_of_json_for_each_run(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["bench", "W3", "--packets", "60", "--runs", "2", "--seed", "5", "--json"]
    assert main([*words, "--plane", "vector"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(run["workload"], run["n"], run["seed"]) for run in said] == [
        ("W3", 60, 5),
        ("W3", 60, 6),
    ]
    assert said[0]["program"] == "overlaysim, vector"
    assert said[0]["answers"] == {"not answered": 0, "least us": 204.736, "most us": 204.736}


@pytest.mark.usefixtures("here")
def test_gossip_has_rows_for_each_size(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "W4", "--hosts", "20", "30", "--runs", "1"]) == 0
    rows = capsys.readouterr().out.splitlines()[1:]
    assert [row.split()[:3] for row in rows[::3]] == [
        ["W4", "gossip", "20"],
        ["W4", "gossip", "30"],
    ]
    assert [row.split()[-1] for row in rows] == ["yes", "-", "-"] * 2


@pytest.mark.usefixtures("here")
def test_incast_has_rows_for_each_variant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a hundredth of the bytes it ends too soon, and with too few of them."""
    monkeypatch.setattr(jobs, "INCAST_BYTES", 100_000)
    assert main(["bench", "W5", "--runs", "1"]) == 1
    rows = capsys.readouterr().out.splitlines()[1:]
    names = ["W5 newreno", "W5 newreno 1%", "W5 cubic", "W5 cubic 1%"]
    assert [row[:17].strip() for row in rows[::2]] == [f"{name} tcp" for name in names]
    assert {row.split()[-1] for row in rows[::2]} == {"NO"}
    assert "bytes 1,600,000" in rows[0]


def _forgetful(workload: Workload, seed: int) -> Result:
    result = PLANES["event"](workload, seed)
    result.dropped += 1
    return result


@pytest.mark.usefixtures("here")
def test_a_wrong_answer_is_an_exit_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And so are two planes that do not give the same."""
    both = {"event": PLANES["event"], "forgetful": _forgetful}
    for module in (bench, jobs):
        monkeypatch.setattr(module, "PLANES", both)
    monkeypatch.setattr(bench, "TARGETS", {**TARGETS, ("forgetful", "W1"): Target(1, 2)})
    words = ["bench", "W1", "--packets", "100", "--runs", "1"]
    assert main([*words, "--plane", "event"]) == 0
    assert main([*words, "--plane", "forgetful"]) == 1
    capsys.readouterr()
    assert main(words) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "W1 the same on event and forgetful: NO"


def test_a_curve_has_several_sizes() -> None:
    def sizes(wishes: Wishes) -> list[tuple[str, int, int]]:
        wishes.check()
        return [(job.workload, job.packets, job.hosts) for jobs in wishes.groups() for job in jobs]

    four = [("W2", packets, 64) for packets in (100, 300, 1000, 3000)]
    plane = ["event"]
    assert sizes(Wishes(["W2"], plane, 100, curve=True)) == [
        *four, ("W2", 100, 8), ("W2", 100, 512),
    ]  # fmt: skip
    assert sizes(Wishes(["W2"], plane, 100, curve=True, hosts=[64, 16]))[4:] == [("W2", 100, 16)]
    assert sizes(Wishes(["W2"], plane, 100, hosts=[16])) == [("W2", 100, 16)]
    assert sizes(Wishes(["W3", "W4"], plane, full=True)) == [
        ("W3", 147_000, 64), ("W4", 0, 100), ("W4", 0, 1000), ("W4", 0, 5000),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["satuation"], '"satuation" is not a benchmark; there are W1, W2, W3, W4, W5, scale, '
         "saturation, losscurve; did you mean saturation?"),
        (["W1", "scale"], "bench scale is run alone"),
        (["W1", "--plane", "vent"],
         '--plane: "vent" is not a data plane; there are event, vector, both; did you mean event?'),
        (["W1", "--packets", "0"], "--packets: 0 is not from 1 to 1000000000"),
        (["W1", "--hosts", "8"],
         "--hosts: only W2, W4, scale and saturation come in several sizes"),
        (["W2", "--hosts", "12"],
         "--hosts: 12 is not a number of hosts for W2, which has 8 on each leaf and 4096 at most"),
        (["scale", "--json"], "--json: only W1, W2, W3, W4, W5 take it"),
        (["W4", "--hosts", "1"], "--hosts: 1 is not a number of hosts from 2 to 20000"),
        (["scale", "--loss", "100"], "--loss: 100 is not a percentage from 0 to less than 100"),
        (["scale", "--rates", "0"], "--rates: changes a second are numbers above 0, at most 1000"),
        (["scale", "--seconds", "0"], "--seconds: 0 is not from 1 to 86400"),
        (["W4", "--runs", "0"], "--runs: 0 is not from 1 to 100"),
        (["W4", "--out", "x"], "--out: only bench saturation and bench losscurve draw a figure"),
    ],
)  # fmt: skip
def test_wrong_options(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *words]) == 2
    assert capsys.readouterr().err.startswith(f"overlaysim: {message}\n")


def test_the_loss_curve_is_a_table_and_a_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("overlaysim.cli.losscurve.LOSSES", (0.02,))
    monkeypatch.setattr("overlaysim.cli.losscurve.CONTROLS", ("newreno",))
    assert main(["bench", "losscurve", "--out", str(tmp_path / "curve")]) == 0
    head, row, *_ = capsys.readouterr().out.splitlines()
    assert head.split()[-2:] == ["formula", "ratio"]
    name, loss, _, goodput, formula, ratio = row.split()
    assert (name, loss) == ("newreno", "2.0")
    assert float(goodput) / float(formula) == pytest.approx(float(ratio), abs=0.001)
    assert (tmp_path / "curve" / "losscurve.png").stat().st_size > 10_000
