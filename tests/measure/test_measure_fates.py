from __future__ import annotations

from typing import Any

from measure_fakes import NET, ended_journey, table

from overlaysim.measure import Flow, judge_packets
from overlaysim.sim.events import (
    EndpointAdded,
    EndpointRemoved,
    LookedUp,
    NameAdded,
    NameRemoved,
)

IP, NEW = "10.0.1.2", "10.0.1.9"
CLIENT, WEB, OTHER, MOVED = "client@a", "web@b", "other@c", "web@d"


def asked(at: int, name: str = "web", address: str = IP, **changes: Any) -> LookedUp:
    values: dict[str, Any] = {"qtype": "A", "network": NET, "container": CLIENT, **changes}
    return LookedUp(at=at, took=1, host="a", networks=(NET,), name=name, rcode="NOERROR",
                    answers=(address,), forwarded=False, **values)  # fmt: skip


WEB_AT_IP = [EndpointAdded(0, NET, WEB, IP, "b"), NameAdded(0, NET, "web", IP, "b")]
WEB_MOVES_AND_OTHER_GETS_ITS_ADDRESS = [
    *WEB_AT_IP,
    asked(5),
    NameRemoved(10, NET, "web", IP, "b"),
    EndpointRemoved(10, NET, WEB, IP, "b"),
    EndpointAdded(12, NET, MOVED, NEW, "d"),
    NameAdded(12, NET, "web", NEW, "d"),
    EndpointAdded(20, NET, OTHER, IP, "c"),
    NameAdded(20, NET, "other", IP, "c"),
]


def sent(at: int, intended: str, **changes: Any) -> Any:
    return ended_journey(source=CLIENT, intended=intended, born=at, parts=(0, 0, 0, 0, 0, 1, 0),
                         **changes)  # fmt: skip


def test_a_packet_to_the_old_address_of_a_name_is_meant_for_its_new_one() -> None:
    found = judge_packets(
        table(sent(6, WEB), sent(25, OTHER)), WEB_MOVES_AND_OTHER_GETS_ITS_ADDRESS
    )
    assert found.flows[Flow(CLIENT, WEB, "udp")].right == 1
    astray = found.flows[Flow(CLIENT, MOVED, "udp")]
    assert (astray.right, astray.misdelivered, astray.total) == (0, {OTHER: 1}, 1)
    (fate,) = found.failures
    assert (fate.at, fate.meant, fate.reached, fate.reason) == (26, MOVED, OTHER, "")


def test_a_sender_that_asked_again_means_what_it_asked_for_last() -> None:
    events = [*WEB_MOVES_AND_OTHER_GETS_ITS_ADDRESS, asked(22, "other")]
    found = judge_packets(table(sent(25, OTHER)), events)
    assert found.flows[Flow(CLIENT, OTHER, "udp")].right == 1
    assert found.failures == ()


def test_without_a_look_up_the_owner_of_the_address_is_meant() -> None:
    events = [e for e in WEB_MOVES_AND_OTHER_GETS_ITS_ADDRESS if not isinstance(e, LookedUp)]
    found = judge_packets(table(sent(25, OTHER)), events)
    assert found.flows[Flow(CLIENT, OTHER, "udp")].right == 1


def test_a_packet_of_before_the_look_up_has_nothing_to_do_with_it() -> None:
    events = [
        EndpointAdded(0, NET, OTHER, IP, "c"),
        NameAdded(0, NET, "web", NEW, "d"),
        NameAdded(0, NET, "web", IP, "d"),
        NameRemoved(1, NET, "web", IP, "d"),
        asked(30),
    ]
    found = judge_packets(table(sent(25, OTHER)), events)
    assert found.flows[Flow(CLIENT, OTHER, "udp")].right == 1


def test_the_time_of_the_look_up_itself_comes_before_the_sending() -> None:
    waited = ended_journey(
        source=CLIENT, intended=OTHER, born=20, parts=(10, 0, 0, 0, 0, 1, 0)
    )  # born when the look-up began, which answered at 29
    events = [*WEB_MOVES_AND_OTHER_GETS_ITS_ADDRESS, asked(29)]
    assert list(judge_packets(table(waited), events).flows) == [Flow(CLIENT, MOVED, "udp")]


def test_a_black_hole_has_a_reason_and_a_place_and_the_flow_of_the_name() -> None:
    lost = sent(15, IP, reason="no neighbour")  # the address is nobody's by then
    found = judge_packets(table(lost), WEB_MOVES_AND_OTHER_GETS_ITS_ADDRESS)
    flow = found.flows[Flow(CLIENT, MOVED, "udp")]
    assert flow.blackholed == {("no neighbour", "somewhere"): 1}
    (fate,) = found.failures
    assert (fate.meant, fate.reason, fate.where, fate.reached) == (
        MOVED, "no neighbour", "somewhere", "",
    )  # fmt: skip


def test_a_name_that_nobody_has_any_more_is_meant_itself() -> None:
    events = [*WEB_AT_IP, asked(5, "web.net"), NameRemoved(10, NET, "web", IP, "b"),
              EndpointRemoved(10, NET, WEB, IP, "b")]  # fmt: skip
    found = judge_packets(table(sent(15, IP, reason="no neighbour")), events)
    assert list(found.flows) == [Flow(CLIENT, "web", "udp")]


def test_a_frame_at_the_wrong_host_is_misdelivered_without_any_look_up() -> None:
    found = judge_packets(table(sent(5, WEB, reached=OTHER), sent(6, WEB)), WEB_AT_IP)
    flow = found.flows[Flow(CLIENT, WEB, "udp")]
    assert (flow.right, flow.misdelivered) == (1, {OTHER: 1})


def test_only_packets_of_containers_are_judged() -> None:
    gossip = ended_journey(kind="table", source="host-a", intended="host-b")
    assert judge_packets(table(gossip), []).flows == {}


def test_other_questions_and_names_of_nobodys_networks_say_nothing() -> None:
    events = [*WEB_AT_IP, asked(1, "else"), asked(2, qtype="AAAA"), asked(3, network="")]
    found = judge_packets(table(sent(5, WEB)), events)
    assert found.flows[Flow(CLIENT, WEB, "udp")].right == 1
