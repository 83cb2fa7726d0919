"""The printed report."""

from __future__ import annotations

from collections.abc import Sequence

from overlaysim.errors import visible
from overlaysim.measure import Measurements
from overlaysim.report.bulk_section import bulk_tables, plane_line
from overlaysim.report.fault_sections import faults_table, strays_table
from overlaysim.report.sections import (
    ExpectationResult,
    conservation_line,
    convergence_table,
    drops_table,
    expectations_table,
    failures_table,
    headline,
    latency_tables,
    overhead_table,
    resolution_table,
)
from overlaysim.report.shadow_section import shadows_table
from overlaysim.report.table import WIDTH, Table, cut, side_by_side, wrap
from overlaysim.report.transfer_sections import stalled_table, transfers_table


def render_text(
    measurements: Measurements,
    *,
    expectations: Sequence[ExpectationResult] = (),
    folder: str | None = None,
) -> str:
    """Render the report of a run, at most 100 columns wide, ending in a newline.

    Args:
        measurements: the run.
        expectations: the ``expect`` lines, judged.
        folder: where the files of the run lie, if they were written.
    """
    head = (headline(measurements), plane_line(measurements))
    blocks = [[cut(visible(line), WIDTH) for line in head if line]]
    blocks.append([line for w in measurements.meta.warnings for line in wrap(visible(w), WIDTH)])
    latency = latency_tables(measurements) or ()
    blocks += [_lines(table) for table in (*latency, *(bulk_tables(measurements) or ()))]
    blocks.append(_lines(transfers_table(measurements)))
    blocks.append(_lines(stalled_table(measurements)))
    blocks.append(
        side_by_side(_lines(overhead_table(measurements)), _lines(resolution_table(measurements)))
    )
    blocks.append(_lines(convergence_table(measurements)))
    blocks.append(_lines(faults_table(measurements)))
    blocks.append(_lines(strays_table(measurements)))
    blocks.append(_lines(shadows_table(measurements)))
    blocks.append(wrap(visible(conservation_line(measurements)), WIDTH))
    blocks.append(_lines(drops_table(measurements)))
    blocks.append(_lines(failures_table(measurements)))
    blocks.append(_lines(expectations_table(expectations)))
    blocks.append(_ending(expectations, folder))
    return "\n\n".join("\n".join(block) for block in blocks if any(block)) + "\n"


def _lines(table: Table | None) -> list[str]:
    return table.lines() if table else []


def _ending(expectations: Sequence[ExpectationResult], folder: str | None) -> list[str]:
    lines = []
    if expectations:
        holding = sum(e.holds for e in expectations)
        lines.append(f"expectations: {holding} of {len(expectations)} hold")
    if folder is not None:
        lines.append(f"report and figures: {visible(folder)}")
    return lines
