"""The verdicts, and the reference they are about."""

from __future__ import annotations

import math
import statistics

import pytest

from overlaysim.validate.compare import TOPICS, Cell, Estimate, Metric, compare
from overlaysim.validate.plan import FULL, QUICK, changes_per_round
from overlaysim.validate.render import (
    comparison_markdown,
    comparison_text,
    estimate_text,
    summary_text,
    verdict_text,
)
from overlaysim.validate.rounds import Row
from overlaysim.validate.rowfile import reference_rows

PLAIN, LAW = Metric("m", "metric"), Metric("m", "metric", law=True)


def cell(
    ours: float, theirs: float, *, errors: tuple[float, float] = (0, 0), metric: Metric = PLAIN,
    loss: float = 0,
) -> Cell:  # fmt: skip
    mine, reference = Estimate(ours, errors[0], 30), Estimate(theirs, errors[1], 30)
    return Cell(10, loss, metric, mine, reference)


@pytest.mark.parametrize(
    ("tried", "agrees"),
    [
        (cell(1.099, 1.0), True),
        (cell(1.101, 1.0), False),
        (cell(0.899, 1.0), False),
        (cell(1.2, 1.0, errors=(0.04, 0.06)), True),  # three times 0.072
        (cell(1.23, 1.0, errors=(0.04, 0.06)), False),
        (cell(1.029, 1.0, metric=LAW), True),
        (cell(1.031, 1.0, metric=LAW), False),
        (cell(1.031, 1.0, metric=LAW, errors=(0, 0.011)), True),
        (cell(1.09, 1.0, metric=LAW, loss=5), True),  # no law under loss
        (cell(0, 0), True),
        (cell(0.01, 0), False),
        (cell(0.01, 0, errors=(0.01, 0)), True),
        (Cell(3, 0, PLAIN, None, Estimate(1, 1, 9)), False),  # no run of ours
    ],
)
def test_the_verdict(tried: Cell, agrees: bool) -> None:
    assert tried.passes is agrees


def test_an_estimate_is_a_mean_and_its_standard_error() -> None:
    estimate = Estimate.of([1.0, 2.0, 3.0, 6.0])
    assert (estimate.mean, estimate.runs) == (3, 4)
    assert estimate.error == pytest.approx(statistics.stdev([1, 2, 3, 6]) / 2)
    assert math.isinf(Estimate.of([1.0]).error)


@pytest.mark.parametrize(
    ("experiment", "nodes", "loss", "metric", "published", "runs"),
    [
        ("create", 3, 0, "t50_s", 0.104, 90), ("create", 50, 5, "t100_s", 0.628, 66),
        ("delete", 10, 5, "t99_s", 0.324, 90), ("create", 10, 0, "extra_udp_pkts_total", 240, 90),
        ("idle_100_entries", 50, 5, "tcp_segs_per_node_s", 1.028, 11),
        ("idle_empty_table", 10, 5, "udp_payload_B_per_node_s", 247.0, 3),
        ("late_join", 10, 0, "network_join_call_s", 0.027, 30),
        ("ml_lan_crash", 50, 0, "t_first_s", 8.597, 18), ("ml_lan_join", 10, 5, "t50_s", 0.298, 30),
    ],
)  # fmt: skip
def test_the_shipped_runs_are_those_behind_the_published_means(
    experiment: str, nodes: int, loss: float, metric: str, published: float, runs: int
) -> None:
    values = [
        row.value for row in reference_rows() if row[:3] == (experiment, nodes, loss)
        and row.metric == metric
    ]  # fmt: skip
    assert len(values) == runs
    assert statistics.fmean(values) == pytest.approx(published, rel=0.005)


def test_every_shipped_value_is_compared() -> None:
    rows = reference_rows()
    compared = {(t.experiment, m.name) for t in TOPICS for m in t.metrics}
    assert {(row.experiment, row.metric) for row in rows} <= compared
    cells = [c for comparison in compare([], rows, [3, 10, 50]) for c in comparison.cells]
    assert sum(c.reference.runs for c in cells) == len(rows)
    assert {c.nodes for part in compare([], rows, [3, 10]) for c in part.cells} == {3, 10}


def test_the_full_comparison_makes_more_runs_than_the_reference() -> None:
    runs = {
        (cell.nodes, part.title): cell.reference.runs
        for part in compare([], reference_rows(), [3, 10, 50])
        for cell in part.cells
    }
    for (nodes, title), theirs in runs.items():
        effort = FULL[nodes]
        ours = {
            "1": effort.changes * changes_per_round(nodes),
            "2": effort.changes * changes_per_round(nodes),
            "3": effort.changes * changes_per_round(nodes),
            "4a": effort.changes, "4b": effort.idle_empty, "5": effort.changes,
            "6a": effort.members, "6b": effort.members,
        }[title.split()[0]]  # fmt: skip
        assert ours >= 2 * theirs, title
    assert set(QUICK) == {3, 10}


def rows(*values: float, metric: str = "t50_s") -> list[Row]:
    return [Row("create", 3, 0.0, 0.5, 100 + i, metric, value) for i, value in enumerate(values)]


def test_the_tables_show_both_sides_and_the_verdict() -> None:
    comparisons = compare(rows(0.9, 1.1, 1.0), rows(0.5, 0.5, 0.5), [3])
    text, page = comparison_text(comparisons), comparison_markdown(comparisons)
    line = next(line for line in text.splitlines() if "50 %," in line)
    assert "1.000 ± 0.058 (3)" in line
    assert "0.5 ± 0 (3)" in line
    assert "+100.0 %" in line
    assert line.endswith("DIFFERS")
    assert "| 3 | 0 % | 50 %, s | 1.000 ± 0.058 (3) |" in page
    counted, failed = verdict_text(comparisons).splitlines()
    assert counted == "0 of 1 cells agree"
    assert failed.startswith("  not: 1 An entry is created")
    assert failed.endswith(", 3 nodes, 0 % loss: 50 %, s")
    assert all(len(line) <= 100 for line in text.splitlines())


def test_metrics_stand_in_order_of_their_numbers() -> None:
    values = [*rows(1, metric="t100_s"), *rows(1, metric="t25_s"), *rows(1, metric="t_mean_s")]
    text = summary_text(values)
    assert [line.split()[0] for line in text.splitlines()[1:]] == ["t25_s", "t100_s", "t_mean_s"]


def test_a_summary_gives_mean_median_percentile_and_maximum() -> None:
    text = summary_text(rows(*[float(i) for i in range(1, 21)]))
    assert text.splitlines()[1].split() == ["t50_s", "20", "10.50", "10.50", "19.00", "20.00"]


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.10432, 0.0054, 90), "0.1043 ± 0.0054 (90)"),
        (Estimate(0.099417, 0.000089, 80), "0.09942 ± 0.00009 (80)"),
        (Estimate(158.482, 0.0404, 80), "158.48 ± 0.04 (80)"),
        (Estimate(64200.2, 71.4, 72), "64200 ± 71 (72)"),
        (Estimate(240.0, 0.0, 9), "240 ± 0 (9)"),
        (Estimate(2.5, math.inf, 1), "2.500 (1)"),
        (None, "no run"),
    ],
)
def test_an_estimate_is_written_as_precisely_as_it_is_known(
    estimate: Estimate | None, text: str
) -> None:
    assert estimate_text(estimate) == text
