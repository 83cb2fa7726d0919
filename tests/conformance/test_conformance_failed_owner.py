"""G23-G32: the entries of a node that the membership layer has declared dead.

X is in W and owns key1; it exists only in what "here" is told. Scenarios of
``daemon/libnetwork/networkdb/nodefail_rejoin_test.go`` in moby/moby.
"""

from __future__ import annotations

import pytest
from gossip_bench import CREATE, DELETE, UPDATE, X_ADDRESS, Bench, table_event
from gossip_cluster import encoded

from overlaysim.gossip import (
    EntryAbsentError,
    EntryDeletedError,
    EntryRecord,
    NodeState,
    StreamRequest,
)
from overlaysim.gossip.member_messages import Alive
from overlaysim.gossip.messages import BulkSync
from overlaysim.units import SECOND

LIFETIME = 1800 * SECOND
CREATED = ("key1", "created", None, "v5")
GONE = ("key1", "deleted", "v5", None)


def owned(**settings: int) -> Bench:
    """A bench on which X has written key1 at 5; what a watcher saw of that is taken."""
    bench = Bench(**settings)
    bench.event(CREATE, "key1", 5)
    assert bench.seen() == [CREATED]
    return bench


def record(bench: Bench, key: str = "key1") -> EntryRecord | None:
    return bench.node.record("W", "T", key, bench.now)


def unreadable(bench: Bench, key: str = "key1") -> bool:
    """Whether neither a look-up nor a walk nor a new watcher finds a key."""
    with pytest.raises(EntryAbsentError):
        bench.node.get("W", "T", key)
    return key not in bench.live() and key not in {change.key for change in bench.node.present()}


def hidden(bench: Bench, key: str = "key1", value: str = "v5", left: int = LIFETIME) -> bool:
    """Whether an entry of X is stored out of sight with so much time left."""
    found = record(bench, key)
    return unreadable(bench, key) and found == EntryRecord(
        value=value, owner="X", deleted=False, hidden=True, remaining=left
    )


def test_g23_hide_and_restore() -> None:
    bench = owned()
    bench.wait(10)
    bench.fail()
    assert hidden(bench)
    assert bench.seen() == [GONE]
    assert bench.node.node_state("X") is NodeState.FAILED
    assert bench.node.network_members("W") == ["here"]
    assert bench.node.attached("X", "W")
    bench.wait(20)
    assert hidden(bench, left=LIFETIME - 20 * SECOND)
    bench.revive()
    assert bench.node.network_members("W") == ["X", "here"]
    assert bench.node.get("W", "T", "key1") == "v5"
    assert record(bench) == EntryRecord("v5", "X", deleted=False, hidden=False, remaining=None)
    assert bench.seen() == [CREATED]
    bench.wait(2000)  # no timer runs any more
    assert bench.live() == {"key1": "v5"}
    assert bench.seen() == []


def test_g24_leave_for_good() -> None:
    bench = owned()
    bench.farewell()
    assert bench.node.node_state("X") is NodeState.LEFT
    assert bench.node.network_members("W") == ["here"]
    assert not bench.node.attached("X", "W")
    assert record(bench) is None
    assert unreadable(bench)
    bench.wait(60)
    assert bench.seen() == [GONE]


def test_g25_relayed_writes_of_a_failed_owner() -> None:
    bench = owned(entry_lifetime=60 * SECOND)
    bench.fail()
    assert bench.seen() == [GONE]
    bench.wait(30)
    bench.meet("Y", "10.0.0.3", 2)
    bench.event(CREATE, "key1", 6)
    assert hidden(bench, value="v6", left=60 * SECOND)
    bench.event(UPDATE, "key1", 7)
    bench.event(CREATE, "new", 8)
    assert hidden(bench, value="v7", left=60 * SECOND)
    assert hidden(bench, "new", value="v8", left=60 * SECOND)
    assert bench.seen() == []
    # Passed on like any other news: the last state of each key.
    assert {(event.key, event.time) for event in bench.relayed()} == {("key1", 7), ("new", 8)}
    bench.wait(38)  # the first of them would be out of time by now
    bench.revive()
    assert bench.seen() == [("key1", "created", None, "v7"), ("new", "created", None, "v8")]
    assert bench.live() == {"key1": "v7", "new": "v8"}


def test_g25_what_is_relayed_for_a_failed_owner_does_not_stay_for_ever() -> None:
    bench = owned(entry_lifetime=60 * SECOND)
    bench.fail()
    bench.event(CREATE, "new", 8)
    bench.wait(61)
    assert record(bench, "new") is None


def test_g26_relayed_delete_of_a_failed_owner() -> None:
    bench = owned()
    bench.fail()
    bench.event(DELETE, "key1", 6, residual=1800)
    found = record(bench)
    assert found is not None
    assert found.deleted
    bench.revive()
    with pytest.raises(EntryDeletedError):
        bench.node.get("W", "T", "key1")
    assert bench.live() == {}
    assert bench.seen() == [GONE]


def test_g27_failed_then_left() -> None:
    """Another name at the address of the failed node: that is how it is known not to return."""
    bench = owned()
    bench.fail()
    assert bench.seen() == [GONE]
    bench.hear(Alive(1, "X2", X_ADDRESS))
    assert bench.node.node_state("X") is NodeState.LEFT
    assert record(bench) is None
    assert not bench.node.attached("X", "W")
    bench.wait(60)
    assert bench.seen() == []


def test_g28_remembered_time_runs_out() -> None:
    bench = owned(entry_lifetime=60 * SECOND)
    bench.fail()
    bench.wait(50)
    assert record(bench) is not None
    bench.wait(11)
    assert record(bench) is None
    assert bench.seen() == [GONE]
    bench.revive()
    assert bench.node.network_members("W") == ["X", "here"]
    assert record(bench) is None
    assert bench.live() == {}
    assert bench.seen() == []


def test_g29_a_watcher_opened_meanwhile() -> None:
    bench = owned()
    bench.meet("Y", "10.0.0.3", 2)
    bench.event(CREATE, "healthy", 6, owner="Y")
    bench.fail()
    told = [(c.key, c.kind, c.value, c.owner) for c in bench.node.present()]
    assert told == [("healthy", "created", "v6", "Y")]


def test_g30_bulk_sync_from_a_node_held_failed() -> None:
    bench = owned()
    bench.fail()
    bench.watch()
    bench.node.take_outbox()
    bench.sync(
        table_event(CREATE, "key1", 7), table_event(CREATE, "new", 8), unsolicited=True, node="X"
    )
    assert hidden(bench, value="v7")
    assert hidden(bench, "new", value="v8")
    assert bench.seen() == []
    # It is answered in full, hidden entries included.
    (answer,) = [
        item.content for item in bench.node.take_outbox()
        if isinstance(item, StreamRequest) and isinstance(item.content, BulkSync)
    ]  # fmt: skip
    assert not answer.unsolicited
    told = {event.key: event.value for part in answer.payload for event in part.messages}
    assert told == {"key1": "v7", "new": "v8"}
    bench.revive()
    assert bench.live() == {"key1": "v7", "new": "v8"}


def test_g31_local_writes_to_hidden_entries() -> None:
    bench = owned()
    bench.event(CREATE, "key2", 6)
    bench.fail()
    bench.watch()
    bench.node.create_entry("W", "T", "key1", "mine", encoded("mine"), bench.now)
    assert bench.node.entries("W", "T") == [("key1", "mine", "here")]
    with pytest.raises(EntryAbsentError, match="key2 does not exist"):
        bench.node.update_entry("W", "T", "key2", "mine", encoded("mine"), bench.now)
    with pytest.raises(EntryAbsentError, match="key2 does not exist"):
        bench.node.delete_entry("W", "T", "key2", bench.now)
    assert hidden(bench, "key2", "v6")
    bench.revive()
    bench.event(CREATE, "key1", 5)  # sent again, and stale
    bench.event(CREATE, "key2", 6)
    assert bench.node.entries("W", "T") == [("key1", "mine", "here"), ("key2", "v6", "X")]
    assert bench.seen() == [("key2", "created", None, "v6")]


def test_g32_the_failed_record_is_reaped() -> None:
    bench = owned(node_lifetime=60 * SECOND, node_reaper_period=10 * SECOND)
    bench.fail()
    bench.silent.add(X_ADDRESS)
    bench.wait(40)
    assert bench.node.node_state("X") is NodeState.FAILED
    assert bench.node.attached("X", "W")
    assert record(bench) is not None
    bench.node.take_member_changes()
    bench.wait(21)
    assert bench.node.node_state("X") is None
    assert bench.node.take_member_changes() == [("X", NodeState.FORGOTTEN)]
    assert not bench.node.attached("X", "W")
    assert record(bench) is None
    bench.revive()  # a newcomer now: it has to join and tell everything anew
    assert bench.node.node_state("X") is NodeState.ACTIVE
    assert bench.node.network_members("W") == ["here"]
    assert bench.seen() == [GONE]
