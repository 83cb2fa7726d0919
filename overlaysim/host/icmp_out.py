"""ICMP errors on the underlay, as journeys."""

from __future__ import annotations

from overlaysim.host.directory import HostAddress
from overlaysim.overlay.flow import underlay_hash
from overlaysim.sim import Journey, Simulator, composition
from overlaysim.wire import Ethernet, Packet


def error_journey(
    simulator: Simulator, me: HostAddress, target: HostAddress, error: Packet
) -> Journey:
    """Open the account of an ICMP error that ``me``, a host or router, sends to a host.

    Args:
        error: the IP packet.
    """
    journey = simulator.ledger.create(
        "icmp", simulator.now, source=me.name, intended=target.name, protocol="icmp"
    )
    packet = error.wrap(Ethernet(target.mac, me.mac))
    quoted = packet.payload_length
    journey.packet, journey.length = packet, packet.length
    journey.composition = composition("icmp", quoted, outer_headers=packet.length - quoted)
    journey.destination, journey.flow_hash = target.name, underlay_hash(packet)
    return journey
