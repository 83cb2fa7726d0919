"""What a report says of bulk traffic."""

from __future__ import annotations

from array import array
from dataclasses import replace
from pathlib import Path

import pytest
from report_fakes import fake_run

from overlaysim.measure import BulkUse, Distribution, LinkUse, Measurements, measure_overhead
from overlaysim.report import render_text, write_run_folder
from overlaysim.report.bulk_section import bulk_rows, bulk_tables
from overlaysim.sim import composition
from overlaysim.units import US


def use(entry: int, source: str, target: str, *, echo: bool = False, lost: int = 1) -> BulkUse:
    """Nine packets that took 1, 2, … 9 us, a third of it in queues, and some that were lost."""
    latency = Distribution()
    times = array("q", [number * US for number in range(1, 10)])
    latency.arrived_all(times, (0, 0, 0, 15 * US, 20 * US, 10 * US, 0))
    latency.failed_all(lost)
    return BulkUse(entry, source, target, echo, latency, {("queue full", "a->b"): lost})


def with_bulk(*flows: BulkUse) -> Measurements:
    made_of = composition("bulk", 1000, 42, 8, 42)
    link = LinkUse("a->b", 10**9, {made_of: 10}, {}, 0, 0, 24)
    run = fake_run()
    return replace(
        run, bulk=flows, links=(*run.links, link), overhead=measure_overhead((*run.links, link)),
        meta=replace(run.meta, plane="event", plane_reason="a reason"),
    )  # fmt: skip


def test_few_flows_have_a_row_each_and_one_for_all() -> None:
    flows = use(0, "host-a", "host-b"), use(1, "host-b", "host-a", echo=True)
    tables = bulk_tables(with_bulk(*flows))
    assert tables is not None
    table, parts = tables
    assert table.rows == (
        ("bulk host-a -> host-b", "10", "1", "5.000 us", "9.000 us", "9.000 us", "9.000 us"),
        ("echo host-b -> host-a", "10", "1", "5.000 us", "9.000 us", "9.000 us", "9.000 us"),
        ("all bulk packets", "20", "2", "5.000 us", "9.000 us", "9.000 us", "9.000 us"),
    )
    assert parts is not None
    assert parts.head == ("where its time went", "queue", "transmit", "propagate", "mean")
    assert parts.rows[0] == ("bulk host-a -> host-b", "33.3 %", "44.4 %", "22.2 %", "5.000 us")


def test_many_flows_share_the_rows_of_their_entries() -> None:
    flows = [use(0, f"host-{n}", "host-x") for n in range(15)]
    rows = bulk_rows(with_bulk(*flows, use(1, "host-x", "host-1"), use(1, "host-x", "host-2")))
    assert [label for label, _ in rows] == ["bulk 15 hosts -> host-x", "bulk host-x -> 2 hosts"]
    assert [d.sent for _, d in rows] == [150, 20]


def test_nothing_arrived() -> None:
    lost = replace(use(0, "host-a", "host-b"), latency=Distribution())
    lost.latency.failed_all(3)
    tables = bulk_tables(with_bulk(lost))
    assert tables is not None
    assert tables[0].rows[0][1:] == ("3", "3", "-", "-", "-", "-")
    assert tables[1] is None


def test_the_report_has_its_lines_and_without_bulk_traffic_none() -> None:
    text = render_text(with_bulk(use(0, "host-a", "host-b", lost=7)))
    assert text.splitlines()[1] == "event plane: a reason"
    assert ["queue", "full", "bulk", "a->b", "7"] in [line.split() for line in text.splitlines()]
    assert "bulk payload" in text
    plain = render_text(fake_run())
    assert "bulk" not in plain
    assert plain.splitlines()[0].endswith("· event plane")


def test_every_flow_is_in_a_file(tmp_path: Path) -> None:
    write_run_folder(tmp_path / "x", with_bulk(use(0, "a", "b", echo=True)), figures=False)
    head, row = (tmp_path / "x" / "bulk.csv").read_text(encoding="utf-8").splitlines()
    assert dict(zip(head.split(","), row.split(","), strict=True)) == {
        "entry": "1", "source": "a", "target": "b", "echo": "yes", "sent": "10",
        "delivered": "9", "lost": "1", "p50_ps": "5000000", "p90_ps": "9000000",
        "p99_ps": "9000000", "max_ps": "9000000", "queue_ps": "15000000",
        "transmit_ps": "20000000", "propagate_ps": "10000000", "drop_reasons": "queue full a->b 1",
    }  # fmt: skip
    write_run_folder(tmp_path / "y", fake_run(), figures=False)
    assert not (tmp_path / "y" / "bulk.csv").exists()


@pytest.mark.parametrize("name", ["latency", "overhead"])
def test_figures_show_bulk_traffic(name: str) -> None:
    from overlaysim.report.figures import draw_figures

    figure = draw_figures(with_bulk(use(0, "host-a", "host-b")))[name]
    texts = [text.get_text() for axes in figure.axes for text in axes.get_yticklabels()]
    assert any(text.startswith("bulk") for text in texts)
