"""Overlapping subnets: foretold from the file, warned of, and told in the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import overlaysim
from overlaysim.cli.main import main
from overlaysim.scenario.overlaps import find_overlaps
from overlaysim.scenario.run import load

SCENARIOS = Path(__file__).parents[2] / "scenarios"
BROKEN = SCENARIOS / "pains" / "22-subnet-overlap.broken.overlay.yml"

HEAD = """\
name: overlap
underlay: {{subnet: {underlay}, hosts: [host-a, host-b]}}
timeline:
"""


def scenario(*commands: str, underlay: str = "10.0.1.0/24", init: str = "docker swarm init") -> str:
    lines = "\n".join(f"      {command}" for command in (init, *commands))
    return f"{HEAD.format(underlay=underlay)}  - on: host-a\n    run: |\n{lines}\n"


def found(text: str) -> list[tuple[int, int, str]]:
    """Line, column and the beginning of each warning."""
    overlaps = find_overlaps(load(text, name="test")[0])
    return [(o.line, o.column, o.message.partition(", which")[0]) for o in overlaps]


OVERLAY = "docker network create -d overlay"


@pytest.mark.parametrize(
    ("commands", "warnings"),
    [
        ([f"{OVERLAY} one"], [(7, 7, "network one takes 10.0.1.0/24")]),
        ([f"{OVERLAY} --internal one"], []),  # from there is no way to a host anyway
        (["docker network create lan"], []),  # a local range, which avoids the hosts' own
        (
            ["docker network create --subnet 10.0.0.0/16 lan"],
            [(7, 7, "network lan takes 10.0.0.0/16")],
        ),
        ([f"{OVERLAY} --subnet 10.9.0.0/24 one", f"{OVERLAY} two"],
         [(8, 7, "network two takes 10.0.1.0/24")]),
        ([f"{OVERLAY} --subnet 10.0.1.0/25 one", f"{OVERLAY} two"],
         [(7, 7, "network one takes 10.0.1.0/25")]),  # two goes on with 10.0.2.0/24
        ([f"{OVERLAY} one", "docker network rm one", f"{OVERLAY} two"],
         [(7, 7, "network one takes 10.0.1.0/24"), (9, 7, "network two takes 10.0.1.0/24")]),
        ([f"{OVERLAY} --subnet nonsense one", "docker network inspect one"], []),
        ([f"{OVERLAY} --subnet fd00::/64 one"], []),
        (["docker network create --subnet fd00::/64 lan"], []),
    ],
)  # fmt: skip
def test_the_allocators_rules_say_who_gets_the_range(
    commands: list[str], warnings: list[tuple[int, int, str]]
) -> None:
    assert found(scenario(*commands)) == warnings


@pytest.mark.parametrize(
    ("init", "underlay", "warnings"),
    [
        ("", "10.0.0.0/24", ["network ingress takes 10.0.0.0/24"]),
        ("", "10.0.2.0/24", ["network two takes 10.0.2.0/24"]),
        ("", "10.0.0.0/22", ["network ingress takes 10.0.0.0/24", "network one takes 10.0.1.0/24",
                             "network two takes 10.0.2.0/24"]),
        ("", "10.77.0.0/24", []),
        ("--default-addr-pool 10.77.0.0/16", "10.77.0.0/24",
         ["network ingress takes 10.77.0.0/24"]),
        ("--default-addr-pool 10.76.0.0/16", "10.77.0.0/24", []),
        ("--default-addr-pool 10.77.0.0/16 --default-addr-pool-mask-length 28", "10.77.0.16/28",
         ["network one takes 10.77.0.16/28"]),
        ("--default-addr-pool 10.0.0.0/8 --default-addr-pool-mask-length 31", "10.0.0.0/24", []),
    ],
)  # fmt: skip
def test_pools_decide(init: str, underlay: str, warnings: list[str]) -> None:
    text = scenario(
        f"{OVERLAY} one", f"{OVERLAY} two", underlay=underlay, init=f"docker swarm init {init}"
    )
    assert [message for _, _, message in found(text)] == warnings


def test_without_a_swarm_there_are_no_overlays() -> None:
    assert found(scenario(f"{OVERLAY} one", init="docker ps", underlay="10.0.0.0/16")) == []


def test_a_network_on_another_ones_range_gets_nothing() -> None:
    commands = (f"{OVERLAY} one", f"{OVERLAY} --subnet 10.0.1.128/25 two")
    (overlap,) = find_overlaps(load(scenario(*commands, underlay="10.77.0.0/24"), name="test")[0])
    assert overlap.line == 8
    assert overlap.message.startswith(
        "network two asks for 10.0.1.128/25, which overlaps network one's 10.0.1.0/24"
    )


def test_steps_count_in_the_order_of_their_times_and_failing_ones_not_at_all() -> None:
    text = HEAD.format(underlay="10.0.1.0/24") + (
        "  - {on: host-a, run: docker swarm init}\n"
        f"  - {{at: 20 s, on: host-a, run: {OVERLAY} late}}\n"
        f"  - {{at: 10 s, on: host-a, run: {OVERLAY} early}}\n"
        f"  - {{on: host-a, fails: true, run: {OVERLAY} never}}\n"
    )
    assert found(text) == [(6, 33, "network early takes 10.0.1.0/24")]


def test_only_the_broken_scenario_warns() -> None:
    warned = {path.name for path in SCENARIOS.rglob("*.yml") if find_overlaps(load(path)[0])}
    assert warned == {BROKEN.name}


def test_check_and_run_warn_on_standard_error_and_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "overlap.yml"
    file.write_text(scenario(f"{OVERLAY} one"), encoding="utf-8")
    said = (
        f"{file}:7:7: warning: network one takes 10.0.1.0/24, which overlaps the hosts' own "
        "10.0.1.0/24: its containers do not reach host-a (10.0.1.11) and host-b (10.0.1.12) there; "
        "write another --subnet, or --default-addr-pool for docker swarm init\n"
    )
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr() == (f"{file}: good, 1 warning\n", said)
    out = tmp_path / "run"
    assert main(["run", str(file), "--out", str(out), "--no-figures"]) == 0
    printed = capsys.readouterr()
    assert printed.err == said
    assert "warning, line 7: network one takes 10.0.1.0/24" in printed.out
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert [w.partition(", which")[0] for w in manifest["warnings"]] == [
        "warning, line 7: network one takes 10.0.1.0/24"
    ]
    assert manifest["addresses"] == {"host-a": "10.0.1.11", "host-b": "10.0.1.12"}
    assert str(tmp_path) not in printed.out.replace(f"{out}/", "")  # the same in every folder


def test_the_report_tells_who_is_shadowed_only_where_somebody_is() -> None:
    report = overlaysim.run(BROKEN).report()
    lines = report.splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("shadowed "))
    rows = [line.split("  ") for line in lines[head + 1 : head + 5]]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert [row[:5] for row in cells] == [
        [name, address, "app-overlay", "10.0.1.0/24", "host-a and host-b"]
        for name, address in (
            ("db", "10.0.1.13"), ("files", "10.0.1.14"), ("host-a", "10.0.1.11"),
            ("host-b", "10.0.1.12"),
        )
    ]  # fmt: skip
    assert [row[5:7] for row in cells] == [["8", "0"], ["5", "0"], ["0", "0"], ["0", "0"]]
    assert cells[0][7].startswith("api.7")
    assert [row[7] for row in cells[1:]] == ["nobody", "-", "-"]
    assert "shadowed" not in overlaysim.run(SCENARIOS / "two-networks.overlay.yml").report()


def test_what_is_foretold_comes_about() -> None:
    """The same subnets as the manager gives, for more networks than anybody would write down."""
    commands = [
        f"{OVERLAY} one", f"{OVERLAY} --subnet 10.0.3.0/24 two", f"{OVERLAY} three",
        "docker network rm one", f"{OVERLAY} four", f"{OVERLAY} five",
    ]  # fmt: skip
    text = scenario(*commands, underlay="10.0.0.0/16")
    told = {message.split()[1]: message.split()[3] for _, _, message in found(text)}
    lab = overlaysim.Lab("name: real\nunderlay: {hosts: [host-a]}\n")
    lab["host-a"]("docker swarm init")
    given = {"ingress": "10.0.0.0/24"}
    for command in commands:
        assert lab["host-a"](command).status == 0
        name = command.split()[-1]
        if "create" in command:
            given[name] = str(
                lab["host-a"](
                    "docker network inspect --format '{{(index .IPAM.Config 0).Subnet}}' " + name
                )
            ).strip()
    assert told == given
