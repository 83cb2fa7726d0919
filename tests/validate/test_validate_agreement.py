"""A little of every table against the real code; the command itself makes many more runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from overlaysim.validate.compare import Cell, compare
from overlaysim.validate.conditions import Conditions
from overlaysim.validate.plan import run_rounds
from overlaysim.validate.rounds import Round, Row
from overlaysim.validate.rowfile import reference_rows


def made(kind: str, nodes: int, loss: float, count: int) -> list[Row]:
    where = Conditions(nodes, loss)
    return run_rounds([Round(kind, where, number) for number in range(1, count + 1)], 1)


def cells_of(rows: list[Row]) -> list[Cell]:
    """The cells that these rows have something to say about."""
    compared = compare(rows, reference_rows(), [3, 10, 50])
    return [cell for part in compared for cell in part.cells if cell.ours is not None]


@pytest.mark.parametrize(
    ("kind", "nodes", "loss", "count", "cells"),
    [
        ("changes", 3, 0, 8, 18), ("changes", 3, 5, 8, 18), ("changes", 10, 0, 4, 18),
        ("idle_empty", 10, 0, 2, 6), ("members", 10, 0, 20, 7), ("members", 10, 5, 20, 7),
    ],
)  # fmt: skip
def test_small_samples_agree(kind: str, nodes: int, loss: float, count: int, cells: int) -> None:
    compared = cells_of(made(kind, nodes, loss, count))
    assert len(compared) == cells
    assert [(cell.metric.name, cell.ours, cell.reference) for cell in compared
            if not cell.passes] == []  # fmt: skip


def test_a_network_join_takes_three_milliseconds_per_peer() -> None:
    rows = made("late_join", 6, 0, 1)
    calls = {row.metric: row.value for row in rows}
    assert calls["network_join_call_s"] == pytest.approx(0.015)
    assert calls["cluster_join_call_s"] <= 0.4  # two ticks of the joiner
    assert calls["tcp_conns_total"] >= 1 + 2 * 5


def test_one_change_costs_what_the_transmit_limit_says() -> None:
    rows = made("changes", 5, 0, 1)
    extra = [row.value for row in rows if row.metric == "extra_udp_pkts_total"]
    # 5 nodes x limit 4 x 3 targets, created and deleted three times
    assert len(extra) == 6
    assert sum(extra) / 6 == pytest.approx(60, abs=1.5)


def halves(rows: list[Row]) -> dict[str, float]:
    return {row.metric: row.value for row in rows}


def test_a_partition_ends_with_everybody_failed_and_heals_completely() -> None:
    metrics = halves(made("partition", 6, 0, 1))
    assert metrics["failed_views_at_heal"] == 2 * 3 * 3
    assert 0 < metrics["members_t100_s"] < 60
    assert 0 < metrics["entries_t100_s"] < 60


def test_a_burst_fills_packets_for_several_ticks() -> None:
    metrics = halves(made("burst", 4, 0, 1))
    # 100 entries at five to a packet and five packets a second: the last one leaves after 3.8 s.
    assert 3.8 <= metrics["t100_s"] < 8
    assert metrics["entry_t_first_s"] < 0.21
    assert metrics["entry_t100_s"] == metrics["t100_s"] == metrics["window_s"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda row: row._replace(value=row.value * 1.6),
        lambda row: row._replace(value=row.value * 0.5),
    ],
)
def test_a_wrong_model_would_be_noticed(spoil: Callable[[Row], Row]) -> None:
    compared = cells_of([spoil(row) for row in reference_rows() if row.nodes != 3])
    times = [cell for cell in compared if cell.metric.name == "t100_s" and cell.loss == 0]
    assert len(times) == 8
    assert not any(cell.passes for cell in times)
