from __future__ import annotations

import pytest
from report_fakes import fake_run

from overlaysim.measure import Measurements, Recorder
from overlaysim.report import ExpectationResult, render_text
from overlaysim.report.sections import ShortNames
from overlaysim.report.table import Table, cut, side_by_side, wrap
from overlaysim.sim import Simulator


@pytest.fixture(scope="module")
def run() -> Measurements:
    return fake_run()


def line_of(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(start))


def test_the_report_says_what_happened(run: Measurements) -> None:
    text = render_text(run, folder="runs/tutorial-7/")
    assert text.startswith("tutorial · seed 7 · 12.000 s simulated · 90 packets · event plane\n")
    assert line_of(text, "ping client -> web").split()[4:8] == ["20", "0", "209.504", "us"]
    assert line_of(text, "udp client -> db").split()[4:6] == ["50", "5"]
    assert line_of(text, "payload").split()[:3] == ["payload", "10", "080"]
    assert line_of(text, "inner headers").split()[-3:] == ["missing", "1", "7.972"]
    assert line_of(text, "web +1").split()[:4] == ["web", "+1", "gains", "10.0.1.2"]
    assert any(line.startswith("web") and "overtaken" in line for line in text.splitlines())
    assert (
        "conservation: 90 packets created = 85 delivered + 5 dropped (queue full 5) + 0 in flight"
        in text
    )
    assert line_of(text, "queue full").split() == ["queue", "full", "data", "host-b->switch", "5"]
    assert "  queue full: a link's drop-tail queue had no room" in text
    assert line_of(text, "docker run").split()[7:9] == ["s", "125"]
    assert text.endswith("report and figures: runs/tutorial-7/\n")


def test_shares_of_the_parts_are_shown_with_their_names(run: Measurements) -> None:
    lines = render_text(run).splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("where the time went"))
    assert lines[head].split()[4:] == [
        "look-up", "arp", "encap", "queue", "transmit", "propagate", "decap", "mean",
    ]  # fmt: skip
    shares = [float(cell) for cell in lines[head + 1].replace("%", "").split()[4:11]]
    assert sum(shares) == pytest.approx(100, abs=0.4)


def test_expectations_are_listed_and_counted(run: Measurements) -> None:
    results = [ExpectationResult("a == 1", "1", True), ExpectationResult("b < 2 s", "3 s", False)]
    text = render_text(run, expectations=results)
    assert line_of(text, "b < 2 s").split() == ["b", "<", "2", "s", "3", "s", "FAILS"]
    assert "expectations: 1 of 2 hold" in text


def test_an_empty_run_shows_only_what_there_is() -> None:
    simulator = Simulator()
    found = Recorder(simulator).finish(
        links=[], in_flight=0, meta={"name": "empty", "version": "1", "complete": False}
    )
    assert render_text(found).splitlines() == [
        "empty · seed 0 · 0.000 s simulated · 0 packets · event plane · interrupted",
        "",
        "conservation: 0 packets created = 0 delivered + 0 dropped + 0 in flight",
    ]


@pytest.mark.parametrize("web", ["w" * 300, "<script>\x1b[31m\nx", "=cmd|'/c calc'!A0"])
def test_no_line_is_too_long_and_no_name_reaches_the_terminal(web: str) -> None:
    text = render_text(fake_run(web), folder="a\x1bb")
    assert max(map(len, text.splitlines())) <= 100
    assert all(char == "\n" or char.isprintable() for char in text)


def test_short_names_are_used_where_they_are_clear() -> None:
    short = ShortNames(["web@a", "db@a", "db@b", "web@a"])
    assert [short(label) for label in ("web@a", "db@a", "host-a")] == ["web", "db@a", "host-a"]


def test_a_table_cuts_its_widest_text_and_never_a_number() -> None:
    table = Table(("name", "count"), (("n" * 50, "1" * 20),))
    line = table.lines(40)[1]
    assert len(line) == 40
    assert line.endswith(" " + "1" * 20)
    assert "…" in line


def test_long_text_is_cut_in_its_middle() -> None:
    assert [len(cut("abcdefghij", width)) for width in range(1, 12)] == [*range(1, 11), 10]
    assert cut("abcdefghij", 5).startswith("ab")
    assert cut("abcdefghij", 5).endswith("ij")


def test_sentences_are_wrapped() -> None:
    lines = wrap("word " * 30 + "x" * 200, 40)
    assert max(map(len, lines)) <= 40
    assert len(lines) == 6


def test_blocks_stand_side_by_side_only_if_they_fit() -> None:
    assert side_by_side(["a"], ["b", "c"], 20) == ["a      b", "       c"]
    assert side_by_side(["a" * 10], ["b" * 10], 20) == ["a" * 10, "", "b" * 10]
