"""The packet workloads are what they are said to be, and give what they must."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from overlaysim.bench import measurement
from overlaysim.bench.answers import Result, answers_of
from overlaysim.bench.checks import Check, checks_of
from overlaysim.bench.measurement import Measurement, Summary, measure
from overlaysim.bench.memory import peak_memory
from overlaysim.bench.planes import PLANES, TARGETS
from overlaysim.bench.table import agreement_line, figure, summary_lines
from overlaysim.bench.workloads import (
    FULL,
    QUICK,
    WORKLOADS,
    Workload,
    leaf_spine,
    line,
    ping_mesh,
)
from overlaysim.units import SECOND

play = PLANES["vector"]  # both give the same, see the peers' tests; this one takes less time


def test_leaf_spine_flows_are_those_of_the_generator() -> None:
    flows = leaf_spine(1000).flows
    ends = [(flow.source, flow.destination) for flow in flows[:5]]
    assert ends == [(9, 24), (37, 9), (32, 22), (45, 40), (33, 53)]
    assert [flow.packets for flow in flows] == [4] * 232 + [3] * 24
    assert [flow.hash >> 30 for flow in flows[:4]] == [0, 2, 0, 3]


def test_ping_mesh_starts_are_spread_over_a_second() -> None:
    flows = ping_mesh(FULL["W3"]).flows
    assert {flow.packets for flow in flows} == {60}
    assert [flow.start for flow in flows[:3]] == [0, SECOND // 2450, 2 * SECOND // 2450]


@pytest.mark.parametrize("hosts", [8, 512])
def test_leaf_spine_comes_in_other_sizes(hosts: int) -> None:
    workload = leaf_spine(3000, hosts)
    assert len(workload.flows) == 4 * hosts
    assert workload.packets == 3000
    result = play(workload, 1)
    assert result.created == 3000
    assert (result.packet_hops > 2 * 3000) == (hosts > 8)  # one leaf: no way leads over a spine


@pytest.mark.parametrize("name", WORKLOADS)
def test_what_must_be_given_is_known_for_the_usual_numbers(name: str) -> None:
    for packets in (QUICK[name], FULL[name]):
        workload = WORKLOADS[name](packets)
        checks = checks_of(name, packets, workload.hosts)
        assert all(check.known for check in checks)
        assert {check.what for check in checks} == set(answers_of(workload, Result(created=1)))


def test_line_gives_the_exact_mean_of_an_md1_queue() -> None:
    result = play(line(200_000), 1)
    assert result.dropped == 0
    assert result.packet_hops == 800_000
    assert answers_of(line(200_000), result)["mean us"] == pytest.approx(23.931, abs=0.022)


def test_leaf_spine_loses_and_delays_as_other_programs_do() -> None:
    """Ranges from five runs of two other programs; the mean of three of ours lies within."""
    workload = leaf_spine(200_000)
    answers = [answers_of(workload, play(workload, seed)) for seed in (1, 2, 3)]
    for check in checks_of("W2", 200_000, 64):
        mean = fmean(answer[check.what] for answer in answers)
        assert check.verdict(mean, 3) == "yes", (check, mean)


def test_ping_mesh_answers_every_ping_in_the_same_time() -> None:
    result = play(ping_mesh(4 * 2450), 1)
    assert (result.created, result.dropped, result.packet_hops) == (19_600, 0, 39_200)
    assert result.latency_least == result.latency_most == 204_736_000
    assert result.latency_sum == 4 * 2450 * 204_736_000


# ---- judging ----------------------------------------------------------------------------------


def test_verdicts() -> None:
    check = Check("lost %", 4.0, 5.0, chance=0.1)
    assert [check.verdict(answer, 4) for answer in (4.0, 5.0)] == ["yes", "yes"]
    assert [check.verdict(answer, 4) for answer in (3.91, 5.09)] == ["near", "near"]
    assert [check.verdict(answer, 4) for answer in (3.89, 5.11, math.nan)] == ["NO"] * 3
    assert check.verdict(5.11, 1) == "near"
    assert replace(check, chance=0.0).verdict(5.01, 1) == "NO"
    assert Check("hops").verdict(7, 1) == "-"


def test_ranges_as_people_see_them() -> None:
    ranges = [Check("a"), Check("a", 0, 0), Check("a", 1000, 2000.5), Check("a", 1.329)]
    assert [check.allowed for check in ranges] == [
        "not known", "0", "1,000 - 2,000.5", "from 1.329",
    ]  # fmt: skip


def test_chance_is_wider_for_fewer_packets() -> None:
    margins = [
        round(checks_of("W1", packets, 2)[1].high - 23.931, 3)
        for packets in (4_000_000, 1_000_000, 200_000, 10_000)
    ]
    assert margins == [0.01, 0.01, 0.022, 0.1]


@pytest.fixture
def quick_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement, "cal_ops_per_second", lambda: 1e6)


def measured(workload: Workload, seed: int = 1, **changes: float) -> Measurement:
    def run() -> Result:
        result = replace(play(workload, seed), cpu=0.002 * seed)
        return replace(result, **changes)

    return measure("ours", "1", workload, seed, run)


@pytest.mark.usefixtures("quick_calibration")
def test_a_summary_has_the_median_and_the_mean() -> None:
    runs = [measured(ping_mesh(100), seed) for seed in (1, 2, 4)]
    summary = Summary(runs)
    assert [run.score for run in runs] == pytest.approx([0.2, 0.1, 0.05])
    assert summary.scores == "0.1 [0.05-0.2]"
    assert summary.right
    worse = Summary([*runs, measured(ping_mesh(100), measured=99)])
    assert not worse.right
    assert [verdict for _, _, verdict in worse.judged] == ["NO", "yes", "yes"]


@pytest.mark.usefixtures("quick_calibration")
def test_a_measurement_survives_json() -> None:
    nothing = measured(line(5), measured=0)
    said = json.loads(json.dumps(nothing.as_json(), allow_nan=False))
    assert said["answers"] == {"lost": 0, "mean us": None}
    again = Measurement.from_json(said)
    assert math.isnan(again.answers["mean us"])
    assert again.as_json() == nothing.as_json()
    assert not Summary([again]).right


@pytest.mark.usefixtures("quick_calibration")
def test_a_row_for_each_answer() -> None:
    summary = Summary([measured(line(500))])
    first, second = summary_lines(summary, "event", TARGETS["event", "W1"])
    assert first.split()[:5] == ["W1", "event", "2", "500", "2,000"]
    assert first.endswith(f"{'lost 0':<24}{'0':<22}yes")
    assert second.split()[0] == "mean"
    assert [figure(answer) for answer in (0.0, 1234.5, 0.0004, 7.25)] == [
        "0",
        "1,234.5",
        "0",
        "7.25",
    ]


@pytest.mark.usefixtures("quick_calibration")
def test_planes_agree_only_in_every_figure() -> None:
    same = [Summary([measured(ping_mesh(100))]) for _ in range(2)]
    other = Summary([measured(ping_mesh(100), latency_most=204_736_001)])
    players = ["event", "vector"]
    assert agreement_line(same, players) == ("W3 the same on event and vector: yes", True)
    assert agreement_line([same[0], other], players) == (
        "W3 the same on event and vector: NO", False,
    )  # fmt: skip


def test_every_plane_has_targets() -> None:
    assert all((plane, name) in TARGETS for plane in PLANES for name in WORKLOADS)


def test_peak_memory_is_read_where_linux_tells_it(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nVmPeak:\t  99 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 5 kB\n")
    assert peak_memory(status) == 1234 * 1024
    status.write_text("Name:\tpython\n")
    for other in (status, tmp_path / "none"):
        assert peak_memory(other) > 2**20
    assert 2**20 < peak_memory() < 1.05 * peak_memory(tmp_path / "none")
