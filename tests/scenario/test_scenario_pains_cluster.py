"""Pains of clusters: each broken scenario fails where it should, and one change repairs it."""

from __future__ import annotations

import re
from functools import cache

import pytest
from pain_files import FOLDER, path, repair

import overlaysim
from overlaysim.measure import Measurements
from overlaysim.scenario.result import Result
from overlaysim.sim.events import MemberChanged, PeerRemoved

FAILING = {
    "09-split-brain": [
        "resolution(host-d, web, from=215s).correct",
        "resolution(host-a, client, from=215s).correct",
        "members(host-d).active",
    ],
    "09-split-brain-forgotten": [
        "resolution(host-b, web, from=215s).correct",
        "resolution(host-a, client, from=215s).correct",
        "members(host-b).active",
    ],
    "10-overloaded-node": [
        "failed_verdicts().false",
        "resolution(host-f, web, from=70s).missing",
    ],
    "22-subnet-overlap": [
        "ping(client, db).received",
        "ping(worker, files).received",
        "misdelivered(from=client).packets",
    ],
    "23-forwarding-entry": [
        "ping(web, sensor).received",
        "blackholed(reason=no-forwarding-entry).packets",
    ],
    "23-reused-address": [
        "ping(client, db-new).received",
        "misdelivered(from=client).packets",
    ],
}
"""The expectations of each broken scenario that do not hold; all others do."""

REPAIRS = {
    "09-split-brain": (["gossip:", "  bootstrap_rejoin: off"], []),
    "09-split-brain-forgotten": (["  bootstrap_rejoin: off"], []),
    "10-overloaded-node": (["gossip:", "  lifeguard: off"], []),
    "22-subnet-overlap": (
        ["      docker swarm init"],
        ["      docker swarm init --default-addr-pool 10.200.0.0/16"],
    ),
    "23-forwarding-entry": (["  forwarding: exclusive"], ["  forwarding: replace"]),
    "23-reused-address": (["  forwarding: exclusive"], ["  forwarding: replace"]),
}
"""What the repair takes out of the broken file and puts in, empty lines aside."""

TEXTS = sorted({name.removesuffix("-forgotten") for name in FAILING} - {"23-reused-address"})


@cache
def result(name: str, variant: str, seed: int | None = None) -> Result:
    return overlaysim.run(path(name, variant), seed=seed)


def measured(name: str, variant: str) -> Measurements:
    return result(name, variant).measurements


@pytest.mark.parametrize("name", FAILING)
def test_the_broken_variant_fails_where_it_should(name: str) -> None:
    broken = result(name, "broken")
    failing = [e.text.split(" ==")[0].split(" <")[0] for e in broken.expectations if not e.holds]
    assert failing == FAILING[name]
    assert broken.status == 1


@pytest.mark.parametrize("name", FAILING)
def test_the_fixed_variant_holds_what_it_expects(name: str) -> None:
    fixed = result(name, "fixed")
    assert [e.measured for e in fixed.expectations if not e.holds] == []
    assert fixed.status == 0


@pytest.mark.parametrize("name", FAILING)
def test_another_seed_tells_the_same(name: str) -> None:
    assert (result(name, "broken", 12).status, result(name, "fixed", 12).status) == (1, 0)


@pytest.mark.parametrize("name", REPAIRS)
def test_the_repair_is_one_change(name: str) -> None:
    assert repair(name) == REPAIRS[name]


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_names_files_that_exist_and_instants_of_their_runs(name: str) -> None:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    overlaysim (run|show) (\S+)(?: --(?:out|at) (\S+))?", text, re.M)
    runs = {}
    for verb, what, option in commands:
        if verb == "run":
            runs[option] = result(what.split("/")[-1].split(".")[0], what.split(".")[-3])
        else:
            assert int(option.removesuffix("s")) * 10**12 < runs[what].measurements.meta.simulated
    assert len(runs) >= 1


# ---- what the texts say besides ---------------------------------------------------------------


def test_the_restarted_managers_are_found_a_minute_later_at_most() -> None:
    joined = [
        event.at / 10**12
        for event in measured("09-split-brain", "fixed").events
        if isinstance(event, MemberChanged)
        and (event.host, event.member, event.state) == ("host-d", "host-a", "active")
    ]
    assert 146 < joined[-1] <= 146 + 61
    assert round(joined[-1]) == 182


def test_the_overloaded_node_itself_is_the_accuser() -> None:
    false = [v for v in measured("10-overloaded-node", "broken").failures.verdicts if v.false]
    assert len(false) > 10
    assert sum(v.by == "host-f" for v in false) > 0.9 * len(false)


@pytest.mark.parametrize("variant", ["broken", "fixed"])
def test_a_dead_host_is_found_out_as_fast_with_lifeguard(variant: str) -> None:
    found = measured("10-overloaded-node", variant).failures.detections("host-e")
    assert len(found) == 5
    assert all(5.5 < verdict.took / 10**12 < 8 for verdict in found)


def test_the_seventh_task_has_the_databases_address_and_answers_for_it() -> None:
    broken = measured("22-subnet-overlap", "broken")
    (owner,) = broken.owners["10.0.1.13"] - {"db"}
    assert owner.startswith("api.7.")
    ping = broken.latencies.pings["client@host-a", "db"]
    assert (ping.sent, ping.lost, ping.astray) == (8, 3, 5)
    db, files = (s for s in broken.shadows if s.host in ("db", "files"))
    assert (db.sent, db.arrived, dict(db.reached)) == (8, 0, {owner: 5})
    assert (files.sent, files.arrived, dict(files.reached)) == (5, 0, {})
    assert [*db.hosts] == ["host-a", "host-b"]


def test_outside_of_the_overlay_a_ping_is_shorter_by_the_tunnel() -> None:
    fixed = measured("22-subnet-overlap", "fixed")
    assert fixed.shadows == ()
    out, over = (
        min(fixed.latencies.pings["client@host-a", target].latencies)
        for target in ("db", "worker@host-b")
    )
    assert over - out == 1_600_000
    assert {row.length for row in fixed.packets if row.intended == "db"} == {98}


def test_the_learned_entry_ends_300_seconds_after_the_last_answer() -> None:
    (removed,) = [
        event.at / 10**12
        for event in measured("23-forwarding-entry", "broken").events
        if isinstance(event, PeerRemoved) and event.at > 100 * 10**12
    ]
    assert 390 < removed < 390.01


def test_what_is_sent_to_the_reused_address_reaches_its_old_owner() -> None:
    (ping,) = measured("23-reused-address", "broken").latencies.pings.values()
    assert (ping.sent, ping.astray) == (10, 10)
