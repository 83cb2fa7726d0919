"""Figures for papers: what they show, their size, and that their bytes repeat."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import matplotlib as mpl
import pytest

from overlaysim.report.charts import (
    Curve,
    CurveChart,
    Dot,
    DotChart,
    Mark,
    Scale,
    Stack,
    StackChart,
)
from overlaysim.report.figures.charts import draw
from overlaysim.report.figures.paper import DOUBLE, PAGE, SINGLE, save_paper

STACKS = StackChart(
    {"IPv4": [Stack("vxlan", {"outer IP": 20, "header": 30}, "50"), Stack("none", {}, "0")]},
    "bytes",
)
DOTS = DotChart({"paths": [Dot("gre", 100, 100), Dot("vxlan", 31, 33, 2)]}, "%", (25, "even"))
SCALE = Scale("payload", "efficiency", ticks=(16, 32, 64))


def curve(name: str, height: float, *marks: Mark) -> Curve:
    return Curve(name, (16.0, 32.0, 64.0), (height, height + 1, height + 2), marks)


def words(figure: object) -> set[str]:
    return {text.get_text() for text in figure.findobj(mpl.text.Text)}  # type: ignore[attr-defined]


def test_stacks_add_up_and_go_from_short_to_long() -> None:
    figure = draw(STACKS)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["none", "vxlan"]
    assert max(bar.get_x() + bar.get_width() for bar in axes.patches) == 50
    assert {"50", "0", "outer IP", "header", "bytes"} <= words(figure)
    hatches = {bar.get_hatch() for bar in axes.patches}
    assert len(hatches) == 2  # a second channel besides colour


def test_dots_go_from_long_to_short_with_their_intervals() -> None:
    figure = draw(DOTS)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["gre", "vxlan"]
    assert {"calculated", "simulated", "even"} <= words(figure)
    assert [bar.get_width() for bar in axes.patches] == [100, 31]


def test_curves_that_coincide_are_one() -> None:
    curves = [curve("none", 50), curve("vxlan", 30), curve("geneve", 30), curve("gre", 40)]
    figure = draw(CurveChart(curves, "none", SCALE))
    assert {"none", "gre", "vxlan, geneve"} <= words(figure)
    assert len(figure.axes) == 1
    dashes = {str(line.get_linestyle()) for line in figure.axes[0].lines if len(line.get_xdata())}
    assert len(dashes) > 1


def test_more_curves_than_one_can_tell_apart_get_more_panels() -> None:
    curves = [curve("none", 50), *(curve(f"tunnel-{i}", i, Mark(32, i)) for i in range(20))]
    figure = draw(CurveChart(curves, "none", SCALE))
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert len(shown) == 4
    legends = [[text.get_text() for text in axes.get_legend().get_texts()] for axes in shown]
    assert all(legend[0] == "none" and len(legend) <= 7 for legend in legends)
    assert sorted(name for legend in legends for name in legend[1:]) == sorted(
        f"tunnel-{i}" for i in range(20)
    )
    assert legends[0][1:] == [f"tunnel-{i}" for i in (19, 15, 11, 7, 3)]


def test_sizes_are_those_of_columns_and_no_higher_than_a_page() -> None:
    assert draw(STACKS).get_size_inches()[0] == SINGLE
    many = StackChart({"a": [Stack(f"t{i}", {"x": i}, "") for i in range(90)]}, "bytes")
    assert tuple(draw(many).get_size_inches()) == (DOUBLE, PAGE)
    assert draw(CurveChart([curve("a", 1)], "none", SCALE)).get_size_inches()[0] == SINGLE


def test_names_of_users_are_no_formulas() -> None:
    name = "$x_1$ \x1b[31m"
    for chart in (
        StackChart({"a": [Stack(name, {"x": 1}, "1")]}, "bytes"),
        DotChart({"a": [Dot(name, 1)]}, "%"),
        CurveChart([curve(name, 1)], "none", SCALE),
    ):
        figure = draw(chart)
        figure.canvas.draw()
        assert any("$x_1$ \\x1b[31m" in word for word in words(figure))


@pytest.mark.parametrize("chart", [STACKS, DOTS, CurveChart([curve("a", 1)], "a", SCALE)])
def test_files_repeat_to_the_byte_and_embed_their_fonts(chart: object, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        save_paper(draw(chart), tmp_path / folder / "f.1")  # type: ignore[arg-type]
    for suffix in ("pdf", "png", "svg"):
        data = (tmp_path / "one" / f"f.1.{suffix}").read_bytes()
        assert data == (tmp_path / "two" / f"f.1.{suffix}").read_bytes()
        assert b"Matplotlib v" not in data
    pdf = (tmp_path / "one" / "f.1.pdf").read_bytes()
    assert b"CreationDate" not in pdf
    packed = re.findall(rb"stream\r?\n(x.*?)\nendstream", pdf, re.DOTALL)
    streams = [zlib.decompress(data) for data in packed if data[:2] in (b"x\x9c", b"x\xda")]
    everything = pdf + b"".join(streams)
    assert b"/FontFile2" in everything  # TrueType, embedded
    assert b"/Type3" not in everything
