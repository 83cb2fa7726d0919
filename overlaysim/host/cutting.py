"""A packet that is cut, as journeys.

On the underlay the journey of the packet goes on as its first fragment; every further fragment is
a journey of its own, of the kind ``fragment``, from where it was cut to where it is put together
or lost. What a bridge cuts is a container's packet: its fragments are as good as those that the
container would have made, and all have the same past.
"""

from __future__ import annotations

from overlaysim.overlay.flow import underlay_hash
from overlaysim.overlay.fragments import added_headers, fragment
from overlaysim.sim import Journey, Simulator, composition
from overlaysim.sim.accounts import cut
from overlaysim.wire import Packet


def cut_journey(
    simulator: Simulator, journey: Journey, mtu: int, where: str, *, ident: int = 0
) -> list[Journey]:
    """Cut a frame into fragments of at most ``mtu`` bytes of IP, and return their journeys.

    Only the first fragment has ports: it stays on the path of its flow, where the others go by
    their addresses alone.

    Args:
        where: name of the host or router that cuts.
        ident: identification for the fragments of an IPv6 packet.
    """
    packet: Packet = journey.packet
    pieces = fragment(packet, mtu, ident)
    lengths = [
        (piece.length, own) for piece, own in zip(pieces, added_headers(pieces), strict=True)
    ]
    journeys = [journey, *(_further(simulator, journey, piece, where) for piece in pieces[1:])]
    shares = cut(journey.composition, lengths)
    for part, piece, share in zip(journeys, pieces, shares, strict=True):
        part.packet, part.length, part.composition = piece, piece.length, share
    return journeys


def _further(simulator: Simulator, journey: Journey, piece: Packet, where: str) -> Journey:
    further = simulator.ledger.create(
        "fragment", simulator.now, source=where, intended=journey.destination,
        protocol=journey.protocol,
    )  # fmt: skip
    further.destination, further.flow_hash = journey.destination, underlay_hash(piece)
    return further


def cut_frame(
    simulator: Simulator, journey: Journey, frame: Packet, mtu: int
) -> list[tuple[Journey, Packet]]:
    """Cut a container's frame on a bridge; return the fragments with their journeys."""
    parts = []
    for number, piece in enumerate(fragment(frame, mtu)):
        part = _with_same_past(simulator, journey) if number else journey
        carried = piece.payload_length
        part.composition = composition(journey.kind, carried, piece.length - carried)
        part.packet, part.length = piece, piece.length
        parts.append((part, piece))
    return parts


def _with_same_past(simulator: Simulator, journey: Journey) -> Journey:
    other = simulator.ledger.create(
        journey.kind, journey.born, source=journey.source, intended=journey.intended,
        protocol=journey.protocol, message=journey.message,
    )  # fmt: skip
    (
        other.look_up, other.resolve, other.encapsulate, other.queue, other.transmit,
        other.propagate, other.decapsulate,
    ) = journey.parts  # fmt: skip
    other.content, other.hops = journey.content, journey.hops
    other.destination, other.flow_hash = journey.destination, journey.flow_hash
    return other
