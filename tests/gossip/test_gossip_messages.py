"""Sizes on the wire."""

from __future__ import annotations

import pytest

from overlaysim.gossip.lengths import msgpack_integer, msgpack_raw, varint_length
from overlaysim.gossip.member_messages import (
    Alive,
    Dead,
    MemberCompound,
    UserMessage,
    packet_length,
    stream_length,
)
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
from overlaysim.units import SECOND

NODE = "0123456789ab"
NETWORK = "n" * 25
KEY = "k" * 64
TIME = 1000


def entry(kind: TableEventKind = TableEventKind.CREATE, residual: int = 0) -> TableEvent:
    return TableEvent(
        kind, TIME, NODE, NETWORK, "endpoint_table", KEY, "value", 110, residual=residual
    )


@pytest.mark.parametrize(
    ("message", "length"),
    [
        (entry(), 245),
        (entry(TableEventKind.DELETE, residual=1800), 248),
        (TableEvent(TableEventKind.CREATE, TIME, NODE, NETWORK, "overlay_peer_table", KEY, "", 47),
         186),
        (NetworkEvent(NetworkEventKind.JOIN, TIME, NODE, NETWORK), 50),
        (NodeEvent(NodeEventKind.LEAVE, TIME, NODE), 23),
        (Compound((entry(),)), 256),
        (Compound((entry(),) * 5), 1260),
        (Compound((entry(),) * 100), 25106),
    ],
)  # fmt: skip
def test_sizes_of_the_reference_encoding(message: Compound, length: int) -> None:
    assert message.length == length


def test_a_packet_with_one_entry_is_291_bytes() -> None:
    assert packet_length(UserMessage(Compound((entry(),)))) == 291


def test_an_empty_sync_still_has_its_compound() -> None:
    sync = BulkSync(TIME, True, NODE, (NETWORK,), (Compound(()),))
    # l_time 3, unsolicited 2, node 14, network 27, payload 2 + 2; type 2 and length 2 around it.
    assert sync.length == 54
    # User-message header: type, map, "UserMsgLen" and one byte; then framing.
    assert stream_length(sync) == 54 + 14 + 34


def test_a_sync_of_two_networks_is_one_compound() -> None:
    parts = (Compound((entry(),) * 3), Compound((entry(),) * 2))
    together = BulkSync(TIME, False, NODE, (), parts)
    assert together.length == BulkSync(TIME, False, NODE, (), (Compound((entry(),) * 5),)).length


def msgpack(value: object) -> bytes:
    """An independent encoder of the few msgpack kinds in use."""
    match value:
        case int():
            for tag, size in ((b"", 1), (b"\xcc", 1), (b"\xcd", 2), (b"\xce", 4)):
                if value < (1 << 8 * size if tag else 128):
                    return tag + value.to_bytes(size, "big")
        case str():
            return msgpack(value.encode())
        case bytes():
            short = bytes([0xA0 | len(value)]) if len(value) < 32 else None
            return (short or b"\xda" + len(value).to_bytes(2, "big")) + value
        case dict():
            items = b"".join(msgpack(key) + msgpack(item) for key, item in value.items())
            return bytes([0x80 | len(value)]) + items
    raise AssertionError(value)


def test_membership_messages_are_as_long_as_their_encoding() -> None:
    fields = {"Addr": bytes(4), "Port": 7946, "Meta": b"", "Vsn": bytes(6)}
    alive = Alive(1, NODE, "10.0.0.1")
    assert alive.length == 1 + len(msgpack({"Incarnation": 1, "Node": NODE} | fields))
    state = {"Name": NODE, "Incarnation": 1, "State": 0} | fields
    assert alive.state_length == len(msgpack(state))
    dead = Dead(300, NODE, NODE)
    assert dead.length == 1 + len(msgpack({"Incarnation": 300, "Node": NODE, "From": NODE}))
    assert MemberCompound((alive, dead)).length == 2 + 2 + alive.length + 2 + dead.length


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, 16383, 16384, 65535, 65536, 1 << 31])
def test_integers(value: int) -> None:
    assert msgpack_integer(value) == len(msgpack(value))
    septets = 1
    while value >= 1 << (7 * septets):
        septets += 1
    assert varint_length(value) == septets


@pytest.mark.parametrize("length", [0, 31, 32, 65535])
def test_strings(length: int) -> None:
    assert msgpack_raw(length) == len(msgpack(bytes(length)))


def test_network_state_counts_the_leaving_flag() -> None:
    joined = NetworkEvent(NetworkEventKind.JOIN, TIME, NODE, NETWORK)
    left = NetworkEvent(NetworkEventKind.LEAVE, TIME, NODE, NETWORK)
    assert left.entry_length == joined.entry_length + 2
    # l_time 3, node 14 and two entries of 27 + 3 + 14 (+ 2) with their own tag and length.
    assert NetworkPushPull(TIME, NODE, (joined, left)).length == 4 + 3 + 14 + 46 + 48


def test_a_sync_tells_creates_and_deletes_only() -> None:
    updated = entry(TableEventKind.UPDATE).for_sync(0)
    assert updated == entry()
    deleted = entry(TableEventKind.DELETE, residual=1800).for_sync(90 * SECOND + 1)
    assert deleted.residual == 90
