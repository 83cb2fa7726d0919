"""One node, fed by hand: what it believes, shows and passes on."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from overlaysim.gossip import (
    LAN,
    DatagramIn,
    EntryAbsentError,
    EntryDeletedError,
    EntryExistsError,
    GossipNode,
    NetworkError,
    StreamFailed,
    StreamIn,
    StreamReply,
    StreamRequest,
)
from overlaysim.gossip.member_messages import Alive, Dead, PushPull, UserMessage
from overlaysim.gossip.messages import (
    BulkSync,
    Compound,
    NetworkEvent,
    NetworkEventKind,
    NetworkPushPull,
    NodeEvent,
    NodeEventKind,
    TableEvent,
    TableEventKind,
)
from overlaysim.units import MS, SECOND

CREATE, UPDATE, DELETE = TableEventKind
JOIN, LEAVE = NetworkEventKind


class Bench:
    """A node called "here" in network W, and a peer X that says what the test wants."""

    def __init__(self, **settings: int) -> None:
        self.now = 0
        self.node = GossipNode("here", "10.0.0.1", replace(LAN, **settings), random.Random(1), 0)
        self.hear(Alive(1, "X", "10.0.0.2"))
        self.node.join_network("W", 0)
        self.node.take_outbox()
        self.hear(UserMessage(NetworkEvent(JOIN, 1, "X", "W")))

    def hear(self, *messages: Any, source: str = "10.0.0.2") -> None:
        for message in messages:
            self.node.receive(DatagramIn(source, message), self.now)

    def event(
        self, kind: TableEventKind, key: str, time: int, value: Any = None, *, owner: str = "X",
        network: str = "W", table: str = "T", residual: int = 0,
    ) -> None:  # fmt: skip
        value = f"v{time}" if value is None else value
        event = TableEvent(kind, time, owner, network, table, key, value, 5, residual)
        self.hear(UserMessage(Compound((event,))))

    def sync(self, *events: TableEvent, unsolicited: bool = False, node: str = "X") -> None:
        sync = BulkSync(99, unsolicited, node, ("W",), (Compound(events),))
        self.node.receive(StreamIn("10.0.0.2", 1, sync, reply=False), self.now)

    def seen(self) -> list[tuple[str, str, Any, Any]]:
        return [(c.key, c.kind, c.previous, c.value) for c in self.node.take_changes()]

    def wait(self, seconds: float) -> list[Any]:
        """Let time pass; return what was sent."""
        end = self.now + round(seconds * SECOND)
        sent = self.node.take_outbox()
        while (due := self.node.next_timer()) is not None and due <= end:
            self.now = due
            self.node.on_timer(due)
            sent += self.node.take_outbox()
        self.now = end
        return sent

    def relayed(self) -> list[TableEvent]:
        """Table events on their way to others, each as often as it is sent."""
        return [
            event
            for item in self.wait(2)
            if isinstance(getattr(item, "packet", None), UserMessage)
            and isinstance(item.packet.content, Compound)
            for event in item.packet.content.messages
        ]

    def live(self) -> dict[str, Any]:
        return {key: value for key, value, _ in self.node.entries("W", "T")}


def delete_event(time: int, residual: int, key: str = "k") -> TableEvent:
    return TableEvent(DELETE, time, "X", "W", "T", key, "v", 1, residual)


# Acceptance, in the order of NDB/delegate.go handleTableEvent


def test_own_events_coming_back_are_ignored_and_do_not_move_the_clock() -> None:
    bench = Bench()
    bench.event(CREATE, "k", 50, owner="here")
    bench.node.create_entry("W", "T", "other", 1, 1, 0)
    assert bench.live() == {"other": 1}
    assert bench.node._tables.get(("W", "T", "other")).time == 1


def test_rejected_foreign_events_move_the_clock() -> None:
    bench = Bench()
    bench.event(CREATE, "k", 50, network="elsewhere")
    bench.node.create_entry("W", "T", "other", 1, 1, 0)
    assert bench.node._tables.get(("W", "T", "other")).time == 52


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
    event = TableEvent(UPDATE, 7, "X", "W", "T", "k", "v", 1)
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
    events = [TableEvent(CREATE, 10 + i, "X", "W", "T", f"k{i}", i, 5) for i in range(30)]
    bench.sync(*events)
    assert len(bench.node._tables.networks["W"].relayed) == 11
    bench.hear(UserMessage(Compound((TableEvent(CREATE, 90, "X", "W", "T", "more", 0, 5),))))
    assert len(bench.node._tables.networks["W"].relayed) == 12
    assert len(bench.live()) == 31


# Life cycle of entries


def test_create_over_a_tombstone_takes_over() -> None:
    bench = Bench()
    bench.event(CREATE, "k", 5, "theirs")
    with pytest.raises(EntryExistsError, match="k exists already, written by X"):
        bench.node.create_entry("W", "T", "k", "mine", 4, 0)
    bench.event(DELETE, "k", 6, "theirs", residual=1800)
    before = bench.node._tables.networks["W"].entries.get("T", "k")
    with pytest.raises(EntryDeletedError):
        bench.node.update_entry("W", "T", "k", "mine", 4, 0)
    with pytest.raises(EntryDeletedError):
        bench.node.delete_entry("W", "T", "k", 0)
    assert bench.node._tables.networks["W"].entries.get("T", "k") is before
    bench.node.create_entry("W", "T", "k", "mine", 4, 0)
    assert bench.node.entries("W", "T") == [("k", "mine", "here")]
    with pytest.raises(EntryExistsError):
        bench.node.create_entry("W", "T", "k", "again", 5, 0)


def test_only_the_first_of_many_creates_and_deletes_succeeds() -> None:
    bench = Bench()
    created = deleted = 0
    for i in range(20):
        try:
            bench.node.create_entry("W", "T", "k", i, 1, 0)
            created += 1
        except EntryExistsError:
            pass
    assert bench.live() == {"k": 0}
    for _ in range(20):
        try:
            bench.node.delete_entry("W", "T", "k", 0)
            deleted += 1
        except EntryDeletedError:
            pass
    assert (created, deleted) == (1, 1)


def test_anybody_may_write_anybodys_entry_and_owns_it_then() -> None:
    bench = Bench()
    bench.event(CREATE, "k", 5, "theirs")
    bench.node.update_entry("W", "T", "k", "mine", 4, 0)
    assert bench.node.entries("W", "T") == [("k", "mine", "here")]
    assert bench.node._tables.get(("W", "T", "k")).time == 7


def test_refusals() -> None:
    bench = Bench()
    with pytest.raises(EntryAbsentError, match="T of network W: k does not exist"):
        bench.node.update_entry("W", "T", "k", 1, 1, 0)
    with pytest.raises(EntryAbsentError):
        bench.node.get("W", "T", "k")
    with pytest.raises(NetworkError, match="here is not in network V"):
        bench.node.create_entry("V", "T", "k", 1, 1, 0)
    with pytest.raises(NetworkError, match="W is joined already"):
        bench.node.join_network("W", 0)
    with pytest.raises(NetworkError):
        bench.node.leave_network("V", 0)


def test_leaving_keeps_own_tombstones_and_drops_the_rest() -> None:
    bench = Bench()
    bench.node.create_entry("W", "T", "mine", 1, 1, 0)
    bench.event(CREATE, "theirs", 5)
    bench.seen()
    bench.node.leave_network("W", 0)
    assert bench.seen() == [("mine", "deleted", 1, None), ("theirs", "deleted", "v5", None)]
    kept = list(bench.node._tables.networks["W"].entries)
    assert [(event.key, event.deleted) for event in kept] == [("mine", True)]
    bench.node.join_network("W", 0)
    bench.event(CREATE, "theirs", 5)  # believed again: no trace of it was left
    assert bench.live() == {"theirs": "v5"}


def test_a_left_network_is_forgotten_after_its_tombstones() -> None:
    bench = Bench(entry_lifetime=30 * SECOND)
    bench.node.create_entry("W", "T", "mine", 1, 1, 0)
    bench.node.leave_network("W", 0)
    bench.wait(32)
    assert len(bench.node._tables.networks["W"].entries) == 0
    bench.wait(60)
    assert "W" not in bench.node._tables.networks


# Watching


def test_events_out_of_order() -> None:
    bench = Bench()
    steps = [
        (CREATE, "k2", 4), (DELETE, "k2", 6), (DELETE, "k2", 8), (UPDATE, "k2", 10),
        (UPDATE, "k3", 11), (CREATE, "k3", 10),
        (UPDATE, "k4", 13), (UPDATE, "k4", 14),
        (DELETE, "k5", 16), (CREATE, "k5", 15), (DELETE, "k5", 18),
    ]  # fmt: skip
    for kind, key, time in steps:
        bench.event(kind, key, time, residual=1800 if kind == DELETE else 0)
    assert bench.seen() == [
        ("k2", "created", None, "v4"),
        ("k2", "deleted", "v4", None),
        ("k2", "created", None, "v10"),
        ("k3", "created", None, "v11"),
        ("k4", "created", None, "v13"),
        ("k4", "updated", "v13", "v14"),
    ]
    bench.node.create_entry("W", "T", "own", 1, 1, 0)
    told = [(c.key, c.kind, c.value) for c in bench.node.present()]
    assert told == [("k2", "created", "v10"), ("k3", "created", "v11"), ("k4", "created", "v14")]


def test_what_a_new_watcher_is_told_can_be_narrowed() -> None:
    bench = Bench()
    bench.node.join_network("V", 0)
    bench.hear(UserMessage(NetworkEvent(JOIN, 5, "X", "V")))
    for time, (network, table) in enumerate([("W", "T"), ("W", "U"), ("V", "T"), ("V", "U")], 6):
        bench.event(CREATE, "k", time, "old", network=network, table=table)
        bench.event(UPDATE, "k", time + 10, network + table, network=network, table=table)
        bench.event(CREATE, "gone", time, network=network, table=table)
        bench.event(DELETE, "gone", time + 10, network=network, table=table, residual=1800)

    def told(network: str | None, table: str | None) -> set[str]:
        return {change.value for change in bench.node.present(network, table)}

    assert told(None, None) == {"WT", "WU", "VT", "VU"}
    assert told("W", None) == {"WT", "WU"}
    assert told(None, "U") == {"WU", "VU"}
    assert told("V", "T") == {"VT"}


# Membership


def test_leave_and_return_out_of_order() -> None:
    """moby issue 47728: the create comes before the leave, and again after the return."""
    bench = Bench()
    bench.event(CREATE, "k", 1)
    bench.hear(UserMessage(NetworkEvent(LEAVE, 2, "X", "W")))
    assert bench.live() == {}
    bench.event(CREATE, "k", 1)
    assert bench.live() == {}
    bench.hear(UserMessage(NetworkEvent(JOIN, 3, "X", "W")))
    bench.event(CREATE, "k", 1)
    assert bench.live() == {"k": "v1"}


def test_stale_network_events_are_ignored() -> None:
    bench = Bench()
    bench.hear(UserMessage(NetworkEvent(LEAVE, 5, "X", "W")))
    bench.hear(UserMessage(NetworkEvent(JOIN, 5, "X", "W")))
    assert bench.node.network_members("W") == ["here"]
    bench.hear(UserMessage(NetworkEvent(JOIN, 6, "stranger", "W")))
    bench.hear(UserMessage(NetworkEvent(LEAVE, 9, "here", "W")))
    assert bench.node.network_members("W") == ["here"]


def test_a_new_name_at_a_known_address_is_the_old_node_started_again() -> None:
    bench = Bench()
    bench.event(CREATE, "k", 5)
    bench.seen()
    bench.hear(Alive(1, "X2", "10.0.0.2"))
    assert bench.node.members() == {"X2": "10.0.0.2", "here": "10.0.0.1"}
    assert bench.seen() == [("k", "deleted", "v5", None)]
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
    bench.hear(Dead(1, "X", "X"))
    assert bench.node._membership.count() == 2
    bench.wait(36)
    assert bench.node._membership.count() == 1
    bench.wait(27 * 3600)
    assert "X" not in bench.node._directory._nodes
    assert bench.node.next_timer() is not None


def test_a_departed_node_comes_back_with_a_higher_incarnation() -> None:
    bench = Bench()
    bench.hear(Dead(1, "X", "X"), Alive(2, "X", "10.0.0.2"))
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
    bench.node.create_entry("W", "T", "k", "long", 1400, bench.now)
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
    assert [(when // 10 * 10, target) for when, target in requests] == [
        (20, "10.0.0.2"), (50, "10.0.0.3"), (80, "10.0.0.2"),
    ]  # fmt: skip


def test_a_sync_passes_over_members_that_left_meanwhile() -> None:
    bench = Bench()
    bench.hear(Alive(1, "Y", "10.0.0.3"), Alive(1, "Z", "10.0.0.4"))
    for name, time in (("Y", 6), ("Z", 7)):
        bench.hear(UserMessage(NetworkEvent(JOIN, time, name, "V")))
    bench.node.join_network("V", bench.now)
    bench.hear(Dead(1, "Z", "Z"))
    bench.sync(node="Y")
    assert bench.node.network_ready("V")


def test_a_push_pull_is_answered_before_it_is_heeded() -> None:
    bench = Bench()
    state = PushPull(
        True, (Alive(1, "Y", "10.0.0.3"),), (), NetworkPushPull(
            7, "Y", (NetworkEvent(JOIN, 7, "Y", "W"),))
    )  # fmt: skip
    bench.node.take_outbox()
    bench.node.receive(StreamIn("10.0.0.3", 12, state, reply=False), 0)
    (reply,) = bench.node.take_outbox()
    assert isinstance(reply, StreamReply)
    assert (reply.stream, reply.target) == (12, "10.0.0.3")
    assert [alive.node for alive in reply.content.alive] == ["here", "X"]
    assert {event.node for event in reply.content.networks.networks} == {"here", "X"}
    assert bench.node.network_members("W") == ["X", "Y", "here"]


def test_a_sync_from_a_stranger_is_taken_in_but_not_answered() -> None:
    bench = Bench()
    bench.node.take_outbox()
    event = TableEvent(CREATE, 5, "X", "W", "T", "k", "v", 1)
    bench.sync(event, unsolicited=True, node="stranger")
    assert bench.node.take_outbox() == []
    assert bench.live() == {"k": "v"}
    bench.sync(unsolicited=True)
    (answer,) = bench.node.take_outbox()
    assert isinstance(answer, StreamRequest)
    assert not answer.content.unsolicited
    assert answer.content.payload[0].messages == (event,)


def test_a_join_waits_thirty_seconds_for_each_member_that_does_not_answer() -> None:
    bench = Bench()
    bench.hear(Alive(1, "Y", "10.0.0.3"), Alive(1, "Z", "10.0.0.4"))
    for name, time in (("X", 5), ("Y", 6), ("Z", 7)):
        bench.hear(UserMessage(NetworkEvent(JOIN, time, name, "V")))
    bench.node.join_network("V", bench.now)
    walk = bench.node._syncs._walks[-1]
    asked = []
    for seconds in (29.9, 0.1):
        asked.append(walk.peer)
        bench.wait(seconds)
    assert [*asked, walk.peer] == ["X", "X", "Y"]
    assert not bench.node.network_ready("V")
    bench.node.receive(StreamFailed(walk.stream), bench.now)  # no need to wait for Y
    assert walk.peer == "Z"
    bench.sync(node="Z")
    assert bench.node.network_ready("V")


def test_tombstones_are_synced_with_the_time_they_have_left() -> None:
    bench = Bench()
    bench.node.create_entry("W", "T", "k", "v", 1, 0)
    bench.node.delete_entry("W", "T", "k", 0)
    bench.wait(62)
    bench.sync(unsolicited=True)
    (answer,) = [
        item for item in bench.node.take_outbox()
        if isinstance(item, StreamRequest) and isinstance(item.content, BulkSync)
    ]  # fmt: skip
    (event,) = answer.content.payload[0].messages
    assert (event.kind, event.residual) == (DELETE, 1740)


def test_a_node_that_cannot_join_tries_again() -> None:
    node = GossipNode("here", "10.0.0.1", LAN, random.Random(1), 0)
    node.join_cluster(["10.0.0.9"], 0)
    tries: list[int] = []
    now = 0
    while now < 75 * SECOND:
        for item in node.take_outbox():
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
