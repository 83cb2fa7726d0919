"""The incast workload on a small scale: everything arrives, and no sooner than it can."""

from __future__ import annotations

import pytest

from overlaysim.bench.incast import Incast, run_incast
from overlaysim.traffic.tcp import TcpSettings
from overlaysim.units import SECOND


def test_the_bound_is_the_known_one() -> None:
    """W5 in full: 160 MB in frames of 1452 B (PPP) at 1 Gbit/s."""
    assert Incast().bound == pytest.approx(1.329, abs=0.0005)


@pytest.mark.parametrize("control", ["newreno", "cubic"])
@pytest.mark.parametrize("loss", [0.0, 0.01])
def test_everything_arrives(control: str, loss: float) -> None:
    incast = Incast(
        TcpSettings(congestion_control=control), senders=8, length=150_000, loss=loss, queue=30
    )
    result = run_incast(incast)
    assert result.delivered == 8 * 150_000
    assert incast.bound < result.last_byte < incast.bound + 0.5  # a time-out is 200 ms
    assert set(result.drops) == ({"loss", "queue full"} if loss else {"queue full"})
    assert sum(result.drops.values()) >= 20
    data = -(-150_000 // 1398) * 8
    assert result.packet_hops > 3 * data  # data and acknowledgements, two links each
    assert 0 < result.retransmissions <= 1.2 * sum(result.drops.values())
    assert result.cpu > 0


def test_a_run_repeats_and_can_be_cut_short() -> None:
    incast = Incast(senders=3, length=60_000, loss=0.02)
    first, second = run_incast(incast), run_incast(incast)
    assert (first.last_byte, first.packet_hops, first.drops) == (
        second.last_byte, second.packet_hops, second.drops,
    )  # fmt: skip
    short = run_incast(incast, until=SECOND // 2000)
    assert 0 < short.delivered < 3 * 60_000
    assert short.last_byte <= 0.0005
