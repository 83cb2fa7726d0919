"""ARP for IPv4 over Ethernet (RFC 826)."""

from __future__ import annotations

from overlaysim.wire.header import Header

REQUEST = 1
"""The operation of a question; 2 is a reply."""


class ARP(Header, ethertype=0x0806):
    """A request (``operation`` 1) or reply (2); 28 bytes."""

    WIRE = (
        "hardware_type=1:16 protocol_type=0x0800:16 hardware_size=6:8 protocol_size=4:8 "
        "operation:16 sender_mac:mac sender_ip:ip4 target_mac:mac target_ip:ip4"
    )
    operation: int
    sender_mac: str
    sender_ip: str
    target_mac: str
    target_ip: str

    def body_length(self, available: int) -> int:
        """Nothing belongs to ARP behind its header: the rest is padding of the frame."""
        return 0
