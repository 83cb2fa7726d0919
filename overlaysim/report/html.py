"""The report as a piece of HTML, for notebooks: self-contained, no script, nothing loaded."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

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
from overlaysim.report.table import Table
from overlaysim.report.transfer_sections import stalled_table, transfers_table

_TABLE = "border-collapse:collapse;margin:0.8em 0;font-variant-numeric:tabular-nums"
_CELL = "padding:0.15em 0.8em;border-bottom:1px solid #8884"


def render_html(
    measurements: Measurements,
    *,
    expectations: Sequence[ExpectationResult] = (),
    figures: Sequence[str] = (),
) -> str:
    """Render the report of a run as an HTML fragment; every text of the run is escaped.

    Args:
        measurements: the run.
        expectations: the ``expect`` lines, judged.
        figures: SVG documents drawn by :mod:`overlaysim.report.figures`, shown below the tables.
    """
    tables = [
        *(latency_tables(measurements) or ()),
        *(bulk_tables(measurements) or ()),
        transfers_table(measurements),
        stalled_table(measurements),
        overhead_table(measurements),
        resolution_table(measurements),
        convergence_table(measurements),
        faults_table(measurements),
        strays_table(measurements),
        shadows_table(measurements),
        drops_table(measurements),
        failures_table(measurements),
        expectations_table(expectations),
    ]
    return "\n".join(
        [
            '<div class="overlaysim">',
            f"<p><strong>{_text(headline(measurements))}</strong></p>",
            *([f"<p>{_text(plane)}</p>"] if (plane := plane_line(measurements)) else []),
            *(f"<p>{_text(warning)}</p>" for warning in measurements.meta.warnings),
            *(html_table(table) for table in tables if table is not None),
            f"<p>{_text(conservation_line(measurements))}</p>",
            *(f"<div>{_svg_element(figure)}</div>" for figure in figures),
            "</div>",
        ]
    )


def html_table(table: Table) -> str:
    """A table as an HTML fragment; every text in it is escaped."""
    lines = [
        f'<table style="{_TABLE}">',
        f"<thead>{_row('th', table.head, table.left)}</thead>",
        "<tbody>",
        *(_row("td", row, table.left) for row in table.rows),
        "</tbody></table>",
        *(f"<p>{_text(note)}</p>" for note in table.notes),
    ]
    return "\n".join(lines)


def _row(tag: str, cells: Sequence[str], left: Sequence[int]) -> str:
    return "<tr>" + "".join(_cell(tag, cell, i in left) for i, cell in enumerate(cells)) + "</tr>"


def _cell(tag: str, text: str, left: bool) -> str:
    """A cell; a number keeps its unit on the same line."""
    align = "text-align:left" if left else "text-align:right;white-space:nowrap"
    return f'<{tag} style="{_CELL};{align}">{_text(text)}</{tag}>'


def _text(text: str) -> str:
    return escape(visible(text), quote=True)


def _svg_element(document: str) -> str:
    """The ``<svg>`` element of a document, without the XML prolog that HTML does not know."""
    return document[document.index("<svg") :]
