"""Goodput under random loss against Mathis' formula, on a small scale, and its figure."""

from __future__ import annotations

import pytest

from overlaysim.bench.losscurve import LossyPath, loss_curve, mathis, run_lossy_path
from overlaysim.report.figures.losscurve import CurvePoint, losscurve_figure
from overlaysim.traffic.tcp import TcpSettings
from overlaysim.units import MS

RENO = TcpSettings(congestion_control="newreno", ack_every=1)


def test_the_formula_by_hand() -> None:
    """1000 B per 100 ms is 80 kbit/s; 1 / sqrt(0.01) = 10 of them, times 1.2247."""
    assert mathis(1000, 100 * MS, 0.01) == pytest.approx(979_796, rel=1e-5)


def test_a_newreno_flow_follows_the_formula() -> None:
    """Ten seeds of this size give 1.00 to 1.18 of it."""
    (point,) = loss_curve(RENO, [0.02], count=120)
    assert point.ratio == pytest.approx(1, abs=0.2)
    assert point.formula == mathis(1398, 40 * MS, 0.02)


def test_twice_the_round_trip_is_half_the_goodput() -> None:
    near, far = (
        run_lossy_path(LossyPath(0.02, RENO, round_trip=trip * MS, losses=30)) for trip in (20, 40)
    )
    assert near.goodput / far.goodput == pytest.approx(2, rel=0.1)
    assert far.seconds == pytest.approx(2 * near.seconds)


def test_the_figure_shows_both_controls_and_the_band() -> None:
    points = [CurvePoint(loss, 1.1e6 / loss**0.5, 1e6 / loss**0.5) for loss in (0.001, 0.01)]
    figure = losscurve_figure({"NewReno": points, "CUBIC": points}, "RTT 40 ms")
    left, right = figure.axes
    legend = left.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "within 20 %", "1.22 MSS / (RTT √p)", "NewReno", "CUBIC",
    ]  # fmt: skip
    marks = [line for line in right.get_lines() if line.get_linestyle() == "None"]
    assert [list(line.get_ydata()) for line in marks] == [pytest.approx([1.1, 1.1])] * 2
    assert "RTT 40 ms" in [text.get_text() for text in figure.texts]
