from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measure_fakes import echo, ended_journey, table

from overlaysim.errors import ModelError
from overlaysim.measure import Distribution, Flow, measure_latencies

FLOW = Flow("a@host-a", "b@host-b", "udp")


def test_a_flow_counts_and_decomposes_what_arrived() -> None:
    found = measure_latencies(
        table(
            ended_journey(1, parts=(0, 0, 0, 5, 2, 3, 0)),
            ended_journey(2, parts=(0, 0, 0, 7, 2, 3, 0)),
            ended_journey(3, reason="queue full"),
        )
    )
    flow = found.flows[FLOW]
    assert (flow.sent, flow.received, flow.lost, flow.astray) == (3, 2, 1, 0)
    assert flow.parts == (0, 0, 0, 12, 4, 6, 0)
    assert (flow.mean, flow.percentile(50), flow.percentile(100)) == (11, 10, 12)
    assert flow.shares[3] == pytest.approx(12 / 22)


def test_control_packets_are_not_messages() -> None:
    assert not measure_latencies(table(ended_journey(kind="table"))).flows


def test_a_message_arrives_with_its_last_fragment_and_has_its_parts() -> None:
    found = measure_latencies(
        table(
            ended_journey(1, parts=(0, 0, 0, 0, 9, 1, 0), message="m"),
            ended_journey(2, parts=(0, 0, 0, 9, 4, 1, 0), message="m"),
        )
    )
    flow = found.flows[FLOW]
    assert (flow.sent, list(flow.latencies), flow.parts) == (1, [14], (0, 0, 0, 9, 4, 1, 0))


def test_a_message_with_a_lost_fragment_is_lost() -> None:
    fragments = [ended_journey(1, message="m"), ended_journey(2, message="m", reason="mtu")]
    for order in (fragments, fragments[::-1]):
        flow = measure_latencies(table(*order)).flows[FLOW]
        assert (flow.sent, flow.received, flow.lost) == (1, 0, 1)


def test_what_reaches_somebody_else_is_astray_and_no_latency() -> None:
    flow = measure_latencies(table(ended_journey(reached="c@host-c"))).flows[FLOW]
    assert (flow.sent, flow.received, flow.lost, flow.astray) == (1, 0, 0, 1)
    assert flow.percentile(50) is None
    assert flow.mean is None


def test_a_round_trip_adds_the_parts_of_both_ways() -> None:
    found = measure_latencies(table(echo(0, "request", 100, 40), echo(0, "reply", 140, 60)))
    ping = found.pings["a@host-a", "b@host-b"]
    assert (list(ping.latencies), ping.parts) == ([100], (0, 0, 0, 0, 0, 100, 0))


def test_lost_requests_and_lost_replies_are_lost_pings() -> None:
    found = measure_latencies(
        table(
            echo(0, "request", 0, 5, reason="loss"),
            echo(1, "request", 0, 5),
            echo(1, "reply", 5, 5, reason="loss"),
            echo(2, "request", 0, 5),
            echo(3, "request", 0, 5, reached="x@host-c"),
        )
    )
    ping = found.pings["a@host-a", "b@host-b"]
    assert (ping.sent, ping.received, ping.lost, ping.astray) == (4, 0, 3, 1)


def test_a_round_trip_with_time_that_no_part_explains_is_a_bug() -> None:
    with pytest.raises(ModelError, match=r"101 ps has parts of 100 ps"):
        measure_latencies(table(echo(0, "request", 0, 40), echo(0, "reply", 41, 60)))


@pytest.mark.parametrize(
    ("percent", "value"), [(1, 1), (50, 2), (51, 3), (75, 3), (76, 4), (99, 4), (100, 4)]
)
def test_percentiles_are_by_nearest_rank(percent: int, value: int) -> None:
    distribution = Distribution()
    for latency in (4, 2, 1, 3):
        distribution.arrived(latency, (latency, 0, 0, 0, 0, 0, 0))
    assert distribution.percentile(percent) == value


@given(st.lists(st.tuples(*[st.integers(0, 10**15)] * 7), min_size=1, max_size=30))
def test_parts_add_up_to_the_latencies(rows: list[tuple[int, ...]]) -> None:
    found = measure_latencies(table(*(ended_journey(i, parts=p) for i, p in enumerate(rows))))
    flow = found.flows[FLOW]
    assert sum(flow.parts) == sum(flow.latencies) == sum(map(sum, rows))
    assert sum(flow.shares) == pytest.approx(1 if sum(flow.parts) else 0)
    values = sorted(map(sum, rows))
    for percent in range(1, 101):
        value = flow.percentile(percent)
        assert value in values
        assert sum(v <= value for v in values) * 100 >= percent * len(values)
        assert sum(v < value for v in values) * 100 < percent * len(values)


def test_many_at_once_count_as_one_by_one() -> None:
    one_by_one, at_once = Distribution(), Distribution()
    for latency in (3, 1, 2):
        one_by_one.arrived(latency, (0, 0, 0, 0, 0, latency, 0))
    one_by_one.failed(astray=False)
    at_once.arrived_all(array("q", [3, 1, 2]), (0, 0, 0, 0, 0, 6, 0))
    at_once.failed_all(1)
    assert (at_once.sent, at_once.lost, at_once.parts) == (4, 1, one_by_one.parts)
    assert at_once.latencies == one_by_one.latencies == array("q", [1, 2, 3])
    with pytest.raises(ModelError, match="latencies of 4 ps have parts of 3 ps"):
        at_once.arrived_all(array("q", [4]), (0, 0, 0, 0, 0, 3, 0))
