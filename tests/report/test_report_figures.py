from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl
import pytest
from report_fakes import DELAY, RATE, fake_links, fake_run, fake_topology

from overlaysim.measure import Measurements, Recorder
from overlaysim.report import LinkView, TopologyView
from overlaysim.report.figures import (
    draw_figures,
    latency_figure,
    names_figure,
    overhead_figure,
    save,
    style,
    svg,
    topology_figure,
)
from overlaysim.sim import Simulator
from overlaysim.units import SECOND


@pytest.fixture(scope="module")
def run() -> Measurements:
    return fake_run()


def words(figure: object) -> list[str]:
    """Every text in a figure."""
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]  # type: ignore[attr-defined]


def test_the_stacked_parts_of_a_flow_reach_its_mean(run: Measurements) -> None:
    with style():
        figure = latency_figure(run)
    bars = [bar for bar in figure.axes[0].patches if bar.get_width()]
    reach = [max(b.get_x() + b.get_width() for b in bars if round(b.get_y() + 0.31) == row)
             for row in (0, 1)]  # fmt: skip
    flows = sorted((d for name, d in _flows(run)), key=lambda d: -d.received)
    assert reach == pytest.approx([d.mean / 10**6 for d in flows])
    assert {"queueing", "propagation", "99th percentile"} <= set(words(figure))
    assert "decapsulation" not in words(figure)


def _flows(run: Measurements) -> list[tuple[str, object]]:
    from overlaysim.report.sections import flow_rows

    return flow_rows(run)


def test_the_bars_of_the_overhead_are_its_bytes(run: Measurements) -> None:
    with style():
        figure = overhead_figure(run)
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    assert widths == [size for size in run.overhead.total.values() if size]
    assert any("33.0 % for containers, 67.0 %" in word for word in words(figure))


def test_who_knows_what_when_says_for_how_long_a_host_was_not_right(run: Measurements) -> None:
    with style():
        figure = names_figure(run)
    said = words(figure)
    assert "web in app-overlay" in said
    assert "not right for 2.940 s" in said
    assert [label for label in said if label.startswith("wrong:")]


def test_topology_writes_use_on_links_and_containers_on_hosts(run: Measurements) -> None:
    with style():
        figure = topology_figure(fake_topology(), run.links, run.meta.simulated)
    said = words(figure)
    assert "3 hosts, 1 switch, 3 links of 1 Gbit/s, 50 us" in said
    assert "busy 4.2 %" in said
    assert "web\napi.1.k3xw0…yz2c4f5g7j" in said


def test_unusual_links_say_what_they_are() -> None:
    view = TopologyView(
        ("a", "b", "c"), ("s",),
        (LinkView("a", "s", RATE, DELAY), LinkView("b", "s", RATE, DELAY),
         LinkView("c", "s", RATE // 10, 2 * DELAY)),
    )  # fmt: skip
    with style():
        said = words(topology_figure(view, (), SECOND))
    assert "3 hosts, 1 switch, 3 links of 1 Gbit/s, 50 us unless stated" in said
    assert said.count("100 Mbit/s, 100 us\nbusy 0 %") == 1
    assert said.count("busy 0 %") == 2


def test_a_run_without_anything_has_no_figures() -> None:
    empty = Recorder(Simulator()).finish(
        links=[], in_flight=0, meta={"name": "empty", "version": "1"}
    )
    assert draw_figures(empty) == {}


@pytest.mark.parametrize("name", ["$x_1$ & <script>alert(1)</script>", "a\x1b\nb", "\ud800"])
def test_names_are_text_and_never_markup_or_formulas(name: str) -> None:
    with style():
        figure = names_figure(fake_run(name))
    root = ET.fromstring(svg(figure))
    assert not [element for element in root.iter() if element.tag.endswith("script")]


def test_the_users_own_settings_do_not_change_a_figure(run: Measurements, tmp_path: Path) -> None:
    written = []
    for size in (10, 30):
        with mpl.rc_context({"font.size": size, "svg.hashsalt": None, "savefig.dpi": 72}):
            figure = draw_figures(run)["overhead"]
            save(figure, tmp_path / str(size))
        written.append([(tmp_path / f"{size}.{kind}").read_bytes() for kind in ("png", "svg")])
    assert written[0] == written[1]
    assert b"<dc:date>" not in written[0][1]
    assert b"Matplotlib" not in written[0][0]


def test_routers_and_narrow_links_are_told_apart() -> None:
    links = (LinkView("a", "r", RATE, DELAY), LinkView("b", "r", RATE, DELAY, 1400))
    with style():
        figure = topology_figure(TopologyView(("a", "b"), (), links, routers=("r",)), [], SECOND)
    said = words(figure)
    assert "2 hosts, 1 router, 2 links of 1 Gbit/s, 50 us unless stated" in said
    assert "1 Gbit/s, 50 us, MTU 1400 B\nbusy 0 %" in said
    assert "r" in said


def test_a_large_topology_is_drawn_without_labels() -> None:
    hosts = tuple(f"h{n}" for n in range(60))
    view = TopologyView(hosts, ("s",), tuple(LinkView(h, "s", RATE, DELAY) for h in hosts))
    with style():
        said = words(topology_figure(view, fake_links(), SECOND))
    assert "h0" not in said
    assert "60 hosts, 1 switch, 60 links of 1 Gbit/s, 50 us" in said


def test_reporting_without_figures_does_not_load_matplotlib() -> None:
    code = "import overlaysim.report, sys; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
