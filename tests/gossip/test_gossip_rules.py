"""One node, fed by hand: what it believes, shows and passes on."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest
from gossip_bench import CREATE, DELETE, JOIN, LEAVE, UPDATE, X_ADDRESS, Bench, table_event
from gossip_cluster import encoded

from overlaysim.gossip import (
    LAN,
    EntryAbsentError,
    EntryDeletedError,
    GossipNode,
    NetworkError,
    NodeState,
    StreamFailed,
    StreamIn,
    StreamReply,
    StreamRequest,
)
from overlaysim.gossip.member_messages import (
    Alive,
    Dead,
    Member,
    MemberState,
    PushPull,
    UserMessage,
)
from overlaysim.gossip.messages import (
    BulkSync,
    Compound,
    NetworkEvent,
    NetworkPushPull,
    NodeEvent,
    NodeEventKind,
    TableEvent,
)
from overlaysim.units import MS, SECOND


def delete_event(time: int, residual: int, key: str = "k") -> TableEvent:
    return table_event(DELETE, key, time, "v", residual=residual)


def write(bench: Bench, call: str, key: str, value: object, network: str = "W") -> None:
    getattr(bench.node, call)(network, "T", key, value, encoded(value), bench.now)


# Acceptance, in the order of NDB/delegate.go handleTableEvent


def test_own_events_coming_back_are_ignored_and_do_not_move_the_clock() -> None:
    bench = Bench()
    bench.event(CREATE, "k", 50, owner="here")
    write(bench, "create_entry", "other", 1)
    assert bench.live() == {"other": 1}
    assert {event.time for event in bench.relayed()} == {1}


def test_rejected_foreign_events_move_the_clock() -> None:
    bench = Bench()
    bench.event(CREATE, "k", 50, network="elsewhere")
    write(bench, "create_entry", "other", 1)
    assert {event.time for event in bench.relayed()} == {52}


def test_events_of_networks_not_joined_or_left_are_ignored() -> None:
    bench = Bench()
    bench.event(CREATE, "k", 5, network="elsewhere")
    bench.node.leave_network("W", 0)
    bench.event(CREATE, "k", 6)
    assert bench.node.entries("elsewhere", "T") == bench.node.entries("W", "T") == []
    assert bench.seen() == []


@pytest.mark.parametrize("owner", ["stranger", "Y", "Z"])
def test_the_owner_must_be_known_as_a_member_of_the_network(owner: str) -> None:
    bench = Bench()
    bench.hear(Alive(1, "Y", "10.0.0.3"), Alive(1, "Z", "10.0.0.4"))  # Y is in no network
    bench.hear(UserMessage(NetworkEvent(JOIN, 2, "Z", "W")))
    bench.hear(UserMessage(NetworkEvent(LEAVE, 3, "Z", "W")))
    bench.event(CREATE, "k", 5, owner=owner)
    assert bench.live() == {}


def test_at_equal_times_the_first_stays() -> None:
    bench = Bench()
    bench.hear(Alive(1, "Y", "10.0.0.3"), UserMessage(NetworkEvent(JOIN, 2, "Y", "W")))
    bench.event(CREATE, "k", 5, "first", owner="Y")
    bench.event(CREATE, "k", 5, "second", owner="X")
    bench.event(UPDATE, "k", 4, "older", owner="X")
    assert bench.node.entries("W", "T") == [("k", "first", "Y")]
    bench.event(UPDATE, "k", 6, "newer", owner="X")
    assert bench.node.entries("W", "T") == [("k", "newer", "X")]


# Relaying


def test_a_stored_event_is_relayed_unchanged() -> None:
    bench = Bench()
    assert bench.node.network_ready("W")
    event = table_event(UPDATE, "k", 7)
    bench.hear(UserMessage(Compound((event,))))
    bench.hear(UserMessage(Compound((event,))))  # no news: not relayed again
    assert bench.relayed() == [event] * 4  # limit 4, one other member


def test_nothing_is_relayed_before_the_join_time_sync_is_over() -> None:
    bench = Bench()
    bench.node.leave_network("W", 0)
    bench.wait(3)
    bench.node.join_network("W", bench.now)  # X is a member now: there is a sync to wait for
    assert not bench.node.network_ready("W")
    bench.event(CREATE, "early", 5)
    assert bench.relayed() == []
    bench.sync()
    assert bench.node.network_ready("W")
    bench.event(CREATE, "late", 6)
    assert {event.key for event in bench.relayed()} == {"late"}


@pytest.mark.parametrize(
    ("by_sync", "residual", "relayed"),
    [
        (False, 1800, False), (True, 1800, True), (True, 301, True), (True, 300, False),
        (True, 0, True),
    ],
)  # fmt: skip
def test_unknown_tombstones_are_relayed_only_while_young_and_synced(
    by_sync: bool, residual: int, relayed: bool
) -> None:
    bench = Bench()
    if by_sync:
        bench.sync(delete_event(5, residual))
    else:
        bench.hear(UserMessage(Compound((delete_event(5, residual),))))
    assert bool(bench.relayed()) is relayed
    with pytest.raises(EntryDeletedError):
        bench.node.get("W", "T", "k")


def test_a_long_relay_queue_stops_relays_of_synced_events_only() -> None:
    bench = Bench(relay_limit_on_sync=10)
    bench.sync(*(table_event(CREATE, f"k{i}", 10 + i) for i in range(30)))
    assert bench.node.queued("W") == 11
    bench.event(CREATE, "more", 90)
    assert bench.node.queued("W") == 12
    assert len(bench.live()) == 31


# Life cycle of entries


def test_anybody_may_write_anybodys_entry_and_owns_it_then() -> None:
    bench = Bench()
    bench.event(CREATE, "k", 5, "theirs")
    write(bench, "update_entry", "k", "mine")
    assert bench.node.entries("W", "T") == [("k", "mine", "here")]
    assert max(event.time for event in bench.relayed()) == 7


def test_refusals() -> None:
    bench = Bench()
    with pytest.raises(EntryAbsentError, match="T of network W: k does not exist"):
        write(bench, "update_entry", "k", 1)
    with pytest.raises(EntryAbsentError):
        bench.node.get("W", "T", "k")
    with pytest.raises(NetworkError, match="here is not in network V"):
        write(bench, "create_entry", "k", 1, "V")
    with pytest.raises(NetworkError, match="W is joined already"):
        bench.node.join_network("W", 0)
    with pytest.raises(NetworkError):
        bench.node.leave_network("V", 0)


def test_leaving_keeps_own_tombstones_and_drops_the_rest() -> None:
    bench = Bench()
    write(bench, "create_entry", "mine", 1)
    bench.event(CREATE, "theirs", 5)
    bench.seen()
    bench.node.leave_network("W", 0)
    assert bench.seen() == [("mine", "deleted", 1, None), ("theirs", "deleted", "v5", None)]
    kept = bench.node.record("W", "T", "mine", bench.now)
    assert kept is not None
    assert kept.deleted
    assert bench.node.record("W", "T", "theirs", bench.now) is None
    bench.node.join_network("W", 0)
    bench.event(CREATE, "theirs", 5)  # believed again: no trace of it was left
    assert bench.live() == {"theirs": "v5"}


def test_a_left_network_is_forgotten_after_its_tombstones() -> None:
    bench = Bench(entry_lifetime=30 * SECOND)
    write(bench, "create_entry", "mine", 1)
    bench.node.leave_network("W", 0)

    def remembered() -> list[NetworkEvent]:
        """What the node says of its own networks in a push/pull."""
        own = PushPull(False, (), NetworkPushPull(1, "X", ()))
        bench.node.take_outbox()
        bench.node.receive(StreamIn(X_ADDRESS, 12, own, reply=False), bench.now)
        (reply,) = [item for item in bench.node.take_outbox() if isinstance(item, StreamReply)]
        assert isinstance(reply.content, PushPull)
        return [event for event in reply.content.networks.networks if event.node == "here"]

    bench.wait(32)
    assert bench.node.stored("W") == 0
    assert [event.kind for event in remembered()] == [LEAVE]
    bench.wait(60)
    assert remembered() == []


# Membership


def test_stale_network_events_are_ignored() -> None:
    bench = Bench()
    bench.hear(UserMessage(NetworkEvent(LEAVE, 5, "X", "W")))
    bench.hear(UserMessage(NetworkEvent(JOIN, 5, "X", "W")))
    assert bench.node.network_members("W") == ["here"]
    bench.hear(UserMessage(NetworkEvent(JOIN, 6, "stranger", "W")))
    bench.hear(UserMessage(NetworkEvent(LEAVE, 9, "here", "W")))
    assert bench.node.network_members("W") == ["here"]


@pytest.mark.parametrize(
    "farewell", [Dead(1, "X", "X"), UserMessage(NodeEvent(NodeEventKind.LEAVE, 9, "X"))]
)
def test_either_farewell_makes_a_node_leave(farewell: Any) -> None:
    bench = Bench()
    bench.event(CREATE, "k", 5)
    bench.hear(farewell)
    assert list(bench.node.members()) == ["here"]
    assert bench.live() == {}
    bench.hear(Alive(1, "X", "10.0.0.2"))  # an echo of its life
    assert list(bench.node.members()) == ["here"]


def test_a_departed_node_is_forgotten_in_the_end() -> None:
    bench = Bench()
    bench.farewell()
    assert bench.node.member_state("X") is MemberState.LEFT
    bench.wait(36)
    assert bench.node.member_state("X") is None
    assert bench.node.node_state("X") is NodeState.LEFT
    bench.wait(27 * 3600)
    assert bench.node.node_state("X") is None
    assert bench.node.next_timer() is not None


def test_a_departed_node_comes_back_with_a_higher_incarnation() -> None:
    bench = Bench()
    bench.farewell()
    bench.revive()
    assert list(bench.node.members()) == ["X", "here"]
    assert bench.node.network_members("W") == ["here"]  # it has to join anew


def test_the_record_of_a_left_network_makes_room_for_older_news_in_the_end() -> None:
    bench = Bench(entry_lifetime=30 * SECOND)
    bench.hear(UserMessage(NetworkEvent(LEAVE, 5, "X", "W")))
    bench.hear(UserMessage(NetworkEvent(JOIN, 4, "X", "W")))
    assert bench.node.network_members("W") == ["here"]
    bench.wait(70)
    bench.hear(UserMessage(NetworkEvent(JOIN, 4, "X", "W")))
    assert bench.node.network_members("W") == ["X", "here"]


def test_a_node_that_has_left_is_deaf() -> None:
    bench = Bench()
    bench.node.leave_cluster(bench.now)
    bench.wait(7)
    assert bench.node.stopped
    assert bench.node.next_timer() is None
    bench.event(CREATE, "k", 5)
    bench.hear(Alive(1, "Y", "10.0.0.3"))
    assert "Y" not in bench.node.members()
    assert bench.live() == {}


# Exchanges over TCP


def test_an_entry_too_long_for_a_packet_travels_by_bulk_sync_only() -> None:
    bench = Bench()
    bench.node.create_entry("W", "T", "k", "long", encoded("long", 1400), bench.now)
    sent = bench.wait(40)
    assert not [item for item in sent if getattr(item, "kind", "") == "table"]
    synced = [item.content for item in sent if getattr(item, "kind", "") == "bulk-sync"]
    assert [event.key for event in synced[0].payload[0].messages] == ["k"]


def test_a_periodic_sync_that_comes_due_during_another_follows_at_once() -> None:
    # Two networks with a silent member each: the sync of the first takes the whole interval.
    bench = Bench(bulk_sync_interval=20 * SECOND)
    bench.hear(Alive(1, "Y", "10.0.0.3"), UserMessage(NetworkEvent(JOIN, 5, "Y", "V")))
    bench.node.join_network("V", bench.now)
    bench.sync(node="Y")
    assert bench.node.network_ready("V")
    bench.wait(10)
    requests = []
    while bench.now < 90 * SECOND:
        now = bench.now
        requests += [
            (round(now / SECOND, 1), item.target)
            for item in bench.wait(0.1)
            if getattr(item, "kind", "") == "bulk-sync"
        ]
    # Begun at 20 s, over at 80 s; the ticks at 40, 60 and 80 s leave one sync to make up for.
    assert [(round(when / 10) * 10, target) for when, target in requests] == [
        (20, "10.0.0.2"), (50, "10.0.0.3"), (80, "10.0.0.2"),
    ]  # fmt: skip


def test_a_sync_passes_over_members_that_left_meanwhile() -> None:
    bench = Bench()
    bench.hear(Alive(1, "Y", "10.0.0.3"), Alive(1, "Z", "10.0.0.4"))
    for name, time in (("Y", 6), ("Z", 7)):
        bench.hear(UserMessage(NetworkEvent(JOIN, time, name, "V")))
    bench.node.join_network("V", bench.now)
    bench.farewell("Z")
    bench.sync(node="Y")
    assert bench.node.network_ready("V")


def test_a_push_pull_is_answered_before_it_is_heeded() -> None:
    bench = Bench()
    member = Member("Y", "10.0.0.3", 1, MemberState.ALIVE)
    joined = NetworkPushPull(7, "Y", (NetworkEvent(JOIN, 7, "Y", "W"),))
    state = PushPull(True, (member,), joined)
    bench.node.take_outbox()
    bench.node.receive(StreamIn("10.0.0.3", 12, state, reply=False), 0)
    (reply,) = bench.node.take_outbox()
    assert isinstance(reply, StreamReply)
    assert (reply.stream, reply.target) == (12, "10.0.0.3")
    assert isinstance(reply.content, PushPull)
    assert sorted(member.node for member in reply.content.members) == ["X", "here"]
    assert {event.node for event in reply.content.networks.networks} == {"here", "X"}
    assert bench.node.network_members("W") == ["X", "Y", "here"]


def test_a_sync_from_a_stranger_is_taken_in_but_not_answered() -> None:
    bench = Bench()
    bench.node.take_outbox()
    event = table_event(CREATE, "k", 5, "v")
    bench.sync(event, unsolicited=True, node="stranger")
    assert bench.node.take_outbox() == []
    assert bench.live() == {"k": "v"}
    bench.sync(unsolicited=True)
    (answer,) = bench.node.take_outbox()
    assert isinstance(answer, StreamRequest)
    assert isinstance(answer.content, BulkSync)
    assert not answer.content.unsolicited
    assert answer.content.payload[0].messages == (event,)


def test_a_join_waits_thirty_seconds_for_each_member_that_does_not_answer() -> None:
    bench = Bench(bulk_sync_interval=600 * SECOND)
    bench.hear(Alive(1, "Y", "10.0.0.3"), Alive(1, "Z", "10.0.0.4"))
    for name, time in (("X", 5), ("Y", 6), ("Z", 7)):
        bench.hear(UserMessage(NetworkEvent(JOIN, time, name, "V")))
    bench.node.join_network("V", bench.now)

    def asked(seconds: float) -> list[StreamRequest]:
        return [
            item
            for item in bench.wait(seconds)
            if isinstance(item, StreamRequest) and isinstance(item.content, BulkSync)
            and "V" in item.content.networks
        ]  # fmt: skip

    (first,) = asked(29.9)
    assert first.target == X_ADDRESS
    (second,) = asked(0.1)
    assert second.target == "10.0.0.3"
    assert not bench.node.network_ready("V")
    bench.node.receive(StreamFailed(second.stream), bench.now)  # no need to wait for Y
    (third,) = asked(0)
    assert third.target == "10.0.0.4"
    bench.sync(node="Z")
    assert bench.node.network_ready("V")


def test_tombstones_are_synced_with_the_time_they_have_left() -> None:
    bench = Bench()
    write(bench, "create_entry", "k", "v")
    bench.node.delete_entry("W", "T", "k", 0)
    bench.wait(62)
    bench.sync(unsolicited=True)
    (answer,) = [
        item for item in bench.node.take_outbox()
        if isinstance(item, StreamRequest) and isinstance(item.content, BulkSync)
    ]  # fmt: skip
    assert isinstance(answer.content, BulkSync)
    (event,) = answer.content.payload[0].messages
    assert (event.kind, event.residual) == (DELETE, 1740)


def test_a_node_that_cannot_join_tries_again() -> None:
    node = GossipNode("here", "10.0.0.1", LAN, random.Random(1), 0)
    node.join_cluster(["10.0.0.9"], 0)
    tries: list[int] = []
    now = 0
    while now < 75 * SECOND:
        for item in node.take_outbox():
            assert isinstance(item, StreamRequest)
            assert (item.target, item.kind) == ("10.0.0.9", "push-pull")
            tries.append(now)
            node.receive(StreamFailed(item.stream), now)
        due = node.next_timer()
        assert due is not None
        now = due
        node.on_timer(now)
    pauses = [round((b - a) / MS) for a, b in pairwise(tries)]
    assert 60900 <= pauses[0] <= 61100
    assert pauses[1:] == [1000] * 9
