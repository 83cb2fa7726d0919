"""What hosts tell each other about where a container is."""

from __future__ import annotations

from dataclasses import dataclass

from overlaysim.gossip.protobuf import text_field


@dataclass(frozen=True, slots=True)
class PeerRecord:
    """One entry of ``overlay_peer_table``; its key is the endpoint's id.

    Attributes:
        endpoint_ip: address of the container or load balancer.
        prefix_length: of its subnet.
        mac: its MAC address.
        vtep: underlay address of its host.
    """

    endpoint_ip: str
    prefix_length: int
    mac: str
    vtep: str

    def encode(self) -> bytes:
        """Its bytes in the table.

        Source: moby ``daemon/libnetwork/drivers/overlay/overlay.proto`` (PeerRecord).
        """
        return (
            text_field(1, f"{self.endpoint_ip}/{self.prefix_length}")
            + text_field(2, self.mac)
            + text_field(3, self.vtep)
        )
