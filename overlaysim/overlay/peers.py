"""What hosts tell each other about where a container is."""

from __future__ import annotations

from dataclasses import dataclass


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

    def size(self) -> int:
        """Bytes as protobuf: three strings, each with one byte of tag and one of length.

        Source: moby ``daemon/libnetwork/drivers/overlay/overlay.proto`` (PeerRecord).
        """
        strings = (f"{self.endpoint_ip}/{self.prefix_length}", self.mac, self.vtep)
        return sum(2 + len(text) for text in strings)
