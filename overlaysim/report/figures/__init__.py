"""The figures of a run; importing this imports matplotlib."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from overlaysim.measure import Measurements
from overlaysim.report.figures.beliefs import beliefs_figure
from overlaysim.report.figures.convergence import convergence_figure
from overlaysim.report.figures.fates import fates_figure
from overlaysim.report.figures.latency import latency_figure
from overlaysim.report.figures.names import names_figure
from overlaysim.report.figures.overhead import overhead_figure
from overlaysim.report.figures.staleness import StalePoint, staleness_figure
from overlaysim.report.figures.style import save, style, svg
from overlaysim.report.figures.topology import topology_figure
from overlaysim.report.layout import TopologyView

__all__ = [
    "StalePoint", "beliefs_figure", "convergence_figure", "draw_figures", "fates_figure",
    "latency_figure", "names_figure", "overhead_figure", "save", "staleness_figure", "style", "svg",
    "topology_figure", "write_figures",
]  # fmt: skip


def draw_figures(
    measurements: Measurements, topology: TopologyView | None = None
) -> dict[str, Figure]:
    """Draw every figure that the run has something to show in, by file name without suffix."""
    with style():
        drawn = {
            "topology": topology_figure(
                topology, measurements.links, measurements.meta.simulated
            ) if topology is not None else None,
            "latency": latency_figure(measurements),
            "overhead": overhead_figure(measurements),
            "names": names_figure(measurements),
            "beliefs": beliefs_figure(measurements),
            "convergence": convergence_figure(measurements),
            "fates": fates_figure(measurements),
        }  # fmt: skip
    return {name: figure for name, figure in drawn.items() if figure is not None}


def write_figures(
    folder: Path, measurements: Measurements, topology: TopologyView | None = None
) -> None:
    """Write every figure as PNG and SVG into ``folder``, which is made."""
    folder.mkdir()
    for name, figure in draw_figures(measurements, topology).items():
        save(figure, folder / name)
