"""Other simulators play the same workloads and come to the same answers as ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import ns3_build
import ns3_udp
import peer
import pytest
import simpy_bare
import simpy_idiomatic
from environment import Environment, default_folder
from paths import backwards, links_of

from overlaysim.bench import bulk, measurement
from overlaysim.bench.answers import Result, answers_of
from overlaysim.bench.checks import checks_of
from overlaysim.bench.planes import PLANES
from overlaysim.bench.workloads import Flow, Workload, leaf_spine, line, ping_mesh
from overlaysim.sim import Streams

SMALL = [line(1000), leaf_spine(6000), ping_mesh(300)]
IDS = [workload.name for workload in SMALL]


def outcome(result: Result) -> dict[str, float]:
    """All of a result but the time it took."""
    return {**asdict(result), "cpu": 0.0}


def verdicts(workload: Workload, result: Result) -> list[str]:
    answers = answers_of(workload, result)
    checks = checks_of(workload.name, workload.packets, workload.hosts)
    return [check.verdict(answers[check.what], 1) for check in checks]


def test_simpy_gives_the_right_answers() -> None:
    assert verdicts(line(4000), simpy_bare.play(line(4000), 1)) == ["yes", "yes"]
    assert verdicts(ping_mesh(300), simpy_bare.play(ping_mesh(300), 1)) == ["yes"] * 3


@pytest.mark.parametrize("workload", SMALL, ids=IDS)
def test_both_ways_to_use_simpy_give_the_same(workload: Workload) -> None:
    bare, idiomatic = (program.play(workload, 1) for program in (simpy_bare, simpy_idiomatic))
    assert outcome(bare) == outcome(idiomatic)
    assert bare.created == bare.delivered + bare.dropped
    assert (bare.dropped > 0) == (workload.name == "W2")


@pytest.mark.parametrize("workload", SMALL, ids=IDS)
def test_ours_gives_the_same_to_the_picosecond(
    workload: Workload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the births that our planes draw; nothing else is shared with them."""
    schedules = [flow.schedule for flow in bulk.bulk(workload).flows]

    class Dice:
        def __init__(self, seed: int, flow: Flow) -> None:
            emissions = schedules[flow.number].emissions(Streams(seed), str(flow.number))
            births = [birth for birth, _ in emissions.one_by_one()]
            self._gaps = iter([b - a for a, b in pairwise([0, *births])])

        def expovariate(self, _: float) -> int:
            return next(self._gaps)

    monkeypatch.setattr(simpy_bare, "dice", Dice)
    theirs = outcome(simpy_bare.play(workload, 7))
    assert theirs == outcome(PLANES["event"](workload, 7))
    assert theirs == outcome(PLANES["vector"](workload, 7))


def test_paths_are_as_long_as_the_workload_says() -> None:
    flows = leaf_spine(1).flows
    lengths = [len(links_of(leaf_spine(1), flow)) for flow in flows]
    assert sum(lengths) / len(flows) == pytest.approx(3.789, abs=0.001)


def test_the_way_back_is_the_way_there_from_its_end() -> None:
    there = links_of(line(1), line(1).flows[0])
    assert backwards(there)[0] == (there[-1][1], there[-1][0])
    assert backwards(backwards(there)) == there


def test_nspy_gives_the_same_as_simpy() -> None:
    pytest.importorskip("ns.port.port")
    import nspy

    for workload in SMALL:
        answers = [
            answers_of(workload, program.play(workload, 1)) for program in (simpy_bare, nspy)
        ]
        assert answers[0] == pytest.approx(answers[1])


def test_ns3_gives_the_right_answers() -> None:
    folder = Environment(default_folder()).ns3
    if not ns3_build.program(folder, "udp").exists():
        pytest.skip("run.py has not compiled it")
    player = ns3_udp.Player(folder)
    assert verdicts(line(4000), player.play(line(4000), 1)) == ["yes", "yes"]
    assert verdicts(ping_mesh(300), player.play(ping_mesh(300), 1)) == ["yes"] * 3


def test_ns3_is_told_the_network_and_each_path() -> None:
    said = ns3_udp.description(line(5), 3).splitlines()
    assert said[:3] == ["3 5 2 10000000000 5000000 -1", "1092 1747200 1 0", "4"]
    assert said[-2:] == ["1", "5 0 5 0 2 3 4 1"]


def test_without_a_compiler_ns3_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ns3_build.NotHereError, match="no C\\+\\+ compiler"):
        ns3_build.build(default_folder())


def test_peers_need_nothing_that_they_do_not_measure() -> None:
    """Their interpreter has no package but theirs, and less to load than a user of overlaysim."""
    code = "import sys, peer, paths; print(sorted({'numpy', 'simpy', 'networkx'} & {*sys.modules}))"
    here, root = Path(__file__).parent, Path(__file__).parents[3]
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{here}"},
    )  # fmt: skip
    assert said.stdout == "[]\n"


def test_a_peer_prints_a_line_of_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measurement, "cal_ops_per_second", lambda: 2e6)
    peer.main("SimPy", "4", simpy_bare.play, ["W1", "200", "5"])
    said = json.loads(capsys.readouterr().out)
    assert (said["workload"], said["n"], said["seed"], said["packet_hops"]) == ("W1", 200, 5, 800)
    assert said["score"] == pytest.approx(800 / said["cpu"] / 2e6)
    assert said["answers"]["lost"] == 0
    assert said["peak_rss"] > 2**20
