from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl
import pytest
from report_fakes import fake_run
from report_faults import CUT, HEALED, NET, faulty_events, faulty_run

from overlaysim.measure import (
    Measurements,
    Recorder,
    audit,
    judge_packets,
    read_events,
    read_packets,
)
from overlaysim.report import render_html, render_text, write_run_folder
from overlaysim.report.fault_sections import faults_table, strays_table
from overlaysim.report.figures import (
    StalePoint,
    beliefs_figure,
    convergence_figure,
    draw_figures,
    fates_figure,
    staleness_figure,
    style,
    svg,
)
from overlaysim.report.figures.reference import CREATE, nearest_size
from overlaysim.sim import Simulator
from overlaysim.sim.events import FaultBegan, FaultEnded, MemberChanged, NameAdded
from overlaysim.units import SECOND


@pytest.fixture(scope="module")
def run() -> Measurements:
    return faulty_run()


def words(figure: object) -> list[str]:
    """Every text in a figure, each once."""
    texts = figure.findobj(mpl.text.Text)  # type: ignore[attr-defined]
    return list(dict.fromkeys(text.get_text() for text in texts))


# ---- the log -------------------------------------------------------------------------------


def test_the_audit_of_a_log_read_back_is_that_of_the_run(
    run: Measurements, tmp_path: Path
) -> None:  # fmt: skip
    for number, measured in enumerate((run, fake_run())):
        folder = tmp_path / str(number)
        write_run_folder(folder, measured, figures=False)
        events = read_events(folder / "events.jsonl")
        assert events == measured.events
        found = audit(events, measured.meta.simulated)
        assert found == measured.audit
        assert [c.curve for c in found.changes] == [c.curve for c in measured.audit.changes]
        assert judge_packets(read_packets(folder / "packets.csv"), events) == measured.fates


def test_the_curve_of_a_change_counts_the_hosts_that_are_right(run: Measurements) -> None:
    change = run.audit.changes[0]
    times, right, hosts = zip(*change.curve, strict=True)
    assert right == (1, 2, 3, 4, 5)
    assert set(hosts) == {5}
    assert (times[0], times[2], times[-1]) == (0, change.p50, change.p100)


# ---- the printed report --------------------------------------------------------------------


def test_a_fault_has_a_row_of_what_it_did(run: Measurements) -> None:
    table = faults_table(run)
    assert table is not None
    assert table.rows == (
        ("link host-d switch down", "20.000 s", "10 s", "6.05 s", "4", "99.300", "0.000", "0.000",
         "15 s, host-a"),
    )  # fmt: skip
    for text in (render_text(run), render_html(run)):
        assert "names under failure" in text
        assert "15 s, host-a" in text
        assert "mis-delivered" in text
    assert max(map(len, render_text(run).splitlines())) <= 100


def of_events(*events: object, end: int = 60 * SECOND) -> Measurements:
    simulator = Simulator(7)
    recorder = Recorder(simulator)
    for event in events:
        simulator.bus.emit(event)
    simulator.run_to(end)
    return recorder.finish(links=[], in_flight=0, meta={"name": "x", "version": "1"})


def test_faults_that_did_nothing_to_names_are_not_spoken_of() -> None:
    harmless = of_events(FaultBegan(SECOND, 1, "x", ("host-a",)))
    assert faults_table(harmless) is None
    assert "fault" not in render_text(harmless)
    assert faults_table(fake_run()) is None


def test_faults_without_an_end_and_false_verdicts() -> None:
    table = faults_table(
        of_events(
            FaultBegan(SECOND, 1, "host-b crashes", ("host-b",)),
            MemberChanged(7 * SECOND, "host-a", "host-b", "failed"),
            MemberChanged(7 * SECOND, "host-a", "host-c", "failed"),
        )
    )
    assert table is not None
    assert table.rows[0][2:5] == ("on", "6 s", "1")
    assert table.rows[0][-1] == "-"
    assert table.notes[-1] == "once gossip held a host for failed that no fault concerned"


def test_a_host_that_is_never_right_again_is_counted() -> None:
    events = [event for event in faulty_events() if event.at < HEALED]
    table = faults_table(of_events(*events, FaultEnded(HEALED, 1, "x")))
    assert table is not None
    assert table.rows[0][-1] == "not yet, 5 hosts"


def test_many_faults_are_cut_off_with_a_note() -> None:
    faults = [FaultBegan(n * SECOND, n, f"x{n}", ("host-a",)) for n in range(1, 20)]
    verdict = MemberChanged(7 * SECOND, "host-b", "host-a", "failed")
    table = faults_table(of_events(*faults, verdict))
    assert table is not None
    assert len(table.rows) == 12
    assert table.notes[0] == "the first 12 of 19 faults"


def test_packets_gone_astray_are_listed(run: Measurements) -> None:
    table = strays_table(run)
    assert table is not None
    assert table.rows == (("udp client@host-e", "queue@host-d", "db@host-b", "3"),)
    assert strays_table(fake_run()) is None


# ---- figures -------------------------------------------------------------------------------


def test_a_run_without_faults_has_the_figures_that_it_had() -> None:
    assert set(draw_figures(fake_run())) == {"latency", "overhead", "names", "fates"}


def test_the_map_shows_the_worst_name_on_every_host(run: Measurements) -> None:
    with style():
        said = words(beliefs_figure(run))
        named = words(beliefs_figure(run, "DB"))
    assert "Who is right about queue in app-overlay and 1 more name alike" in said
    assert [word for word in said if word.startswith("host-")] == [f"host-{x}" for x in "abcde"]
    assert "not right for 19.090 s" in said
    assert "link host-d switch down" in said
    assert "Who is right about db in app-overlay" in named
    assert beliefs_figure(run, "nobody") is None
    assert beliefs_figure(fake_run()) is None


def test_the_faults_are_shaded_where_they_are(run: Measurements) -> None:
    with style():
        axes = beliefs_figure(run).axes[0]  # type: ignore[union-attr]
    shades = [p.get_extents().transformed(axes.transData.inverted()) for p in axes.patches]
    assert [(round(s.x0), round(s.x1)) for s in shades] == [(CUT // SECOND, HEALED // SECOND)]


def test_a_map_of_many_hosts_keeps_the_worst() -> None:
    with style():
        said = words(beliefs_figure(faulty_run(80)))
    assert "the 60 worst of 80 hosts" in said
    assert len([word for word in said if word.startswith("host-")]) == 60
    assert "host-a" in said


def test_fates_have_a_row_per_cause(run: Measurements) -> None:
    with style():
        said = words(fates_figure(run))
    assert "23 packets that did not reach whom their sender meant" in said
    assert "link down\nat switch->host-d" in said
    assert "reached db@host-b\nmeant for queue@host-d" in said
    assert {"3 packets", "8 packets", "12 packets"} <= set(said)


def test_convergence_stands_beside_the_reference_of_the_nearest_size() -> None:
    with style():
        figure = convergence_figure(faulty_run(20))
    assert figure is not None
    said = words(figure)
    assert "How fast 20 hosts know of a change" in said
    assert "real NetworkDB, 10 nodes, no loss: 5 to 95 % of runs" in said
    assert "mean of 20 changes" in said
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    mean = lines["mean of 20 changes"]
    reached = [x for x, y in zip(mean.get_xdata(), mean.get_ydata(), strict=True) if y == 100]
    assert min(reached) == pytest.approx(0.223, rel=0.02)  # 90 ms and 7 ms for each host but one
    assert convergence_figure(faulty_run()) is None


@pytest.mark.parametrize(
    ("hosts", "size"), [(2, 3), (5, 3), (6, 10), (22, 10), (23, 50), (999, 50)]
)
def test_the_nearest_size_is_by_ratio(hosts: int, size: int) -> None:
    assert nearest_size(hosts) == size


def test_the_reference_grows_with_the_share_and_keeps_its_order() -> None:
    for points in CREATE.values():
        assert list(points) == sorted(points)
        assert all(point.p5 <= point.mean <= point.p95 for point in points)
        assert points[-1].percent == 100


def test_staleness_has_a_line_per_size() -> None:
    points = [StalePoint(loss, size, 1 + loss, 0.1) for loss in (0.0, 0.05) for size in (3, 50)]
    with style():
        figure = staleness_figure(points)
    assert figure is not None
    assert {"3 hosts", "50 hosts"} <= set(words(figure))
    assert staleness_figure([]) is None


def test_hostile_words_of_faults_are_text() -> None:
    hostile = "$x_1$ <script>alert(1)</script>\x1b"
    run = of_events(*(
        FaultBegan(event.at, 1, hostile, event.hosts) if isinstance(event, FaultBegan) else event
        for event in faulty_events()
    ))  # fmt: skip
    drawing = svg(draw_figures(run)["beliefs"])
    assert not [e for e in ET.fromstring(drawing).iter() if e.tag.endswith("script")]
    assert "\x1b" not in render_text(run)


def test_a_name_that_no_host_holds_makes_no_map() -> None:
    run = of_events(FaultBegan(1, 1, "x", ()), NameAdded(2, NET, "web", "10.0.1.2", "host-a"))
    assert set(draw_figures(run)) == set()
