"""The gossip section: every setting can be named, and means what the dataclass says."""

from __future__ import annotations

import dataclasses

import pytest
from scenario_reading import problem, read

from overlaysim.gossip import LAN, LOCAL, WAN, GossipSettings
from overlaysim.scenario.build import build_world
from overlaysim.scenario.gossip_keys import GOSSIP, PROFILES, gossip_settings
from overlaysim.scenario.nodes import ProblemLog, from_values
from overlaysim.scenario.session import Session
from overlaysim.units import MS, SECOND


def settings(text: str) -> GossipSettings:
    return read(f"name: x\ngossip: {{{text}}}\n").gossip


def test_docker_runs_the_lan_profile() -> None:
    assert read("name: x\n").gossip == LAN
    assert [settings(f"profile: {name}") for name in ("lan", "wan", "local")] == [LAN, WAN, LOCAL]


def test_what_is_written_changes_the_profile_and_nothing_else() -> None:
    assert settings("profile: wan, probe_interval: 2 s, rejoin: dropping, lifeguard: off") == (
        dataclasses.replace(WAN, probe_interval=2 * SECOND, rejoin_hides=False, lifeguard=False)
    )
    assert settings(
        "reconnect: off, bootstrap_rejoin: off, fan_out: 5, packet_budget: 900 B, "
        "indirect_probes: 0, dead_node_reclaim: 30 s, lifeguard: on, gossip_interval: 50 ms"
    ) == dataclasses.replace(
        LAN, reconnect=False, bootstrap_rejoin=False, fan_out=5, packet_budget=900,
        indirect_probes=0, dead_node_reclaim=30 * SECOND, gossip_interval=50 * MS,
    )  # fmt: skip


def test_every_setting_has_a_key_and_its_default_means_its_value() -> None:
    for setting in dataclasses.fields(GossipSettings):
        key = "rejoin" if setting.name == "rejoin_hides" else setting.name
        field = GOSSIP.field(key)
        assert setting.metadata["about"] in field.help
        if field.default is None:
            values = {getattr(profile, setting.name) for profile in PROFILES.values()}
            assert len(values) > 1
            continue
        log = ProblemLog("x")
        record = GOSSIP.read(from_values({key: field.default}), "", log)
        assert len(log) == 0
        assert gossip_settings(record) == LAN


def test_the_help_tells_what_each_profile_has() -> None:
    assert GOSSIP.field("probe_interval").help.endswith("; lan 1.000 s, wan 5.000 s, local 1.000 s")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("profile: LAN", '2:19: gossip.profile: "LAN" is not one of lan, wan, local; '
         "did you mean lan?"),
        ("lifeguard: maybe", '2:21: gossip.lifeguard: "maybe" is not on or off'),
        ("rejoin: hide", '2:18: gossip.rejoin: "hide" is not one of hiding, dropping; '
         "did you mean hiding?"),
        ("probe_intervall: 1 s",
         "2:10: gossip.probe_intervall: no such key here; did you mean probe_interval?"),
        ("probe_interval: 0 s",
         '2:26: gossip.probe_interval: "0 s" is no time at all; write more than 0, as in 30 s'),
        ("fan_out: 0",
         '2:19: gossip.fan_out: "0" is not a whole number from 1 to 1000; for example 3'),
    ],
)  # fmt: skip
def test_a_wrong_setting(text: str, message: str) -> None:
    assert problem(f"name: x\ngossip: {{{text}}}\n") == f"x.yml:{message}"


def test_the_hosts_run_with_the_settings() -> None:
    world = build_world(read("name: x\ngossip: {profile: local, fan_out: 2}\n"), trace=False)
    assert world.settings.gossip == dataclasses.replace(LOCAL, fan_out=2)


def test_late_hosts() -> None:
    assert read("name: x\n").late == ()
    assert read("name: x\nlate: [host-c]\n").late == ("host-c",)


def test_managers() -> None:
    scenario = read("name: x\nmanagers: [host-b, host-c]\n")
    session = Session(scenario)
    (note,) = session.execute("host-a", "docker swarm init").notes
    assert note.startswith("(host-b and host-c joined as managers at ")
    rows = session.execute("host-a", "docker node ls").stdout.splitlines()[1:]
    assert [row.split()[-2] for row in rows] == ["Leader", "Reachable", "Reachable"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("managers: [host-e]", '2:11: managers: there is no host "host-e"; did you mean host-c?'),
        ("late: [host-e]", '2:7: late: there is no host "host-e"; did you mean host-c?'),
        ("late: [switch]", "2:7: late: switch is a switch; hosts are host-a, host-b, host-c"),
        ("late: [host-b, host-b]", '2:16: late[1]: "host-b" is there twice'),
        ("late: [host-b]\nswarm: manual", "2:1: late: only for swarm auto; swarm is manual"),
    ],
)
def test_wrong_late_hosts(text: str, message: str) -> None:
    assert problem(f"name: x\n{text}\n") == f"x.yml:{message}"
