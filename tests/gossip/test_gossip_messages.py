"""The bytes of every message."""

from __future__ import annotations

import pytest

from overlaysim.gossip.member_messages import (
    Ack,
    Alive,
    Dead,
    IndirectPing,
    Member,
    MemberCompound,
    MemberState,
    Nack,
    Ping,
    PushPull,
    Suspect,
    UserMessage,
)
from overlaysim.gossip.messages import (
    BulkSync,
    Compound,
    Message,
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
OTHER = "cdef01234567"
NETWORK = "n" * 25
KEY = "k" * 64
VALUE = b"service-1.overlay.test" * 5
TIME = 1000
JOIN = NetworkEventKind.JOIN


def entry(kind: TableEventKind = TableEventKind.CREATE, residual: int = 0) -> TableEvent:
    return TableEvent(
        kind, TIME, NODE, NETWORK, "endpoint_table", KEY, "value", VALUE, residual=residual
    )


@pytest.mark.parametrize(
    ("message", "length"),
    [
        (entry(), 245),
        (entry(TableEventKind.DELETE, residual=1800), 248),
        (TableEvent(TableEventKind.CREATE, TIME, NODE, NETWORK, "overlay_peer_table", KEY, "",
                    bytes(47)), 186),
        (NetworkEvent(JOIN, TIME, NODE, NETWORK), 50),
        (NodeEvent(NodeEventKind.LEAVE, TIME, NODE), 23),
        (Compound((entry(),)), 256),
        (Compound((entry(),) * 5), 1260),
        (Compound((entry(),) * 100), 25106),
    ],
)  # fmt: skip
def test_sizes_of_the_reference_encoding(message: Message, length: int) -> None:
    assert message.length == length == len(message.wire)


def test_a_node_event() -> None:
    event = NodeEvent(NodeEventKind.LEAVE, 1000, "node")
    # GossipMessage: type 6, data of 11 bytes; in it type 2, l_time 1000, node_name.
    assert event.wire == b"\x08\x06\x12\x0b\x08\x02\x10\xe8\x07\x1a\x04node"


def test_a_network_event() -> None:
    event = NetworkEvent(JOIN, 5, "node", "net")
    assert event.wire == b"\x08\x01\x12\x0f\x08\x01\x10\x05\x1a\x04node\x22\x03net"
    assert event.entry == b"\x0a\x03net\x10\x05\x1a\x04node"
    leaving = NetworkEvent(NetworkEventKind.LEAVE, 5, "node", "net")
    assert leaving.entry == event.entry + b"\x20\x01"


def table_event(value: bytes = b"\x00\xff", residual: int = 0) -> TableEvent:
    kind = TableEventKind.DELETE if residual else TableEventKind.CREATE
    return TableEvent(kind, 7, "node", "net", "tab", "key", None, value, residual=residual)


def test_a_table_event() -> None:
    text = b"\x10\x07\x1a\x04node\x22\x03net\x2a\x03tab\x32\x03key"
    created = table_event().wire
    assert created == b"\x08\x02\x12\x1d\x08\x01" + text + b"\x3a\x02\x00\xff"
    deleted = table_event(b"", 1800).wire
    assert deleted == b"\x08\x02\x12\x1c\x08\x03" + text + b"\x40\x88\x0e"


def test_a_compound() -> None:
    event = table_event()
    # GossipMessage 5; each event is the payload of a SimpleMessage.
    expected = b"\x08\x05\x12\x4a" + b"\x0a\x23\x0a\x21" + event.wire + b"\x0a\x23\x0a\x21"
    assert Compound((event, event)).wire == expected + event.wire


def test_an_empty_bulk_sync_still_has_its_compound() -> None:
    sync = BulkSync(7, True, "node", ("net", "web"), (Compound(()), Compound(())))
    data = b"\x08\x07\x10\x01\x1a\x04node\x22\x03net\x22\x03web\x2a\x02\x08\x05"
    assert sync.wire == b"\x08\x04\x12\x18" + data


def test_a_bulk_sync_of_two_networks_is_one_compound() -> None:
    parts = (Compound((entry(),) * 3), Compound((entry(),) * 2))
    together = BulkSync(TIME, False, NODE, (), parts)
    assert together.wire == BulkSync(TIME, False, NODE, (), (Compound((entry(),) * 5),)).wire
    assert together.wire.endswith(Compound((entry(),) * 5).wire)


def test_networks_of_a_push_pull() -> None:
    networks = NetworkPushPull(9, "node", (NetworkEvent(JOIN, 5, "node", "net"),))
    data = b"\x08\x09\x12\x0d\x0a\x03net\x10\x05\x1a\x04node\x1a\x04node"
    assert networks.wire == b"\x08\x03\x12\x17" + data


def test_news_of_memberlist() -> None:
    alive = Alive(300, "node", "10.0.0.1")
    assert alive.wire == (
        b"\x04\x86" b"\xa4Addr\xa4\x0a\x00\x00\x01" b"\xabIncarnation\xcd\x01\x2c" b"\xa4Meta\xa0"
        b"\xa4Node\xa4node" b"\xa4Port\xcd\x1f\x0a" b"\xa3Vsn\xa6\x01\x05\x02\x00\x00\x00"
    )  # fmt: skip
    assert alive.member == Member("node", "10.0.0.1", 300, MemberState.ALIVE)
    accusation = b"\x83\xa4From\xa2me\xabIncarnation\x01\xa4Node\xa4node"
    assert Suspect(1, "node", "me").wire == b"\x03" + accusation
    assert Dead(1, "node", "me").wire == b"\x05" + accusation


def test_probes() -> None:
    source = b"\xaaSourceAddr\xa4\x0a\x00\x00\x01\xaaSourceNode\xa2me\xaaSourcePort\xcd\x1f\x0a"
    ping = Ping(200, "node", "10.0.0.1", "me")
    assert ping.wire == b"\x00\x85\xa4Node\xa4node\xa5SeqNo\xcc\xc8" + source
    assert Ping(1, "node", "", "").wire == b"\x00\x82\xa4Node\xa4node\xa5SeqNo\x01"
    indirect = IndirectPing(1, "10.0.0.2", "node", True, "10.0.0.1", "me")
    assert indirect.wire == (
        b"\x01\x88\xa4Nack\xc3\xa4Node\xa4node\xa4Port\xcd\x1f\x0a\xa5SeqNo\x01" + source
        + b"\xa6Target\xa4\x0a\x00\x00\x02"
    )  # fmt: skip


def test_answers() -> None:
    assert Ack(1).wire == b"\x02\x82\xa7Payload\xc0\xa5SeqNo\x01"
    assert Nack(70000).wire == b"\x0b\x81\xa5SeqNo\xce\x00\x01\x11\x70"


def test_a_compound_packet() -> None:
    event = UserMessage(NodeEvent(NodeEventKind.JOIN, TIME, NODE))
    assert event.wire == b"\x08" + event.content.wire
    packet = MemberCompound((Ack(1), event))
    assert packet.wire == b"\x07\x02\x00\x12\x00\x18" + Ack(1).wire + event.wire


def test_a_push_pull() -> None:
    member = Member("node", "10.0.0.1", 3, MemberState.SUSPECT)
    assert member.entry == (
        b"\x87\xa4Addr\xa4\x0a\x00\x00\x01\xabIncarnation\x03\xa4Meta\xa0\xa4Name\xa4node"
        b"\xa4Port\xcd\x1f\x0a\xa5State\x01\xa3Vsn\xa6\x01\x05\x02\x00\x00\x00"
    )
    events = tuple(NetworkEvent(JOIN, TIME, NODE, NETWORK) for _ in range(3))
    networks = NetworkPushPull(TIME, NODE, events)
    assert 127 < networks.length < 256
    # Go's int has no form of one byte and a tag.
    header = b"\x06\x83\xa4Join\xc3\xa5Nodes\x02\xacUserStateLen\xd1\x00"
    wire = PushPull(True, (member, member), networks).wire
    assert wire == header + bytes([networks.length]) + member.entry * 2 + networks.wire


def test_a_sync_tells_creates_and_deletes_only() -> None:
    updated = entry(TableEventKind.UPDATE).told
    assert updated.kind == TableEventKind.CREATE
    assert updated.wire == entry().wire
    deleted = entry(TableEventKind.DELETE, residual=1800).lasting(90 * SECOND + 1)
    assert deleted.residual == 90
    assert deleted.wire == entry(TableEventKind.DELETE, residual=90).wire
