"""Encrypted tunnels: ESP, WireGuard, QUIC, and VXLAN inside of them.

Packets are built in the clear, with the lengths that they have on the wire;
:mod:`~overlaysim.overlay.encapsulation.sealing` encrypts them where bytes are wanted.
"""

from __future__ import annotations

from overlaysim.overlay.encapsulation.declaration import Encapsulation
from overlaysim.overlay.encapsulation.lengths import Carries
from overlaysim.overlay.encapsulation.tunnel import Tunnel
from overlaysim.wire import (
    NAT_PORT,
    QUIC_PORT,
    UDP,
    VXLAN,
    VXLAN_PORT,
    WIREGUARD_PORT,
    EspCbcSha256,
    EspGcm8,
    EspGcm16,
    Header,
    IPv4,
    OpenESP,
    OpenWireGuard,
    QuicDatagram,
    QuicIpDatagram,
)
from overlaysim.wire.addresses import ip4_bytes, ip6_bytes

_SPI = "SPI only (per SA)"
_PEERS = "none (one UDP 4-tuple per peer pair)"
_CONNECTION = "none per QUIC connection"
_VXLAN_HEADERS = 16  # UDP and VXLAN
_IP_UDP_VXLAN = 36
_WIREGUARD = 32  # header and tag
_KEY_TAG = 1
"""Docker numbers its keys; the SPI depends on the number (moby ``encryption.go``, buildSPI)."""

_FNV_OFFSET, _FNV_PRIME = 0x811C9DC5, 0x01000193


def docker_spi(source: str, target: str, tag: int = _KEY_TAG) -> int:
    """Return the SPI that Docker gives the association from ``source`` to ``target``.

    FNV-1a with 32 bits over the source as 16 bytes, the key's tag, the target as 16 bytes (moby
    ``daemon/libnetwork/drivers/overlay/encryption.go``, buildSPI).
    """
    value = _FNV_OFFSET
    for byte in _sixteen(source) + tag.to_bytes(4, "big") + _sixteen(target):
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return value


def _sixteen(address: str) -> bytes:
    """An address as 16 bytes; IPv4 as IPv4-mapped IPv6."""
    return ip6_bytes(address) if ":" in address else bytes(10) + b"\xff\xff" + ip4_bytes(address)


def _esp(kind: type[OpenESP], tunnel: Tunnel, length: int, spi: int | None = None) -> OpenESP:
    """The ESP header of a network's association, or of the one with another SPI."""
    number = tunnel.number + 1 & 0xFFFFFFFF  # sequence numbers begin with 1 (RFC 4303 section 2.2)
    return kind.around(length, tunnel.network if spi is None else spi, number)


def _esp_only(name: str, kind: type[OpenESP], spec: str, *, own: bool = False) -> Encapsulation:
    return Encapsulation(
        name, lambda tunnel, length: (_esp(kind, tunnel, length),),
        Carries.SEGMENT if own else Carries.PACKET, layer="L4" if own else "L3", spec=spec,
        entropy=_SPI, checksum=f"integrity check of {kind.ICV} bytes", df="inherit",
        network=(kind, "spi", 32),
    )  # fmt: skip


_GCM = "RFC 4303 s2; RFC 4106 s4-6"
_CBC = "RFC 4303; RFC 3602 s3; RFC 4868 s2.3"


def _esp_in_udp(tunnel: Tunnel, length: int) -> tuple[Header, ...]:
    # RFC 3948 section 2.1: over IPv4 the UDP checksum should be 0. IPv6 allows no 0.
    udp = tunnel.udp(NAT_PORT, NAT_PORT, checksum=tunnel.family == 6)
    return udp, _esp(EspGcm16, tunnel, length)


def _vxlan_in_esp(kind: type[OpenESP], tunnel: Tunnel, length: int) -> tuple[Header, ...]:
    spi = docker_spi(tunnel.source, tunnel.target)
    esp = _esp(kind, tunnel, _VXLAN_HEADERS + length, spi)
    return esp, tunnel.udp(VXLAN_PORT), VXLAN(tunnel.network)


def _wireguard(tunnel: Tunnel, length: int, receiver: int) -> tuple[Header, ...]:
    device = max(0, tunnel.mtu - tunnel.ip_header - 8 - _WIREGUARD)
    message = OpenWireGuard.around(length, receiver, tunnel.number, device)
    return tunnel.udp(WIREGUARD_PORT, WIREGUARD_PORT), message


def _vxlan_over_wireguard(tunnel: Tunnel, length: int) -> tuple[Header, ...]:
    return (
        *_wireguard(tunnel, _IP_UDP_VXLAN + length, 1),
        IPv4(_inside(tunnel.source), _inside(tunnel.target), ident=tunnel.ident),
        UDP(tunnel.port(), VXLAN_PORT),
        VXLAN(tunnel.network),
    )


def _inside(address: str) -> str:
    """The VTEP's address inside the WireGuard network: 10.8.0.0/16 with its last two bytes."""
    last = (ip6_bytes(address) if ":" in address else ip4_bytes(address))[-2:]
    return f"10.8.{last[0]}.{last[1]}"


def _quic(kind: type[QuicDatagram], tunnel: Tunnel) -> tuple[Header, ...]:
    udp = tunnel.udp(QUIC_PORT, QUIC_PORT + 20_000)
    return udp, kind(tunnel.network, tunnel.number & 0xFFFF)


WIREGUARD = Encapsulation(
    "wireguard", lambda tunnel, length: _wireguard(tunnel, length, tunnel.network),
    Carries.PACKET, layer="L3", spec="WireGuard white paper s5.4.6; padding 16", entropy=_PEERS,
    checksum="UDP, and a Poly1305 tag", network=(OpenWireGuard, "receiver", 32),
)  # fmt: skip

DOCKER = Encapsulation(
    "vxlan-esp-docker", lambda tunnel, length: _vxlan_in_esp(EspGcm8, tunnel, length),
    spec="moby/moby daemon/libnetwork/drivers/overlay/encryption.go; RFC 4106 (8-byte ICV)",
    entropy="SPI only (per host pair and key)", checksum="UDP, integrity check of 8 bytes",
    network=(VXLAN, "vni", 24),
)  # fmt: skip
"""What ``docker network create --opt encrypted`` makes."""

MASQUE_UDP = Encapsulation(
    "masque-connect-udp", lambda tunnel, length: _quic(QuicDatagram, tunnel), Carries.DATAGRAM,
    layer="L4 (UDP payload)", spec="RFC 9298 s5; RFC 9221 s4; RFC 9000 s17.3 (same assumptions)",
    entropy=_CONNECTION, checksum="UDP, and an AEAD tag", df="set", inner=(4,),
    network=(QuicDatagram, "connection", 64),
)  # fmt: skip

ALL = (
    WIREGUARD,
    _esp_only("esp-transport-aes-gcm16", EspGcm16, _GCM, own=True),
    _esp_only("esp-tunnel-aes-gcm16", EspGcm16, _GCM),
    _esp_only("esp-transport-aes-cbc-sha256", EspCbcSha256, _CBC, own=True),
    _esp_only("esp-tunnel-aes-cbc-sha256", EspCbcSha256, _CBC),
    Encapsulation(
        "esp-udp-tunnel-aes-gcm16", _esp_in_udp, Carries.PACKET, layer="L3",
        spec="RFC 3948 s2.1; RFC 4303; RFC 4106",
        entropy="none (UDP 4500 both ends usual)", df="inherit",
        checksum="integrity check of 16 bytes", network=(EspGcm16, "spi", 32),
    ),
    DOCKER,
    Encapsulation(
        "vxlan-esp-gcm16", lambda tunnel, length: _vxlan_in_esp(EspGcm16, tunnel, length),
        spec="RFC 7348; RFC 4303; RFC 4106", entropy="SPI only",
        checksum="UDP, integrity check of 16 bytes", network=(VXLAN, "vni", 24),
    ),
    Encapsulation(
        "vxlan-over-wireguard", _vxlan_over_wireguard, spec="RFC 7348 over WireGuard",
        entropy=_PEERS, checksum="UDP twice, and a Poly1305 tag", network=(VXLAN, "vni", 24),
    ),
    Encapsulation(
        "masque-connect-ip", lambda tunnel, length: _quic(QuicIpDatagram, tunnel),
        Carries.PACKET, layer="L3", entropy=_CONNECTION, df="set",
        spec="RFC 9484; RFC 9221 s4; RFC 9000 s17.3 (8-byte CID, 2-byte PN, 1-byte stream id and "
        "context id)",
        checksum="UDP, and an AEAD tag", network=(QuicIpDatagram, "connection", 64),
    ),
    MASQUE_UDP,
)  # fmt: skip
