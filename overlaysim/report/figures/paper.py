"""Figures for papers: column widths, embedded fonts, vectors, the same bytes in every run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
from matplotlib.figure import Figure

from overlaysim.report.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    style,
)

SINGLE, DOUBLE = 3.5, 7.16
"""Widths in inches of one column and of both (IEEE's two-column papers)."""
PAGE = 9.0
"""The tallest figure that a page takes, in inches."""

_STYLE = Path(__file__).parent.parent / "paper.mplstyle"


class Line(NamedTuple):
    """How one of several curves is drawn: colour, marker and dashes each tell it apart."""

    colour: str
    marker: str
    dashes: str | tuple[int, tuple[float, ...]]


LINES = (
    Line(BLUE, "o", "-"), Line(VERMILION, "s", (0, (5, 1.5))), Line(GREEN, "^", (0, (3, 1, 1, 1))),
    Line(ORANGE, "D", (0, (1, 1))), Line(PURPLE, "v", (0, (5, 1, 1, 1, 1, 1))),
    Line(SKY, "P", (0, (8, 2))),
)  # fmt: skip
"""As many curves as one can tell apart in one set of axes."""
BASELINE = Line(BLACK, "x", (0, (2, 2)))


@contextmanager
def paper_style() -> Iterator[None]:
    """Draw in the style of papers, whatever the user's own matplotlib settings are."""
    with style():
        mpl.rcParams.update(mpl.rc_params_from_file(_STYLE, use_default_template=False))
        yield


def save_paper(figure: Figure, path: Path) -> None:
    """Write ``path`` with the suffixes .pdf, .png and .svg, without dates or versions.

    The layout is worked out once and stays, so that all three look the same.
    """
    nothing = {"CreationDate": None, "Creator": None, "Producer": None}
    with paper_style():
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        for suffix, metadata in (
            ("pdf", nothing), ("png", {"Software": None}), ("svg", {"Date": None, "Creator": None}),
        ):  # fmt: skip
            buffer = BytesIO()
            figure.savefig(buffer, format=suffix, metadata=metadata)
            path.with_name(f"{path.name}.{suffix}").write_bytes(buffer.getvalue())


def lines_for(count: int) -> list[Line]:
    """Styles for so many curves."""
    return [line for line, _ in zip(cycle(LINES), range(count), strict=False)]
