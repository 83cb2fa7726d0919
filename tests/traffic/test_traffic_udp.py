"""Open-loop UDP sources: exact instants, Poisson gaps, names."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from statistics import fmean, pstdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.traffic.messages import LookUp, PortUnreachable, Resolved, SendDatagram
from overlaysim.traffic.udp import UdpSource
from overlaysim.units import MS, SECOND
from overlaysim.wire.dns import Record

ADDRESS = "10.0.1.2"


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
    settings = {"rate": 8_000_000, "size": 1000, "start": 0, "stop": 10 * MS}
    return UdpSource(destination, **(settings | changes))


def test_one_datagram_per_gap_until_just_before_stop() -> None:
    flow = source(start=2 * MS)
    assert instants(flow) == [k * MS for k in range(2, 10)]
    assert (flow.finished, flow.status, flow.sent) == (True, 0, 8)
    assert flow.lines == ["8 datagrams of 1000 B sent, 0 refused"]


@given(rate=st.integers(1, 10**12), size=st.integers(1, 9000), count=st.integers(1, 300))
def test_constant_arrivals_do_not_drift(rate: int, size: int, count: int) -> None:
    sent = instants(source(rate=rate, size=size, stop=None), limit=count)
    assert sent == [k * size * 8 * SECOND // rate for k in range(count)]


def test_poisson_gaps_are_exponential_with_the_same_mean() -> None:
    flow = source(stop=None, arrivals="poisson", rng=Random(3))
    sent = [0, *instants(flow, limit=20_000)]
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    # Mean and deviation of 20 000 exponential gaps of 1 ms: standard errors 0.7 % and about 1.4 %.
    assert fmean(gaps) == pytest.approx(MS, rel=0.03)
    assert pstdev(gaps) == pytest.approx(MS, rel=0.05)


def test_poisson_arrivals_repeat_with_the_seed() -> None:
    first, second = (
        instants(source(arrivals="poisson", rng=Random(3), stop=SECOND)) for _ in range(2)
    )
    assert first == second
    assert len(first) > 500


def test_the_name_is_looked_up_once_and_sending_counts_from_the_answer() -> None:
    flow = source("web", source_port=40_001, destination_port=9)
    flow.start(0)
    assert flow.take_outbox() == [LookUp("web", "A")]
    flow.receive(Resolved("web", "A", "NOERROR", (Record("web", "A", 600, ADDRESS),)), 1500)
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
    flow = source(destination_port=9)
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


@pytest.mark.parametrize(
    "wrong", [{"rate": 0}, {"size": 0}, {"arrivals": "poisson"}], ids=["rate", "size", "no rng"]
)
def test_impossible_sources(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"need|at least"):
        source(**wrong)
