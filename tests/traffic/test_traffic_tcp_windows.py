"""Time-outs and congestion windows against the RFCs' formulas, worked out by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest

from overlaysim.traffic.tcp.congestion import UNLIMITED, CongestionControl
from overlaysim.traffic.tcp.cubic import ALPHA, Cubic
from overlaysim.traffic.tcp.hystart import HyStart
from overlaysim.traffic.tcp.newreno import NewReno
from overlaysim.traffic.tcp.prr import RateReduction
from overlaysim.traffic.tcp.rtt import RoundTrip
from overlaysim.units import MS, SECOND, US

MSS = 1000
RTT = 100 * MS


def round_trip(least: int = 1) -> RoundTrip:
    return RoundTrip(SECOND, least, 60 * SECOND)


def test_rto_follows_rfc_6298() -> None:
    trip = round_trip()
    assert trip.rto == SECOND
    trip.measured(100 * MS)  # SRTT = R, RTTVAR = R/2, RTO = R + 4 R/2
    assert (trip.srtt, trip.rttvar, trip.rto) == (100 * MS, 50 * MS, 300 * MS)
    trip.measured(180 * MS)  # RTTVAR = 3/4 50 + 1/4 |100 - 180| = 57.5; SRTT = 7/8 100 + 1/8 180
    assert (trip.srtt, trip.rttvar) == (110 * MS, 57_500 * US)
    assert trip.rto == 340 * MS
    trip.measured(110 * MS)  # RTTVAR = 3/4 57.5
    assert (trip.srtt, trip.rttvar, trip.rto) == (110 * MS, 43_125 * US, 282_500 * US)
    assert trip.least == 100 * MS


def test_rto_has_bounds_and_doubles() -> None:
    trip = RoundTrip(SECOND, 200 * MS, SECOND)
    trip.measured(2 * MS)
    assert trip.rto == 200 * MS
    for expected in (400, 800, 1000, 1000):
        trip.back_off()
        assert trip.rto == expected * MS
    trip.reset()
    assert trip.rto == 200 * MS


def test_rto_waits_a_tick_when_the_round_trip_is_steady() -> None:
    trip = round_trip()
    for _ in range(200):
        trip.measured(50 * MS)
    assert trip.rto == 51 * MS  # K RTTVAR is next to nothing: G = 1 ms counts


def rounds(control: CongestionControl, count: int, *, start: int = 0, rtt: int = RTT) -> int:
    """Let whole windows be acknowledged, a segment at a time; returns the instant."""
    now = start
    for _ in range(count):
        segments = control.cwnd // MSS
        for number in range(segments):
            control.acknowledged(MSS, control.cwnd, rtt, now + rtt * (number + 1) // segments)
        now += rtt
    return now


def test_slow_start_doubles() -> None:
    for control in (NewReno(MSS, 10), Cubic(MSS, 10, hystart=False)):
        rounds(control, 3)
        assert control.cwnd == 80 * MSS
        assert control.ssthresh == UNLIMITED
        assert control.slow_start_threshold is None


def test_newreno_halves_and_gains_a_segment_per_round_trip() -> None:
    control = NewReno(MSS, 40)
    control.lost(40 * MSS, 0)
    assert (control.cwnd, control.ssthresh) == (20 * MSS, 20 * MSS)
    rounds(control, 5)
    assert control.cwnd == 25 * MSS


def test_a_window_that_is_not_used_does_not_grow() -> None:
    for control in (NewReno(MSS, 10), Cubic(MSS, 10)):
        control.acknowledged(MSS, 4 * MSS, RTT, 0)
        control.ssthresh = control.cwnd
        control.acknowledged(MSS, 8 * MSS, RTT, 0)
        assert control.cwnd == 10 * MSS


def test_a_time_out_begins_with_one_segment_and_lowers_the_threshold_once() -> None:
    control = NewReno(MSS, 40)
    control.timed_out(30 * MSS, 0, again=False)
    assert (control.cwnd, control.ssthresh) == (MSS, 15 * MSS)
    control.timed_out(MSS, 0, again=True)
    assert (control.cwnd, control.ssthresh) == (MSS, 15 * MSS)


def test_no_window_falls_below_two_segments() -> None:
    for control in (NewReno(MSS, 2), Cubic(MSS, 2)):
        control.lost(2 * MSS, 0)
        assert control.cwnd == 2 * MSS


def cubic_after_loss_at(segments: int) -> Cubic:
    control = Cubic(MSS, segments, hystart=False)
    control.lost(segments * MSS, 0)
    return control


def test_cubic_is_back_where_the_loss_was_after_k_seconds() -> None:
    """RFC 9438 figures 1 and 2: from 0.7 W at t = 0 to W at K = cbrt(0.3 W / 0.4)."""
    control = cubic_after_loss_at(1000)
    assert control.cwnd == 700 * MSS
    k = (0.3 * 1000 / 0.4) ** (1 / 3)  # 9.09 s
    now = rounds(control, round(k / 0.1))
    assert control.cwnd / MSS == pytest.approx(1000, rel=0.01)
    rounds(control, 20, start=now)  # and beyond: 0.4 (t - K)^3 more
    assert control.cwnd / MSS == pytest.approx(1000 + 0.4 * 2**3, rel=0.01)


def test_cubic_is_concave_before_and_hardly_grows_where_the_loss_was() -> None:
    control = cubic_after_loss_at(1000)
    windows = []
    now = 0
    for _ in range(9):
        now = rounds(control, 10, start=now)
        windows.append(control.cwnd)
    growth = [after - before for before, after in pairwise(windows)]
    assert growth == sorted(growth, reverse=True)
    assert growth[-1] < 3 * MSS


def test_cubic_is_never_slower_than_the_standard() -> None:
    """RFC 9438 section 4.3: on a short path it gains ALPHA segments per round trip."""
    control = cubic_after_loss_at(20)
    now = 0
    for trips in range(1, 9):
        now = rounds(control, 1, start=now, rtt=MS)
        assert control.cwnd / MSS == pytest.approx(14 + ALPHA * trips, abs=0.2)
    now = rounds(control, 9, start=now, rtt=MS)
    reached = control.cwnd  # from the old window on: one segment per round trip
    rounds(control, 4, start=now, rtt=MS)
    assert (control.cwnd - reached) / MSS == pytest.approx(4, abs=0.3)


def test_cubic_gives_way_when_windows_shrink() -> None:
    """RFC 9438 section 4.7: W_max = 0.85 of the window if that is smaller than the last one."""
    control = cubic_after_loss_at(1000)
    control.lost(600 * MSS, SECOND)
    assert control._w_max == pytest.approx(510)
    assert control.cwnd == 420 * MSS


def test_cubic_grows_by_half_a_window_per_round_trip_at_most() -> None:
    """RFC 9438 section 4.2: the target is at most 1.5 windows away, however late it is."""
    control = cubic_after_loss_at(100)
    control.acknowledged(MSS, control.cwnd, RTT, 0)
    before = control.cwnd
    control.acknowledged(MSS, control.cwnd, RTT, 600 * SECOND)
    assert control.cwnd == before + MSS // 2


def test_cubic_forgets_where_the_loss_was_after_a_time_out() -> None:
    """RFC 9438 section 4.8: K = 0 and W_max is where congestion avoidance begins: 0.4 t^3 more."""
    control = cubic_after_loss_at(1000)
    control.timed_out(700 * MSS, 0, again=False)
    assert (control.cwnd, control.ssthresh) == (MSS, 490 * MSS)
    control.cwnd = control.ssthresh
    rounds(control, 50)
    assert control.cwnd / MSS == pytest.approx(490 + 0.4 * 5**3, rel=0.01)


def test_hystart_leaves_slow_start_when_round_trips_grow() -> None:
    """RFC 9406: 10 of 20 ms rounds, then longer by more than 4 ms: a quarter of the growth for
    five rounds, then congestion avoidance."""
    control = Cubic(MSS, 10)
    now = rounds(control, 2, rtt=20 * MS)
    assert control.cwnd == 40 * MSS
    now = rounds(control, 1, start=now, rtt=25 * MS)  # 8 samples until it is noticed
    assert control.cwnd == 40 * MSS + 7 * MSS + 33 * MSS // 4
    for _ in range(6):
        now = rounds(control, 1, start=now, rtt=25 * MS)
    assert control.ssthresh <= control.cwnd < 200 * MSS


def test_hystart_goes_on_when_it_was_chance() -> None:
    hystart = HyStart()
    grown = [hystart.growth(MSS, 8 * MSS, MSS, rtt * MS) for rtt in [20] * 8 + [25] * 8 + [21] * 8]
    assert grown[:15] == [MSS] * 15
    assert grown[15] == MSS // 4
    assert grown[-1] == MSS
    assert not hystart.over


def test_rate_reduction_sends_one_for_two_and_ends_at_the_threshold() -> None:
    """RFC 6937 section 4: 20 segments outstanding, one of them lost, NewReno: ssthresh 10."""
    reduction = RateReduction(20 * MSS, 10 * MSS, MSS, sent=0)
    pipe, sent, rates = 19 * MSS, 0, []
    for _ in range(19):
        pipe -= MSS
        window = reduction.window(MSS, pipe, sent, safe=False)
        allowed = (window - pipe) // MSS
        rates.append(allowed)
        pipe += allowed * MSS
        sent += allowed * MSS
    assert rates[:14] == [1, 0] + [0, 1] * 6  # the first one goes at once
    assert pipe == 10 * MSS


def test_rate_reduction_after_many_losses_sends_what_arrives() -> None:
    """Of 20 outstanding 15 are lost: below the threshold one goes for each that arrives, and one
    more where the network is safe."""
    for safe, grown in ((False, 1), (True, 2)):
        reduction = RateReduction(20 * MSS, 10 * MSS, MSS, sent=0)
        assert reduction.window(MSS, 4 * MSS, 0, safe=False) == 5 * MSS
        assert reduction.window(MSS, 4 * MSS, MSS, safe=safe) == (4 + grown) * MSS
    assert reduction.window(9 * MSS, 9 * MSS, MSS, safe=True) == 10 * MSS
