"""The benchmarks of the gossip give what they measure; how fast is not asserted here."""

from __future__ import annotations

import gc
from pathlib import Path

from overlaysim.bench.changes import Load, run_load
from overlaysim.bench.community import NETWORK, TABLE, Community
from overlaysim.bench.rumour import run_rumour
from overlaysim.bench.runs import capacity, load_lines
from overlaysim.gossip import MemberState
from overlaysim.report.figures.saturation import SaturationPoint, saturation_figure
from overlaysim.sim.memory import long_lived_heap
from overlaysim.units import SECOND


def test_a_community_knows_itself_and_has_nothing_to_tell() -> None:
    community = Community(20, 30)
    nodes = [host.node for host in community.hosts]
    for node in nodes:
        assert len(node.members()) == 20
        assert {node.member_state(other.name) for other in nodes} == {MemberState.ALIVE}
        assert len(node.network_members(NETWORK)) == 20
        assert [key for key, _, _ in node.entries(NETWORK, TABLE)] == community.keys
        assert node.network_ready(NETWORK)
    community.cluster.run(5 * SECOND)
    assert set(community.cluster.datagrams) == {"probe"}


def test_what_all_know_is_one_set_of_objects() -> None:
    first, second = (host.node for host in Community(2, 1).hosts)
    records = [node._tables.networks[NETWORK].entries.get((TABLE, f"{0:064x}"))
               for node in (first, second)]  # fmt: skip
    assert records[0] is records[1]


def test_w4_gives_its_known_numbers() -> None:
    """N x limit x 3 rumours, a ping and an answer per node and second; everybody knows."""
    result = run_rumour(100)
    assert (result.events, result.messages) == (57_600, 15_600)
    assert result.everyone_knows is not None
    assert 0.4 < result.everyone_knows < 1.3
    assert result.false_verdicts == 0
    assert result.score > 0


def test_a_load_is_measured_to_the_last_host() -> None:
    load = Load(hosts=12, names=6, seconds=20, rate=0.5, loss=0.0)
    first, second = run_load(load), run_load(load)
    assert first.changes == second.changes > 3
    assert (first.messages, first.delays) == (second.messages, second.delays)
    heard = len(first.delays)
    assert first.changes - 2 <= heard <= first.changes  # the last ones may be under way
    assert all(0 < delay < 2 for delay in first.delays)
    # Between a host that hears at once and one that hears last, all were behind for a while.
    assert 0 < first.stale_seconds < 11 * max(first.delays)
    assert [sample.at for sample in first.samples] == list(range(1, 21))
    assert first.peak_memory > 2**20
    assert len(list(load_lines([first]))) == 2


def test_more_changes_than_the_packets_hold_pile_up() -> None:
    few, many = (
        run_load(Load(hosts=10, names=400, seconds=15, rate=rate, loss=0.0)) for rate in (0.5, 40)
    )
    assert capacity(10) == 25 / 8
    assert few.samples[-1].longest <= 5
    assert many.samples[-1].queued > 100
    assert many.samples[-1].stale > 10 * few.samples[-1].stale


def test_the_figure_says_what_the_capacity_is(tmp_path: Path) -> None:
    points = [
        SaturationPoint(1, 2.0, 3, 0.3, 1.1),
        SaturationPoint(10, 900.0, 950, 4.0, 20.0),
    ]
    figure = saturation_figure(points, hosts=1000, seconds=60, capacity=capacity(1000))
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert texts == ["1.56 a second: the packets are full"] * 2


def test_the_heap_is_thawed_again() -> None:
    before = gc.get_threshold()
    with long_lived_heap():
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before
