"""``overlaysim show RUN``, on folders written by hand: no simulation is needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from overlaysim.cli.main import main
from overlaysim.report.files import event_line
from overlaysim.sim.events import (
    BeliefAdded,
    BeliefRemoved,
    EndpointAdded,
    FaultBegan,
    HostJoinedNetwork,
    MemberChanged,
    NameAdded,
    PeerAdded,
)
from overlaysim.units import SECOND

NET, IP = "app-overlay", "10.0.1.2"
EVENTS = [
    *(HostJoinedNetwork(0, host, NET) for host in ("host-a", "host-b")),
    EndpointAdded(SECOND, NET, "web@host-a", IP, "host-a"),
    NameAdded(SECOND, NET, "web", IP, "host-a"),
    *(BeliefAdded(SECOND, host, NET, "web", IP) for host in ("host-a", "host-b")),
    PeerAdded(SECOND, "host-b", NET, IP, "host-a"),
    FaultBegan(20 * SECOND, 1, "host-a: daemon frozen", ("host-a",)),
    MemberChanged(26 * SECOND, "host-b", "host-a", "failed"),
    BeliefRemoved(26 * SECOND, "host-b", NET, "web", IP),
]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    manifest = {"program": "overlaysim", "scenario": {"name": "frozen", "sha256": ""}, "seed": 7,
                "simulated_ps": 60 * SECOND}  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "events.jsonl").write_text("".join(map(event_line, EVENTS)))
    return folder


def said(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    assert main(["show", *map(str, words)]) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    assert main(["show", *map(str, words)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    return shown.err


def test_the_end_of_the_run_is_shown(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, run) == (
        "frozen · seed 7 · 60.000 s of 60.000 s\n\n"
        "app-overlay at 60.000 s  web\n"
        "host-a  resolves         right\n"
        "        reaches          yes\n"
        "host-b  resolves         missing\n"
        "        reaches          yes\n\n"
        "resolves: right: the answer is the truth; missing: a live address is not in it\n"
        "reaches, one way: yes, or what stops the frames\n"
        "gossip: host-b holds host-a for failed\n"
        "fault 1: host-a: daemon frozen, since 20.000 s\n"
    )


def test_another_instant_is_shown(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at_30 = said(capsys, run, "--at", "30s")
    assert "30.000 s of 60.000 s" in at_30
    assert "missing" in at_30
    before = said(capsys, run, "--at", "19.999 s", "--network", NET)
    assert "missing" not in before
    assert "fault" not in before
    assert "app-overlay at 0.500 s: held by host-a and host-b, no names" in said(
        capsys, run, "--at", "500 ms", "--network", NET
    )


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("30", '"30" is not a duration; write a number and '),
        ("30 sec", '"30 sec" is not a duration'),
        ("60.001s", '--at "60.001s": the run ended at 60.000 s'),
        ("-1s", '"-1s" is out of range'),
    ],
)
def test_instants_that_are_none(
    run: Path, capsys: pytest.CaptureFixture[str], at: str, message: str
) -> None:
    error = refused(capsys, run, f"--at={at}")
    assert message in error


def test_networks_that_are_not_there(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = refused(capsys, run, "--network", "ap-overlay")
    assert 'no network "ap-overlay" at that time; did you mean app-overlay?' in error


def test_folders_that_are_no_runs(
    tmp_path: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "there is no such folder" in refused(capsys, tmp_path / "none")
    assert "there is no such folder" in refused(capsys, run / "manifest.json")
    assert "is not the folder of a run" in refused(capsys, tmp_path)


@pytest.mark.parametrize(
    "manifest",
    [
        "not json", "[]", "{}", '{"program": "other"}', "[" * 100_000, "\xff",
        '{"program": "overlaysim", "seed": 1, "simulated_ps": "9", "scenario": {"name": "x"}}',
        '{"program": "overlaysim", "seed": 1, "simulated_ps": 9, "scenario": []}',
    ],
    ids=range(8),
)  # fmt: skip
def test_manifests_of_something_else(
    run: Path, capsys: pytest.CaptureFixture[str], manifest: str
) -> None:
    (run / "manifest.json").write_text(manifest, encoding="latin-1")
    assert "is not the folder of a run" in refused(capsys, run)


def test_a_bad_line_of_the_log_is_named(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = run / "events.jsonl"
    log.write_text(log.read_text().replace("NameAdded", "NameAded"))
    error = refused(capsys, run)
    assert "events.jsonl:4:1: event: " in error
    assert "did you mean NameAdded?" in error
    log.unlink()
    assert "events.jsonl: cannot be read: No such file" in refused(capsys, run)


def test_the_prompt_shows_the_present(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.txt"
    script.write_text(
        "docker swarm init\ndocker network create -d overlay --attachable net\n"
        "docker run -d --network net --name web alpine sleep 100\n"
        "on host-b\ndocker run -d --network net --name db alpine sleep 100\n"
        "fault host host-a frozen\nwait 10s\nshow net\nshow nett\n",
        encoding="utf-8",
    )
    assert main(["sh", str(script)]) == 2
    said = capsys.readouterr()
    assert "gossip: host-b and host-c hold host-a for failed\n" in said.out
    assert "did you mean net?" in said.err
