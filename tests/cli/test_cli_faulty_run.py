"""A run with every sort of fault in it repeats itself to the byte, wherever and however started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FAULTY = """\
name: everything-breaks
seed: 5
duration: 75 s
underlay:
  topology: leaf-spine
  spines: 2
  leaves: 2
  hosts: [host-a, host-b, host-c, host-d, host-e]
  convergence: 200 ms
timeline:
  - on: host-a
    run: |
      docker swarm init
      docker network create -d overlay --attachable net
      docker run -d --network net --name web alpine sleep 1000
      docker service create -d --name api --network net --replicas 4 alpine sleep 1000
  - on: host-b
    run: docker run -d --network net --name client alpine sleep 1000
  - {at: 12 s, fault: {churn: {starts: 1/s, stops: 0.5/s, leaves: 0.1/s, joins: 0.2/s,
                               network: net}, for: 30 s}}
  - {at: 14 s, fault: {host: host-c, state: crashed, for: 15 s}}
  - {at: 15 s, fault: {host: host-d, state: frozen, for: 12 s}}
  - {at: 20 s, fault: {partition: [[host-a, host-b], [host-d, host-e]], for: 9 s}}
  - {at: 22 s, fault: {link: [host-b, leaf-1], loss: 20 %, delay: 5 ms, jitter: 3 ms, for: 20 s}}
  - {at: 30 s, fault: {block: [7946/udp, 4789/udp], at: host-e, for: 8 s}}
  - {at: 32 s, fault: {host: host-a, delay: 30 ms, for: 10 s}}
  - at: 13 s
    every: 2 s
    until: 60 s
    on: host-b
    run: docker exec client nslookup api
traffic:
  - {from: client, to: web, kind: ping, interval: 500 ms, start: 12 s, stop: 70 s}
"""


def run(file: Path, folder: Path, cwd: Path, hash_seed: str, *words: str) -> str:
    """Run the scenario in a process of its own; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "overlaysim", "run", file, "--capture", "--out", folder,
         *words],
        cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT),
             "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr  # 1: a command met a fault
    return done.stdout


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same run twice, and once with another seed."""
    base = tmp_path_factory.mktemp("faulty")
    file = base / "faulty.overlay.yml"
    file.write_text(FAULTY, encoding="utf-8")
    places = [
        (base, "1", ()),
        (ROOT / "tests", "2", ()),
        (base, "1", ("--seed", "6", "--no-figures")),
    ]
    folders = [base / f"run-{number}" for number in range(len(places))]
    for folder, (cwd, hash_seed, words) in zip(folders, places, strict=True):
        run(file, folder, cwd, hash_seed, *words)
    return folders


def test_every_byte_of_a_faulty_run_repeats(folders: list[Path]) -> None:
    first, again, other = map(content, folders)
    assert first.keys() == again.keys() > {"events.jsonl", "capture.pcapng", "figures/beliefs.png"}
    assert [name for name in first if first[name] != again[name]] == []
    assert first["events.jsonl"] != other["events.jsonl"]


def test_every_sort_of_fault_was_in_it(folders: list[Path]) -> None:
    lines = (folders[0] / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    began = [event["what"] for event in events if event["event"] == "FaultBegan"]
    ended = [event["what"] for event in events if event["event"] == "FaultEnded"]
    assert len(began) == 8  # two ports are blocked
    assert sorted(ended) == sorted(began)
    for word in ("churn", "crashed", "frozen", "partition", "loss", "blocked", "slow"):
        assert any(word in what for what in began), word
    changes = {event["event"] for event in events}
    assert {"MemberChanged", "NodeChanged", "PeerRemoved", "PathChanged", "LookedUp"} <= changes
