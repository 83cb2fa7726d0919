"""G16-G22: what one node does with what it is told, in whatever order.

Scenarios of ``networkdb_test.go`` and ``tableevent_test.go`` (``daemon/libnetwork/networkdb`` in
moby/moby).
"""

from __future__ import annotations

import pytest
from gossip_bench import CREATE, DELETE, JOIN, LEAVE, UPDATE, X_ADDRESS, Bench
from gossip_cluster import encoded

from overlaysim.gossip import EntryDeletedError, EntryError, EntryExistsError, NodeState
from overlaysim.gossip.member_messages import Alive, UserMessage
from overlaysim.gossip.messages import NetworkEvent
from overlaysim.units import SECOND

ENTRY = ("W", "T", "k")
MINE = ("mine", encoded("mine"))


def test_g16_create_over_tombstone() -> None:
    bench = Bench()
    bench.event(CREATE, "k", 5, "theirs")
    bench.event(DELETE, "k", 6, "theirs", residual=1800)
    tombstone = bench.node.record(*ENTRY, bench.now)
    assert tombstone is not None
    assert (tombstone.value, tombstone.owner, tombstone.deleted) == ("theirs", "X", True)
    with pytest.raises(EntryDeletedError):
        bench.node.update_entry(*ENTRY, *MINE, bench.now)
    with pytest.raises(EntryDeletedError):
        bench.node.delete_entry(*ENTRY, bench.now)
    assert bench.node.record(*ENTRY, bench.now) == tombstone
    bench.node.create_entry(*ENTRY, *MINE, bench.now)
    record = bench.node.record(*ENTRY, bench.now)
    assert record is not None
    assert (record.value, record.owner, record.deleted) == ("mine", "here", False)
    assert record.remaining is None
    with pytest.raises(EntryExistsError, match="k exists already"):
        bench.node.create_entry(*ENTRY, "again", encoded("again"), bench.now)
    assert bench.node.get(*ENTRY) == "mine"


def test_g17_parallel_creates_and_deletes() -> None:
    """Calls at one instant, as parallel ones come to the lock one after the other."""
    bench = Bench()
    created, deleted = [], []
    for i in range(20):
        try:
            bench.node.create_entry(*ENTRY, i, encoded(i), bench.now)
        except EntryError:
            continue
        created.append(i)
    assert created == [0]
    assert bench.node.get(*ENTRY) == 0
    for i in range(20):
        try:
            bench.node.delete_entry(*ENTRY, bench.now)
        except EntryError:
            continue
        deleted.append(i)
    assert deleted == [0]
    assert bench.live() == {}


NAMES = ("X", "Y", "Z")


def society(**settings: int) -> Bench:
    """Three nodes that "here" knows, at three addresses."""
    bench = Bench(**settings)
    bench.meet("Y", "10.0.0.3", 2)
    bench.meet("Z", "10.0.0.4", 3)
    return bench


def stands(bench: Bench, *states: NodeState | None) -> bool:
    """Whether X, Y and Z stand so, and each is in that one set only."""
    active = [name for name, state in zip(NAMES, states, strict=True) if state is NodeState.ACTIVE]
    return (
        [bench.node.node_state(name) for name in NAMES] == [*states]
        and list(bench.node.members()) == [*active, "here"]
        and bench.node.network_members("W") == [*active, "here"]
    )


def test_g18_node_state_moves() -> None:
    """Records of the gone are kept for 24 h, here cut down to four minutes."""
    active, failed, left = NodeState.ACTIVE, NodeState.FAILED, NodeState.LEFT
    bench = society(node_lifetime=240 * SECOND, node_reaper_period=20 * SECOND, reconnect=False)
    assert stands(bench, active, active, active)
    bench.fail("X")
    bench.silent.add(X_ADDRESS)
    assert stands(bench, failed, active, active)
    bench.farewell("Y")
    assert stands(bench, failed, left, active)
    bench.wait(100)
    bench.revive("X")
    bench.silent.clear()
    assert stands(bench, active, left, active)
    bench.wait(60)
    bench.fail("X", incarnation=2)
    bench.silent.add(X_ADDRESS)
    assert stands(bench, failed, left, active)
    bench.wait(100)  # what X had left of its first timer is over, as is the time of Y
    assert stands(bench, failed, None, active)
    bench.wait(120)
    assert stands(bench, failed, None, active)
    bench.wait(41)  # a lifetime and two periods after the second failure at most
    assert stands(bench, None, None, active)


def test_g18_after_three_nodes_have_left_only_this_one_is_active() -> None:
    bench = society()
    for name in NAMES:
        bench.farewell(name)
    assert stands(bench, NodeState.LEFT, NodeState.LEFT, NodeState.LEFT)
    assert bench.node.members() == {"here": "10.0.0.1"}


def test_g19_reincarnation() -> None:
    bench = society()
    bench.farewell("Y")
    bench.fail("Z")
    assert stands(bench, NodeState.ACTIVE, NodeState.LEFT, NodeState.FAILED)
    bench.hear(Alive(1, "X2", X_ADDRESS))
    assert bench.node.node_state("X") is NodeState.LEFT
    bench.hear(Alive(1, "Y2", "10.0.0.3"))
    assert bench.node.node_state("Y") is NodeState.LEFT
    bench.hear(Alive(1, "Z2", "10.0.0.4"))
    assert bench.node.node_state("Z") is NodeState.LEFT
    bench.hear(Alive(1, "N", "10.0.0.10"))  # an address nobody had: no record changes
    assert [bench.node.node_state(name) for name in NAMES] == [NodeState.LEFT] * 3
    assert list(bench.node.members()) == ["N", "X2", "Y2", "Z2", "here"]
    assert bench.node.network_members("W") == ["here"]


def test_g20_watch_out_of_order() -> None:
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
    bench.node.create_entry("W", "T", "own", *MINE, bench.now)
    told = [(c.key, c.kind, c.previous, c.value) for c in bench.node.present()]
    assert sorted(told) == [
        ("k2", "created", None, "v10"),
        ("k3", "created", None, "v11"),
        ("k4", "created", None, "v14"),
    ]


FILTERS = [
    (None, None, {"WT", "WU", "VT", "VU"}),
    ("W", None, {"WT", "WU"}),
    (None, "U", {"WU", "VU"}),
    ("V", "T", {"VT"}),
]


def test_g21_watch_filters() -> None:
    bench = Bench()
    bench.node.join_network("V", bench.now)
    bench.hear(UserMessage(NetworkEvent(JOIN, 5, "X", "V")))
    for time, (network, table) in enumerate([("W", "T"), ("W", "U"), ("V", "T"), ("V", "U")], 6):
        bench.event(CREATE, "k", time, "old", network=network, table=table)
        bench.event(UPDATE, "k", time + 10, network + table, network=network, table=table)
        bench.event(CREATE, "gone", time, network=network, table=table)
        bench.event(DELETE, "gone", time + 10, network=network, table=table, residual=1800)
    changes = bench.watch()
    for only_network, only_table, values in FILTERS:
        told = bench.node.present(only_network, only_table)
        assert {change.kind for change in told} == {"created"}
        assert sorted(change.value for change in told) == sorted(values)
        # Who watched from the beginning and replays what passes the filter ends with the same.
        followed = {}
        for change in changes:
            if only_network in (None, change.network) and only_table in (None, change.table):
                followed[change.network, change.table, change.key] = change.value
        assert sorted(filter(None, followed.values())) == sorted(values)


def test_g22_leave_and_rejoin_out_of_order() -> None:
    """moby issue 47728."""
    bench = Bench()  # X has joined W at 1
    bench.event(CREATE, "k", 1)
    bench.hear(UserMessage(NetworkEvent(LEAVE, 2, "X", "W")))
    assert bench.live() == {}
    bench.hear(UserMessage(NetworkEvent(JOIN, 3, "X", "W")))
    bench.event(CREATE, "k", 1)
    assert bench.live() == {"k": "v1"}
    assert bench.seen() == [
        ("k", "created", None, "v1"), ("k", "deleted", "v1", None), ("k", "created", None, "v1"),
    ]  # fmt: skip
