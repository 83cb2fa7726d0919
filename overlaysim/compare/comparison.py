"""The result of a comparison: what is known, and all forms in which it can be shown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from overlaysim.compare.charts import charts_of
from overlaysim.compare.datagram import Way
from overlaysim.compare.pair import Pair
from overlaysim.compare.points import Balance, Point
from overlaysim.compare.rows import csv_lines
from overlaysim.compare.settings import Settings
from overlaysim.compare.tables import tables_of
from overlaysim.report.charts import Chart
from overlaysim.report.html import html_table
from overlaysim.report.latex import latex_document
from overlaysim.report.run_folder import MANIFEST, PROGRAM, appearing_folder
from overlaysim.report.table import Table, wrap
from overlaysim.units import format_rate
from overlaysim.version import __version__

CONFIDENCE = 0.95

_OUTER_FRAGMENTS = (
    "outer fragments: made by the sending host, as Linux does where the outer DF bit is clear, "
    "although RFC 7348 section 4.3 tells VTEPs not to; --oversize inner fragments the inner packet"
)


@dataclass(frozen=True)
class Comparison:
    """Encapsulations side by side; shows itself as tables in a notebook.

    Attributes:
        settings: what was asked for.
        points: by MTU, outer IP version, encapsulation and mix.
        balances: by encapsulation and outer IP version.
    """

    settings: Settings
    points: tuple[Point, ...]
    balances: tuple[Balance, ...]

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Every quantity that has both an analytic and a simulated value."""
        found = [pair for point in self.points for pair in point.pairs()]
        found += [balance.busiest for balance in self.balances]
        return tuple(pair for pair in found if pair.agrees is not None)

    @property
    def agrees(self) -> bool:
        """Whether no deterministic value differs from its calculation."""
        return all(pair.agrees for pair in self.pairs if not pair.is_random)

    def tables(self) -> list[Table]:
        """The tables, in the order in which they are read."""
        return tables_of(self.settings, self.points, self.balances)

    def text(self) -> str:
        """The tables for a terminal, at most 100 columns wide."""
        blocks = ["\n".join(wrap(self.headline, 100))]
        blocks += ["\n".join(table.lines()) for table in self.tables()]
        blocks.append("\n".join(line for note in self.notes() for line in wrap(note, 100)))
        return "\n\n".join(blocks) + "\n"

    @property
    def headline(self) -> str:
        """What is compared under which conditions, in a line."""
        settings = self.settings
        parts = [
            f"{len(settings.encapsulations)} encapsulations",
            f"IPv{settings.inner} inside",
            f"line {format_rate(settings.rate)}, bottleneck {format_rate(settings.bottleneck)}",
        ]
        if settings.simulate:
            parts.append(f"seed {settings.seed}, {settings.replications} replications")
        return " · ".join(parts)

    def notes(self) -> list[str]:
        """What has to be said about the tables, the verdict last."""
        settings = self.settings
        found = [mix.about for mix in settings.mixes if mix.about]
        found.append(
            "load: as often as plain packets would fill so much of the line; latency: from the "
            "packet's arrival until all of it is at the far end, without propagation"
        )
        if any(Way.OUTER in point.load.ways for point in self.points):
            found.append(_OUTER_FRAGMENTS)
        hashed = "and what identifies a tunnel" if settings.keys else "but no GRE keys or SPIs"
        found.append(
            f"paths: outer addresses, ports and flow label are hashed, {hashed}; the busiest "
            f"of {settings.paths} would have {100 / settings.paths:.4g} % at best"
        )
        if settings.left_out:
            text = ", ".join(f"{name} over IPv{family}" for name, family in settings.left_out)
            found.append(f"not specified, left out: {text}")
        return found + self._verdicts()

    def _verdicts(self) -> list[str]:
        exact = [pair for pair in self.pairs if not pair.is_random]
        estimates = [pair for pair in self.pairs if pair.is_random]
        if not exact:
            return []
        holding = sum(bool(pair.agrees) for pair in exact)
        largest = max(abs(pair.difference or 0) for pair in exact)
        found = [
            f"bytes, rates: {holding} of {len(exact)} simulated values equal the calculated one "
            + ("exactly" if largest == 0 else f"to rounding, within {largest:.0e}")
        ]
        if estimates:
            inside = sum(bool(pair.agrees) for pair in estimates)
            found.append(
                f"latency, paths: {inside} of {len(estimates)} calculated values lie in the "
                f"{100 * CONFIDENCE:.0f} % interval of the simulated one; by chance one in 20 "
                "would not, several together as all meet the same datagrams"
            )
        return found

    # ---- other forms ----------------------------------------------------------------------

    def csv(self) -> str:
        """Every quantity of every point as a line of CSV: long form, with units."""
        return "".join(csv_lines(self.settings, self.points, self.balances))

    def latex(self) -> str:
        """The tables for a paper, with booktabs."""
        return latex_document(self.tables(), [self.headline, *self.notes()])

    def charts(self) -> dict[str, Chart]:
        """What the figures show, by file name without suffix."""
        return charts_of(self.settings, self.points, self.balances)

    def figures(self) -> dict[str, Any]:
        """Draw the charts as matplotlib figures, by file name without suffix."""
        from overlaysim.report.figures.charts import draw  # noqa: PLC0415 (late: matplotlib)

        return {name: draw(chart) for name, chart in self.charts().items()}

    def write(self, folder: Path | str, *, figures: bool = True) -> None:
        """Write report, tables, figures and manifest; the folder appears whole or not at all.

        Raises:
            InputError: the folder cannot be written, or holds other things.
        """
        with appearing_folder(Path(folder)) as partial:
            _write(partial / "report.txt", self.text())
            _write(partial / "compare.csv", self.csv())
            _write(partial / "compare.tex", self.latex())
            if figures:
                from overlaysim.report.figures.paper import save_paper  # noqa: PLC0415 (late)

                (partial / "figures").mkdir()
                for name, figure in self.figures().items():
                    save_paper(figure, partial / "figures" / name)
            files = (path for path in partial.rglob("*") if path.is_file())
            _write(partial / MANIFEST, self._manifest(files, partial))

    def _manifest(self, files: Iterable[Path], folder: Path) -> str:
        content = {
            "program": PROGRAM,
            "version": __version__,
            "settings": self.settings.as_dict(),
            "agrees": self.agrees,
            "files": [*sorted(path.relative_to(folder).as_posix() for path in files), MANIFEST],
        }
        return json.dumps(content, sort_keys=True, indent=2) + "\n"

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes())
        tables = "\n".join(html_table(table) for table in self.tables())
        return f'<div class="overlaysim">\n{tables}\n{notes}</div>'


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
