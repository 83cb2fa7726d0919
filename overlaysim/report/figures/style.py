"""One look for all figures, and files that are the same to the byte in every run.

Colours are those of :mod:`overlaysim.report.palette`; a hatch says the same thing a second time for
print in grey.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from overlaysim.errors import visible
from overlaysim.report import palette
from overlaysim.report.table import cut

_STYLE = Path(__file__).parent.parent / "overlaysim.mplstyle"

BLACK, ORANGE, SKY, GREEN = palette.BLACK, palette.ORANGE, palette.SKY, palette.GREEN
YELLOW, BLUE, VERMILION = palette.YELLOW, palette.BLUE, palette.VERMILION
PURPLE, GREY = palette.PURPLE, palette.GREY


class Fill(NamedTuple):
    """How one category is drawn everywhere: colour and hatch."""

    colour: str
    hatch: str


@contextmanager
def style() -> Iterator[None]:
    """Draw in the project's style, whatever the user's own matplotlib settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(mpl.rc_params_from_file(_STYLE, use_default_template=False))
        yield


def new_figure(width: float, height: float) -> Figure:
    """A figure of this size in inches, tied to no window system."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def label(text: str, width: int = 28) -> str:
    """A name as figures write it: nothing invisible in it, and not too long."""
    return cut(visible(text), width)


def svg(figure: Figure) -> str:
    """The figure as an SVG document."""
    buffer = BytesIO()
    with style():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue().decode("utf-8")


def save(figure: Figure, path: Path) -> None:
    """Write ``path`` with the suffixes .png and .svg."""
    with style():
        figure.savefig(path.with_suffix(".png"), format="png", metadata={"Software": None})
    path.with_suffix(".svg").write_text(svg(figure), encoding="utf-8", newline="\n")
