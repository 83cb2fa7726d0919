from __future__ import annotations

import re

import pytest
from report_faults import BACK, CUT, END, FORGOTTEN, HEALED, LATE, NET, faulty_events

from overlaysim.errors import InputError
from overlaysim.report import render_reachability
from overlaysim.sim.events import (
    BeliefAdded,
    BeliefRemoved,
    EndpointAdded,
    EndpointRemoved,
    HostJoinedNetwork,
    HostLeftNetwork,
    NameAdded,
    NameRemoved,
    PeerAdded,
    PeerRemoved,
)
from overlaysim.units import MS, SECOND


def rows(at: int, hosts: int = 5) -> list[list[str]]:
    """The words of the lines of the table, two blanks apart."""
    lines = render_reachability(faulty_events(hosts), at).splitlines()
    return [re.split(r"  +", line.strip()) for line in lines[: lines.index("")]]


def test_the_table_follows_a_fault_through_its_stages() -> None:
    assert [line[-2:] for line in rows(CUT - 1)[1:]] == [["right", "right"], ["yes", "yes"]]
    others, _, cut_off, _ = (line[:2] for line in rows(CUT)[1:])
    assert others == ["host-a, host-b, host-c and host-e", "resolves"]
    assert cut_off == ["host-d", "resolves"]
    assert [line[-5:] for line in rows(CUT)[1:]] == [
        ["right"] * 5,
        ["yes", "yes", "yes", "link down", "yes"],
        ["right"] * 5,
        ["link down", "link down", "link down", "yes", "link down"],
    ]
    assert [line[-5:] for line in rows(FORGOTTEN + SECOND - 1)[1:3]] == [
        ["right", "right", "right", "missing", "right"],
        ["yes", "yes", "yes", "no entry", "yes"],
    ]
    straggling = rows(LATE - 1)
    assert straggling[1][0] == "host-a"
    assert straggling[1][-2:] == ["missing", "right"]
    assert straggling[2][-5:] == ["yes"] * 5
    assert rows(END)[1][0] == "all 5 hosts"


def test_what_gossip_and_the_faults_say_stands_below() -> None:
    text = render_reachability(faulty_events(), HEALED - 1)
    assert "gossip: host-a, host-b, host-c and host-e hold host-d for failed\n" in text
    assert "gossip: host-d holds host-a, host-b, host-c and host-e for failed\n" in text
    assert "fault 1: link host-d switch down, since 20.000 s\n" in text
    assert "missing: a live address is not in it" in text
    assert "stale" not in text
    healed = render_reachability(faulty_events(), BACK)
    assert "gossip: nobody holds anybody for failed\n" in healed
    assert "fault" not in healed


@pytest.mark.parametrize("at", [0, SECOND, 2 * SECOND + 100 * MS, 15 * SECOND, CUT, FORGOTTEN,
                                FORGOTTEN + SECOND, HEALED, BACK, LATE, END])  # fmt: skip
@pytest.mark.parametrize("hosts", [5, 50])
def test_it_fits_on_a_screen(hosts: int, at: int) -> None:
    lines = render_reachability(faulty_events(hosts), at).splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 45


def test_many_hosts_and_names_that_are_alike_are_put_together() -> None:
    head, *table = rows(FORGOTTEN + 3 * SECOND, 50)
    assert head[1:] == ["db +48", "queue"]
    assert table[0] == ["host-6, host-7, host-8, host-9 and 45 more", "resolves", "right",
                        "missing"]  # fmt: skip
    assert table[2] == ["host-d", "resolves", "missing", "right"]


def test_a_narrow_table_keeps_the_names_in_trouble() -> None:
    text = render_reachability(faulty_events(), FORGOTTEN + 2 * SECOND, width=46)
    head, *_ = text.splitlines()
    assert max(map(len, text.splitlines())) <= 46
    assert head.endswith("queue")
    assert "and 4 names that fewer hosts have trouble with\n" in text


A, B = "10.0.1.2", "10.0.1.3"


def small(*more: object, network: str = NET) -> list[object]:
    """Two hosts; web on host-a, which host-b knows and can reach."""
    return [
        HostJoinedNetwork(0, "host-a", network), HostJoinedNetwork(0, "host-b", network),
        EndpointAdded(1, network, "web@host-a", A, "host-a"),
        NameAdded(1, network, "web", A, "host-a"), BeliefAdded(1, "host-a", network, "web", A),
        BeliefAdded(1, "host-b", network, "web", A),
        PeerAdded(1, "host-b", network, A, "host-a"), *more,
    ]  # fmt: skip


def cells(*more: object, at: int = 9) -> list[list[str]]:
    """The cells of host-b's row, one list for each of its two lines."""
    lines = render_reachability(small(*more), at).splitlines()
    start = next(i for i, line in enumerate(lines) if "host-b" in line[:24])
    return [re.split(r"  +", line)[-1:] for line in lines[start : start + 2]]


def test_an_entry_to_the_wrong_host_says_to_which() -> None:
    moved = [EndpointRemoved(2, NET, "web@host-a", A, "host-a"),
             EndpointAdded(2, NET, "new@host-c", A, "host-c")]  # fmt: skip
    assert cells(*moved) == [["right"], ["to host-a"]]
    assert cells(*moved, PeerAdded(3, "host-b", NET, A, "host-c")) == [["right"], ["yes"]]
    both = [PeerAdded(3, "host-b", NET, A, "host-c"), PeerRemoved(4, "host-b", NET, A, "host-c")]
    assert cells(*moved, *both) == [["right"], ["to host-a"]]


def test_stale_wrong_and_both_at_once() -> None:
    gone = NameRemoved(2, NET, "web", A, "host-a")
    assert cells(gone) == [["stale"], ["-"]]
    again = NameAdded(3, NET, "web", B, "host-c")
    assert cells(gone, again)[0] == ["missing+stale"]
    assert cells(gone, again, NameAdded(3, NET, "db", A, "host-c"))[0] != ["missing+stale"]
    text = render_reachability(small(gone, again, NameAdded(3, NET, "db", A, "host-c")), 9)
    assert "missing+wrong" in text
    assert "wrong: an address of somebody else is in it" in text


def test_a_name_of_several_endpoints_counts_those_that_are_reached() -> None:
    second = (
        EndpointAdded(2, NET, "web@host-c", B, "host-c"),
        NameAdded(2, NET, "web", B, "host-c"),
        BeliefAdded(2, "host-b", NET, "web", B),
    )
    assert cells(*second) == [["right"], ["1 of 2"]]


def test_a_virtual_address_has_no_endpoint_to_reach() -> None:
    vip = [NameAdded(2, NET, "api", "10.0.1.9", "host-a"),
           BeliefAdded(2, "host-b", NET, "api", "10.0.1.9")]  # fmt: skip
    text = render_reachability(small(*vip), 9)
    assert "no endpoint (a virtual" in text
    assert cells(*vip) == [["right"], ["-"]]


def test_a_host_that_left_is_named_and_not_judged() -> None:
    text = render_reachability(small(HostLeftNetwork(2, "host-b", NET)), 9)
    assert "host-b  resolves" not in text
    again = HostJoinedNetwork(3, "host-b", NET)
    assert cells(HostLeftNetwork(2, "host-b", NET), again) == [["missing"], ["no entry"]]
    other = HostJoinedNetwork(2, "host-c", "other")
    assert "not in this network: host-c" in render_reachability(small(other), 9)


def test_what_everybody_has_forgotten_is_no_column() -> None:
    forgotten = (
        NameRemoved(2, NET, "web", A, "host-a"),
        *(BeliefRemoved(2, host, NET, "web", A) for host in ("host-a", "host-b")),
    )
    assert "held by host-a and host-b, no names" in render_reachability(small(*forgotten), 9)


def test_local_networks_are_shown_when_asked_for() -> None:
    events = small(network="own@host-a")
    assert render_reachability(events, 9) == "no name in any network at 0.000 s\n"
    assert "own@host-a at 0.000 s" in render_reachability(events, 9, network="own@host-a")


def test_a_network_that_is_not_there() -> None:
    with pytest.raises(InputError, match='"app-overlai" at that time; did you mean app-overlay'):
        render_reachability(small(), 9, network="app-overlai")
    with pytest.raises(InputError, match="there are none"):
        render_reachability([], 9, network="x")


def test_hostile_names_stay_visible_and_short() -> None:
    name = "\x1b[31m\u202e" + "x" * 80
    events = [NameAdded(1, NET, name, A, "host-a"), HostJoinedNetwork(1, "\x1b" * 30, NET)]
    lines = render_reachability(events, 9).splitlines()
    assert all(line.isprintable() and len(line) <= 100 for line in lines)
