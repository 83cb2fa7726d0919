"""Every file in ``scenarios/`` is good and runs; its expectations hold, and could have failed."""

from __future__ import annotations

from pathlib import Path

import pytest

import overlaysim
from overlaysim.cli.main import main

FOLDER = Path(__file__).parents[2] / "scenarios"
SCENARIOS = sorted(path.name for path in FOLDER.glob("*.overlay.*"))
SCRIPTS = sorted(path.name for path in FOLDER.glob("*.txt"))

CHANGES = {
    "bulk-leaf-spine.overlay.yml": ("convergence: 2 ms", "convergence: 1 ms",
                                    "bulk(host-1, host-7).lost"),
    "gossip-and-bulk.overlay.yml": ("for: 6 s", "for: 1 s", "detection(host-f).p50"),
    "ping-mesh.overlay.yml": ("framing: none", "framing: ethernet", "bulk(all, all).p50"),
    "leaf-spine.overlay.yml": ("convergence: 200 ms", "convergence: 400 ms",
                               "messages(client-a, server-c).lost"),
    "link-cut.overlay.yml": ("for: 6 s", "for: 2 s", "ping(client, web).lost"),
    "scale-and-names.overlay.yml": ("scale api=6", "scale api=2",
                                    "lookups(name=tasks.api).missing"),
    "slow-link.overlay.yml": ("queue: 20 packets", "queue: 40 packets",
                              "latency(source, sink, protocol=udp).max"),
    "tutorial.overlay.yml": ("delay: 50 us", "delay: 300 us",
                             "ping(container-on-host-b, container-on-host-a).rtt_max"),
    "two-networks.overlay.yml": ("--network front --name client", "--network back --name client",
                                 "commands(host=host-c).failed"),
    "what-fits.overlay.yml": ("mtu: 1500 B", "mtu: 1400 B", "ping(client, web).received"),
}  # fmt: skip
"""For each scenario something to change (before, after), and an expectation that then fails."""


def test_there_are_scenarios_and_scripts() -> None:
    assert "tutorial.overlay.yml" in SCENARIOS
    assert "tutorial.txt" in SCRIPTS


def test_the_list_in_the_readme_is_complete() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [name for name in SCENARIOS + SCRIPTS if f"| [{name}]({name}) |" not in text] == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios_are_good(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = FOLDER / name
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: good\n"


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios_hold_what_they_expect(name: str) -> None:
    result = overlaysim.run(FOLDER / name)
    assert [e.measured for e in result.expectations if not e.holds] == []
    assert len(result.expectations) >= 3
    assert result.status == 0


@pytest.mark.parametrize("name", SCENARIOS)
def test_expectations_fail_when_the_world_is_another(name: str) -> None:
    before, after, expectation = CHANGES[name]
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert text.count(before) == 1
    result = overlaysim.run(text.replace(before, after))
    assert result.status == 1
    assert any(e.text.startswith(expectation) for e in result.expectations if not e.holds)


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_run(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sh", str(FOLDER / name)]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "64 bytes from 10.0.1.2: seq=3 ttl=64 time=" in said.out
    assert "   5/5   " in said.out
    assert "conservation: " in said.out
