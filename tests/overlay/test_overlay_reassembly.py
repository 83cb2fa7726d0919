"""What becomes of pieces whose others do not come, come twice, or contradict them."""

from __future__ import annotations

from overlaysim.overlay import Reassembler, fragment
from overlaysim.units import SECOND
from overlaysim.wire import UDP, Ethernet, IPv4, IPv6, Opaque, Packet

FRAME = Ethernet("02:42:0a:00:01:02", "02:42:0a:00:01:04")


def datagram(ident: int = 7) -> Packet:
    """1451 bytes of IPv4, in a frame."""
    return Packet(
        (FRAME, IPv4("10.0.1.4", "10.0.1.2", ident=ident), UDP(40000, 9)), Opaque(1451 - 28)
    )


def test_what_is_no_fragment_comes_back_at_once_with_its_owner() -> None:
    whole = Reassembler().receive(datagram(), 0, "mine")
    assert whole is not None
    assert (whole.packet, whole.owners) == (datagram(), ("mine",))


def test_owners_come_back_in_the_order_of_their_pieces() -> None:
    first, second, third = fragment(datagram(), 600)
    reassembler = Reassembler()
    for piece, owner in ((third, "c"), (first, "a")):
        assert reassembler.receive(piece, 0, owner) is None
    whole = reassembler.receive(second, 0, "b")
    assert whole is not None
    assert whole.owners == ("a", "b", "c")


def test_packets_are_told_apart_by_addresses_protocol_and_identification() -> None:
    first, second = fragment(datagram(7), 1450)
    _, other = fragment(datagram(8), 1450)
    reassembler = Reassembler()
    assert reassembler.receive(first, 0) is None
    assert reassembler.receive(other, 0) is None
    assert reassembler.receive(second, 0) is not None


def test_a_repeated_piece_is_lost_and_does_no_harm() -> None:
    first, second = fragment(datagram(), 1450)
    reassembler = Reassembler()
    assert reassembler.receive(first, 0, "first") is None
    assert reassembler.receive(first, 0, "again") is None
    assert reassembler.take_lost() == ["again"]
    assert reassembler.receive(second, 0, "second") is not None
    assert reassembler.next_expiry() is None


def test_overlapping_pieces_lose_the_whole_packet() -> None:
    first, second = fragment(datagram(), 1450)
    middle = fragment(datagram(), 1000)[1]
    reassembler = Reassembler()
    assert reassembler.receive(first, 0, "first") is None
    assert reassembler.receive(middle, 0, "middle") is None
    assert reassembler.take_lost() == ["middle", "first"]
    assert reassembler.next_expiry() is None
    assert reassembler.receive(second, 0) is None


def test_incomplete_packets_are_given_up_after_30_seconds() -> None:
    first, second = fragment(datagram(), 1450)
    later, _ = fragment(datagram(ident=8), 1450)
    reassembler = Reassembler()
    reassembler.receive(first, 0, "first")
    reassembler.receive(later, SECOND, "later")
    assert reassembler.next_expiry() == 30 * SECOND
    reassembler.expire(30 * SECOND - 1)
    assert reassembler.take_lost() == []
    reassembler.expire(30 * SECOND)
    assert reassembler.take_lost() == ["first"]
    assert reassembler.next_expiry() == 31 * SECOND
    assert reassembler.receive(second, 30 * SECOND) is None


def test_ipv6_waits_twice_as_long() -> None:
    packet = Packet((FRAME, IPv6("fd09::1", "fd09::2"), UDP(1, 2)), Opaque(1500))
    reassembler = Reassembler()
    reassembler.receive(fragment(packet, 1500)[0], SECOND)
    assert reassembler.next_expiry() == 61 * SECOND


def test_everything_can_be_given_up_at_once() -> None:
    reassembler = Reassembler()
    for ident in (1, 2):
        reassembler.receive(fragment(datagram(ident), 1450)[0], 0, ident)
    reassembler.flush()
    assert reassembler.take_lost() == [1, 2]
    assert reassembler.next_expiry() is None
