"""Open-loop UDP sources: exact instants, Poisson gaps, names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.sim import Streams
from overlaysim.traffic.messages import LookUp, PortUnreachable, Resolved, SendDatagram
from overlaysim.traffic.schedule import (
    HORIZON,
    Constant,
    Fixed,
    Poisson,
    Replay,
    Schedule,
    spacing,
)
from overlaysim.traffic.udp import UdpSource
from overlaysim.units import MS, SECOND
from overlaysim.wire.dns import Record

ADDRESS = "10.0.1.2"
ANSWER = Resolved("web", "A", "NOERROR", (Record("web", "A", 600, ADDRESS),))


def instants(source: UdpSource, now: int = 0, limit: int = 100_000) -> list[int]:
    sent: list[int] = []
    source.start(now)
    while True:
        sent += [now for item in source.take_outbox() if isinstance(item, SendDatagram)]
        due = source.next_timer()
        if source.finished or due is None or len(sent) >= limit:
            return sent
        now = due
        source.on_timer(now)


def source(destination: str = ADDRESS, **changes: Any) -> UdpSource:
    settings = {"gaps": Constant(MS), "sizes": Fixed(1000), "stop": 10 * MS} | changes
    return UdpSource(destination, Schedule(**settings), Streams(3), "x", source_port=40_001)


def test_one_datagram_per_gap_until_just_before_stop() -> None:
    flow = source(start=2 * MS)
    assert instants(flow) == [k * MS for k in range(2, 10)]
    assert (flow.finished, flow.status, flow.sent) == (True, 0, 8)
    assert flow.lines == ["8 datagrams of 1000 B sent, 0 refused"]


@given(rate=st.integers(1, 10**12), size=st.integers(1, 9000), count=st.integers(1, 300))
def test_constant_arrivals_do_not_drift(rate: int, size: int, count: int) -> None:
    flow = source(gaps=Constant(spacing(rate, size)), sizes=Fixed(size), stop=None)
    expected = [k * size * 8 * SECOND // rate for k in range(count)]
    assert instants(flow, limit=count) == [birth for birth in expected if birth < HORIZON]


def test_it_sends_what_the_schedule_says() -> None:
    flow = source(gaps=Poisson(MS), stop=SECOND)
    packets = Schedule(gaps=Poisson(MS), sizes=Fixed(1), stop=SECOND).emissions(Streams(3), "x")
    sent = instants(flow)
    assert sent == [birth for birth, _ in packets.one_by_one()]
    assert len(sent) > 900


def test_datagrams_of_several_sizes_at_one_instant() -> None:
    trace = Replay([0, 0, MS, MS], [40, 900, 0, 40])
    flow = source(gaps=trace, sizes=trace, start=MS, stop=None)
    flow.start(MS)
    assert flow.next_timer() == MS
    sent = []
    while not flow.finished:
        flow.on_timer(flow.next_timer() or 0)
        sent += [item.size for item in flow.take_outbox() if isinstance(item, SendDatagram)]
    assert sent == [40, 900, 0, 40]
    assert flow.lines == ["4 datagrams of 0 to 900 B sent, 0 refused"]


def test_it_waits_for_stop_after_the_last_datagram() -> None:
    flow = source(count=3)
    assert instants(flow) == [0, MS, 2 * MS]
    assert (flow.finished, flow.sent) == (True, 3)
    waiting = source(count=1)
    waiting.start(0)
    assert (waiting.finished, waiting.next_timer()) == (False, 10 * MS)


def test_an_answer_after_stop_is_too_late() -> None:
    flow = source("web")
    flow.start(0)
    flow.take_outbox()
    flow.receive(ANSWER, 10 * MS)
    assert (flow.finished, flow.sent, flow.take_outbox()) == (True, 0, [])


def test_the_name_is_looked_up_once_and_sending_counts_from_the_answer() -> None:
    flow = source("web")
    flow.start(0)
    assert flow.take_outbox() == [LookUp("web", "A")]
    flow.receive(ANSWER, 1500)
    assert flow.take_outbox() == [SendDatagram(ADDRESS, 40_001, 9, 1000)]
    assert flow.next_timer() == MS + 1500
    flow.on_timer(MS + 1500)
    assert flow.take_outbox() == [SendDatagram(ADDRESS, 40_001, 9, 1000)]


@pytest.mark.parametrize("answered", [True, False])
def test_unknown_name(answered: bool) -> None:
    flow = source("web", stop=None)
    flow.start(0)
    flow.take_outbox()
    if answered:
        flow.receive(Resolved("web", "A", "NXDOMAIN"), MS)
    else:
        assert flow.next_timer() == 5 * SECOND
        flow.on_timer(5 * SECOND)
    assert (flow.finished, flow.status, flow.errors) == (True, 1, ["udp: bad address 'web'"])


def test_refusals_are_counted() -> None:
    flow = source()
    flow.start(0)
    flow.receive(PortUnreachable(ADDRESS, 9), 1)
    flow.receive(PortUnreachable(ADDRESS, 10), 1)
    flow.receive(PortUnreachable("10.0.1.9", 9), 1)
    assert flow.refused == 1


def test_interrupt_ends_it_in_good_order() -> None:
    flow = source(stop=None)
    flow.start(0)
    flow.stop(1)
    assert (flow.finished, flow.status, flow.next_timer()) == (True, 0, None)
