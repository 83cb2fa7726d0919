"""``overlaysim bench losscurve``: what random loss leaves of a TCP flow, beside the formula."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from overlaysim.bench.losscurve import LOSSES, LossPoint, loss_curve
from overlaysim.report.run_folder import MANIFEST, PROGRAM, appearing_folder
from overlaysim.traffic.tcp import TcpSettings
from overlaysim.version import __version__

CONTROLS = ("newreno", "cubic")
BAND = 0.2
"""How far from the formula NewReno may be, as a share of it."""

_MEGA = 1_000_000
_PATH = "RTT 40 ms, 1398 B segments"


def run_losscurve(options: argparse.Namespace) -> int:
    """Measure both congestion controls, print a table, draw a figure if one is wanted.

    Returns:
        1 if NewReno is further from the formula than :data:`BAND`, else 0.
    """
    print(f"{'goodput under loss':<20}{'loss':>8}{'Mbit/s':>10}{'formula':>10}{'ratio':>8}")
    measured: dict[str, list[LossPoint]] = {}
    for control in CONTROLS:
        measured[control] = []
        for point in _points(control, options.runs or 1):
            measured[control].append(point)
            print(
                f"{control:<20}{100 * point.loss:>6.1f} %{point.goodput / _MEGA:>10.3f}"
                f"{point.formula / _MEGA:>10.3f}{point.ratio:>8.3f}",
                flush=True,
            )
    print(f"  {_PATH}; formula: 1.22 MSS / (RTT sqrt p), Mathis et al. 1997, of NewReno")
    if options.out is not None:
        _draw(measured, options.out)
    worst = max(abs(point.ratio - 1) for point in measured["newreno"])
    return 0 if worst <= BAND else 1


def _points(control: str, seeds: int) -> Iterator[LossPoint]:
    settings = TcpSettings(congestion_control=control)
    for loss in LOSSES:
        yield from loss_curve(settings, [loss], seeds=seeds)


def _draw(measured: Mapping[str, Sequence[LossPoint]], folder: Path) -> None:
    from overlaysim.report.figures.losscurve import (  # noqa: PLC0415 (late: matplotlib)
        CurvePoint,
        losscurve_figure,
    )
    from overlaysim.report.figures.style import save  # noqa: PLC0415 (late)

    figure = losscurve_figure(
        {
            control: [CurvePoint(point.loss, point.goodput, point.formula) for point in points]
            for control, points in measured.items()
        },
        _PATH,
    )
    with appearing_folder(folder) as partial:
        save(figure, partial / "losscurve")
        manifest = {"program": PROGRAM, "version": __version__, "bench": "losscurve"}
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    print(f"figure: {folder / 'losscurve.png'}")
