"""The workloads give the answers they must give. Speed is never asserted: see ``run.py``."""

from __future__ import annotations

from statistics import fmean

import pytest
from frames import TRAFFIC, Traffic
from workloads import leaf_spine_flows, run_leaf_spine, run_line, run_ping_mesh

from overlaysim.units import NS, US
from overlaysim.wire import checksum, decode


@pytest.mark.slow
def test_line_gives_the_exact_mean_of_an_md1_queue() -> None:
    result = run_line(200_000)
    assert result.dropped == 0
    assert result.packet_hops == 800_000
    assert result.mean_us == pytest.approx(23.931, abs=0.03)


def test_leaf_spine_flows_are_those_of_the_generator() -> None:
    assert leaf_spine_flows()[:5] == [(9, 24), (37, 9), (32, 22), (45, 40), (33, 53)]


@pytest.mark.slow
def test_leaf_spine_loses_and_delays_as_other_programs_do() -> None:
    """Ranges from five runs of two other programs; the mean of three of ours lies within."""
    results = [run_leaf_spine(200_000, seed) for seed in (1, 2, 3)]
    assert 0.0467 <= fmean(result.dropped / result.created for result in results) <= 0.0483
    assert 738_300 <= fmean(result.packet_hops for result in results) <= 739_000
    assert 32.6 <= fmean(result.mean_us for result in results) <= 36.9


def test_ping_mesh_answers_every_ping_in_the_same_time() -> None:
    result = run_ping_mesh(seconds=4)
    assert result.dropped == 0
    assert result.packet_hops == 4 * 2450 * 4
    assert list(result.latencies) == [204 * US + 736 * NS] * (4 * 2450)


@pytest.mark.parametrize("traffic", TRAFFIC, ids=lambda traffic: traffic.name)
def test_frames_are_packed_right_and_read_again(traffic: Traffic) -> None:
    """With lengths as they must be, and checksums over which the receiver's test comes out."""
    for packet in traffic.frames(100):
        frame = packet.pack()
        again = decode(frame)
        assert len(frame) == packet.length
        assert again.recomputed().layers == packet.layers
        assert again.payload == bytes(packet.payload)
        assert checksum(frame[14:34]) == 0
        pseudo = frame[26:34] + bytes((0, 17)) + (len(frame) - 34).to_bytes(2)
        assert checksum(pseudo + frame[34:]) == 0
