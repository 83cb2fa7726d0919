"""What a run gives back: numbers, verdicts, and ways to look at them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from overlaysim.measure import Measurements
from overlaysim.report.capture import CaptureWriter
from overlaysim.report.layout import TopologyView
from overlaysim.report.sections import ExpectationResult
from overlaysim.report.text import render_text


@dataclass(frozen=True, repr=False)
class Result:
    """The result of a run: prints as its report, shows itself in a notebook, writes its folder.

    Attributes:
        measurements: everything that was measured.
        expectations: the ``expect`` lines (and commands that failed unexpectedly), judged.
        topology: what the topology figure shows.
    """

    measurements: Measurements
    expectations: tuple[ExpectationResult, ...]
    topology: TopologyView
    capture: CaptureWriter | None = None

    @property
    def holds(self) -> bool:
        """Whether every expectation holds."""
        return all(expectation.holds for expectation in self.expectations)

    @property
    def status(self) -> int:
        """Exit status: 0 everything holds, 1 an expectation failed."""
        return 0 if self.holds else 1

    def report(self, folder: str | None = None) -> str:
        """The printed report; ``folder`` is named in it as the place of the files."""
        return render_text(self.measurements, expectations=self.expectations, folder=folder)

    def write(self, path: str | Path, *, figures: bool = True) -> None:
        """Write the folder of the run; it appears complete or not at all.

        Raises:
            InputError: the path is taken by something that no run wrote.
        """
        from overlaysim.report.files import write_run_folder  # noqa: PLC0415 (only when asked)

        write_run_folder(
            Path(path), self.measurements, topology=self.topology, figures=figures,
            capture=self.capture, expectations=self.expectations,
        )  # fmt: skip

    def __repr__(self) -> str:
        return self.report()

    def _repr_html_(self) -> str:
        from overlaysim.report.figures import draw_figures  # noqa: PLC0415 (matplotlib)
        from overlaysim.report.figures.style import svg  # noqa: PLC0415 (matplotlib)
        from overlaysim.report.html import render_html  # noqa: PLC0415 (only in notebooks)

        drawings = draw_figures(self.measurements, self.topology)
        return render_html(
            self.measurements,
            expectations=self.expectations,
            figures=[svg(figure) for figure in drawings.values()],
        )
