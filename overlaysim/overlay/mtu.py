"""The MTU of a container's interface on an overlay network."""

from __future__ import annotations

VXLAN_OVERHEAD = 50
"""Outer IPv4 20, UDP 8, VXLAN 8, inner Ethernet 14; Docker takes it off IPv6 underlays as well."""

ESP_OVERHEAD = 26
"""SPI and sequence number 8, IV 8, pad length and next header 2, integrity check 8."""


def overlay_mtu(underlay_mtu: int = 1500, encrypted: bool = False) -> int:
    """Return the largest IP packet in bytes that a container may send.

    ``underlay_mtu`` is the network option ``com.docker.network.driver.mtu``, not what the links
    have: Docker does not look. ESP pads to four bytes, so the result is then a multiple of 4.
    Source: moby ``daemon/libnetwork/drivers/overlay/encryption.go`` (maxMTU).
    """
    mtu = underlay_mtu - VXLAN_OVERHEAD
    return (mtu - ESP_OVERHEAD) // 4 * 4 if encrypted else mtu
