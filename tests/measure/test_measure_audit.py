from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measure_fakes import NET

from overlaysim.errors import ModelError
from overlaysim.measure import audit
from overlaysim.measure.truth import Truth
from overlaysim.sim.events import (
    BeliefAdded,
    BeliefRemoved,
    HostJoinedNetwork,
    HostLeftNetwork,
    LookedUp,
    NameAdded,
    NameRemoved,
    NodeChanged,
)

IP, NEW = "10.0.1.2", "10.0.1.9"


def joined(*hosts: str, at: int = 0) -> list[Any]:
    return [HostJoinedNetwork(at, host, NET) for host in hosts]


def asked(at: int, name: str = "web", answers: tuple[str, ...] = (), **changes: Any) -> LookedUp:
    values: dict[str, Any] = {
        "took": 1, "host": "b", "container": "c@b", "networks": (NET,),
        "network": NET if answers else "", "qtype": "A", "rcode": "NOERROR", "forwarded": False,
    }  # fmt: skip
    return LookedUp(at=at, name=name, answers=answers, **{**values, **changes})


def learns(host: str, at: int, address: str = IP, name: str = "web") -> BeliefAdded:
    return BeliefAdded(at, host, NET, name, address)


def test_look_ups_are_judged_by_the_truth_of_their_instant() -> None:
    found = audit(
        [
            asked(5),
            NameAdded(10, NET, "web", IP, "a"),
            asked(11),
            asked(12, answers=(IP,)),
            NameRemoved(20, NET, "web", IP, "a"),
            asked(21, answers=(IP,)),
            NameAdded(30, NET, "web", NEW, "a"),
            asked(31, answers=(IP,)),
        ],
        40,
    )
    assert [lookup.verdict for lookup in found.lookups] == [
        ("correct",), ("missing",), ("correct",), ("stale",), ("missing", "stale"),
    ]  # fmt: skip
    assert found.lookups[-1].expected == (NEW,)
    counts = found.lookup_counts()
    assert (counts["total"], counts["correct"], counts["missing"], counts["stale"]) == (5, 2, 2, 2)
    assert found.lookup_counts(host="a")["total"] == 0
    assert found.lookup_counts(name="WEB.")["total"] == 5


def test_forwarded_names_are_outside_the_judgement_unless_the_truth_knows_them() -> None:
    upstream = {"forwarded": True, "rcode": "NXDOMAIN"}
    found = audit(
        [asked(1, "x.org", **upstream), NameAdded(2, NET, "web", IP, "a"), asked(3, **upstream)], 9
    )
    assert [lookup.verdict for lookup in found.lookups] == [("forwarded",), ("missing",)]


def test_questions_of_other_types_are_not_judged() -> None:
    found = audit([NameAdded(0, NET, "web", IP, "a"), asked(1, qtype="AAAA")], 9)
    assert found.lookups[0].verdict == ()
    assert found.lookup_counts()["missing"] == 0


def test_states_need_no_look_ups() -> None:
    found = audit(
        [
            *joined("a", "b"),
            NameAdded(10, NET, "web", IP, "a"),
            learns("a", 10),
            learns("b", 25),
            NameRemoved(40, NET, "web", IP, "a"),
            BeliefRemoved(40, "a", NET, "web", IP),
            BeliefRemoved(70, "b", NET, "web", IP),
        ],
        100,
    )
    assert [(s.start, s.end, s.verdict[0]) for s in found.spans if s.host == "b"] == [
        (0, 10, "absent"), (10, 25, "missing"), (25, 40, "correct"), (40, 70, "stale"),
        (70, 100, "absent"),
    ]  # fmt: skip
    assert found.time_in_states("a", "web") == {"absent": 70, "correct": 30}
    assert found.time_in_states(name="web")["correct"] == 45


def test_the_order_within_an_instant_does_not_matter_to_states() -> None:
    events = [learns("a", 10), NameAdded(10, NET, "web", IP, "a"), *joined("a", at=10)]
    found = audit(events, 20)
    assert [(s.start, s.end, s.verdict) for s in found.spans] == [(10, 20, ("correct",))]


def test_a_stale_belief_turns_wrong_when_another_name_takes_the_address() -> None:
    found = audit(
        [
            *joined("b"),
            NameAdded(0, NET, "web", IP, "a"),
            learns("b", 0),
            NameRemoved(10, NET, "web", IP, "a"),
            NameAdded(30, NET, "other", IP, "a"),
        ],
        50,
    )
    assert found.time_in_states("b", "web") == {"correct": 10, "stale": 20, "wrong": 20}


def test_convergence_takes_the_first_instant_at_which_enough_hosts_know() -> None:
    found = audit(
        [
            *joined("a", "b", "c", "d"),
            NameAdded(100, NET, "web", IP, "a"),
            learns("a", 100),
            learns("b", 150),
            learns("c", 170),
            learns("d", 400),
        ],
        1000,
    )
    (change,) = found.changes
    assert (change.p50, change.p99, change.p100) == (50, 300, 300)
    assert (change.outcome, change.what, change.host) == ("converged", "gains 10.0.1.2", "a")


def test_99_percent_of_200_hosts_are_198() -> None:
    hosts = [f"h{n}" for n in range(200)]
    events = [*joined(*hosts), NameAdded(0, NET, "web", IP, "h0")]
    events += [learns(host, n) for n, host in enumerate(hosts)]
    (change,) = audit(events, 1000).changes
    assert (change.p50, change.p99, change.p100) == (99, 197, 199)


def test_a_change_is_superseded_by_the_next_and_open_at_the_end() -> None:
    found = audit(
        [
            *joined("a", "b"),
            NameAdded(0, NET, "web", IP, "a"),
            learns("a", 0),
            NameAdded(50, NET, "web", NEW, "a"),
            learns("a", 60, NEW),
        ],
        100,
    )
    first, second = found.changes
    assert (first.p50, first.p100, first.outcome) == (0, None, "superseded")
    assert (second.p50, second.p100, second.outcome) == (10, None, "open")


def test_what_happens_to_a_name_at_one_instant_is_one_change() -> None:
    events = [
        *joined("a"),
        NameAdded(5, NET, "tasks.api", IP, "a"),
        NameAdded(5, NET, "tasks.api", NEW, "b"),
    ]
    (change,) = audit(events, 10).changes
    assert change.what == "gains 10.0.1.2, gains 10.0.1.9"


def test_a_host_that_leaves_no_longer_holds_others_up() -> None:
    found = audit(
        [
            *joined("a", "b"),
            NameAdded(10, NET, "web", IP, "a"),
            learns("a", 10),
            HostLeftNetwork(40, "b", NET),
            HostJoinedNetwork(60, "b", NET),
        ],
        80,
    )
    assert found.changes[0].p100 == 30
    assert found.time_in_states("b", "web") == {"absent": 10, "missing": 30 + 20}


def test_a_change_that_nobody_holds_stays_open() -> None:
    (change,) = audit([NameAdded(10, NET, "web", IP, "a")], 20).changes
    assert (change.p50, change.outcome) == (None, "open")


def test_events_out_of_order_are_refused() -> None:
    with pytest.raises(ModelError, match="an event at 5 ps comes after one at 10 ps"):
        audit([learns("a", 10), learns("a", 5)], 20)


def test_other_events_are_passed_over() -> None:
    assert audit([NodeChanged(99, "a", "ready")], 5).spans == ()


HOSTS, NAMES, ADDRESSES = ("a", "b", "c"), ("web", "api"), (IP, NEW, "10.0.1.5")
one_event = st.one_of(
    st.builds(NameAdded, st.integers(0, 9), st.just(NET), st.sampled_from(NAMES),
              st.sampled_from(ADDRESSES), st.just("a")),
    st.builds(NameRemoved, st.integers(0, 9), st.just(NET), st.sampled_from(NAMES),
              st.sampled_from(ADDRESSES), st.just("a")),
    st.builds(BeliefAdded, st.integers(0, 9), st.sampled_from(HOSTS), st.just(NET),
              st.sampled_from(NAMES), st.sampled_from(ADDRESSES)),
    st.builds(BeliefRemoved, st.integers(0, 9), st.sampled_from(HOSTS), st.just(NET),
              st.sampled_from(NAMES), st.sampled_from(ADDRESSES)),
    st.builds(HostJoinedNetwork, st.integers(0, 9), st.sampled_from(HOSTS), st.just(NET)),
    st.builds(HostLeftNetwork, st.integers(0, 9), st.sampled_from(HOSTS), st.just(NET)),
)  # fmt: skip


def in_time_order(steps: list[Any]) -> list[Any]:
    """Turn each event's ``at`` from a wait into an instant."""
    now, events = 0, []
    for step in steps:
        now += step.at
        events.append(replace(step, at=now))
    return events


@given(st.lists(one_event, max_size=40), st.integers(0, 20))
def test_times_in_states_add_up_to_the_time_the_network_was_held(
    steps: list[Any], rest: int
) -> None:
    mentioned = [BeliefRemoved(0, "nobody", NET, name, IP) for name in NAMES]
    events = [*mentioned, *in_time_order(steps)]
    end = events[-1].at + rest
    found = audit(events, end)
    for host in HOSTS:
        held = _held(events, host, end)
        for name in NAMES:
            spans = [s for s in found.spans if (s.host, s.name) == (host, name)]
            assert sum(s.end - s.start for s in spans) == sum(b - a for a, b in held)
            assert all(a.end <= b.start for a, b in pairwise(spans))
            assert all(any(a <= s.start and s.end <= b for a, b in held) for s in spans)


def _held(events: list[Any], host: str, end: int) -> list[tuple[int, int]]:
    """The intervals during which a host held the network, found the plain way."""
    intervals, since = [], None
    for event in events:
        if isinstance(event, HostJoinedNetwork) and event.host == host and since is None:
            since = event.at
        if isinstance(event, HostLeftNetwork) and event.host == host and since is not None:
            intervals.append((since, event.at))
            since = None
    return [*intervals, (since, end)] if since is not None else intervals


@given(st.lists(one_event, max_size=40))
def test_spans_agree_with_judging_every_instant_anew(steps: list[Any]) -> None:
    """The plain way: replay all events up to an instant, then compare belief and truth."""
    events = in_time_order(steps)
    end = (events[-1].at if events else 0) + 1
    found = audit(events, end)
    for instant in sorted({event.at for event in events}):
        truth, beliefs, holding = _replay([e for e in events if e.at <= instant])
        states = {
            (s.host, s.name): s.verdict for s in found.spans if s.start <= instant < s.end
        }  # fmt: skip
        for (host, name), verdict in states.items():
            assert host in holding
            assert verdict == truth.judge(NET, name, beliefs.get((host, name), []))


def _replay(events: list[Any]) -> tuple[Truth, dict[tuple[str, str], list[str]], set[str]]:
    truth, beliefs, holding = Truth(), {}, set()
    for event in events:
        match event:
            case NameAdded():
                truth.add(event.at, NET, event.name, event.address)
            case NameRemoved():
                truth.remove(event.at, NET, event.name, event.address)
            case BeliefAdded():
                beliefs.setdefault((event.host, event.name), []).append(event.address)
            case BeliefRemoved():
                old = beliefs.get((event.host, event.name), [])
                beliefs[event.host, event.name] = [a for a in old if a != event.address]
            case HostJoinedNetwork():
                holding.add(event.host)
            case HostLeftNetwork() if event.host in holding:
                holding.discard(event.host)
                beliefs = {k: v for k, v in beliefs.items() if k[0] != event.host}
    return truth, beliefs, holding
