"""Real ciphertext in a capture: the packets of encrypted tunnels, sealed with keys of the run.

The simulation carries such packets in the clear, at their exact lengths. For a capture they can be
sealed, with keys made from the seed; those of ESP are noted in the form in which Wireshark's
preferences keep them (``esp_sa``), so that it can decrypt what it shows.
"""

from __future__ import annotations

from hashlib import sha256

from overlaysim.overlay.encapsulation.keys import (
    EspCbc,
    EspGcm,
    Keys,
    QuicKeys,
    WireGuardKey,
    docker_keys,
)
from overlaysim.overlay.encapsulation.sealing import seal
from overlaysim.wire import (
    EspCbcSha256,
    EspGcm8,
    EspGcm16,
    Header,
    IPv4,
    IPv6,
    OpenESP,
    OpenWireGuard,
    Packet,
    QuicDatagram,
)

_GCM, _GCM_8 = "AES-GCM with 16 octet ICV [RFC4106]", "AES-GCM with 8 octet ICV [RFC4106]"
_CBC, _HMAC = "AES-CBC [RFC3602]", "HMAC-SHA-256-128 [RFC4868]"


class Sealer:
    """Seals the packets of one run.

    Args:
        seed: of the run; the keys follow from it.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._associations: dict[tuple[str, str, int], str] = {}

    def __call__(self, packet: Packet) -> Packet:
        """Return the packet as it is on a wire; as it was, if nothing in it is encrypted.

        Raises:
            InputError: the package ``cryptography`` is missing.
        """
        for place, layer in enumerate(packet.layers):
            keys = self._keys(layer)
            if keys is not None:
                if isinstance(layer, OpenESP):
                    self._note(packet.layers[place - 1 :: -1], layer, keys)
                return seal(packet, keys)
        return packet

    def esp_sa(self) -> list[str]:
        """The ESP associations seen so far, one line of Wireshark's table each, sorted."""
        return sorted(self._associations.values())

    def _keys(self, layer: Header) -> Keys | None:
        match layer:
            case EspGcm8(spi=spi):
                return docker_keys(self._secret("esp", spi)[:16], spi)
            case EspGcm16(spi=spi):
                secret = self._secret("esp", spi)
                return EspGcm(secret[:16], secret[16:20])
            case EspCbcSha256(spi=spi):
                return EspCbc(self._secret("esp", spi)[:16], self._secret("esp-integrity", spi))
            case OpenWireGuard(receiver=receiver):
                return WireGuardKey(self._secret("wireguard", receiver))
            case QuicDatagram(connection=connection):
                secret, more = (self._secret(f"quic-{part}", connection) for part in (1, 2))
                return QuicKeys(secret[:16], more[:12], secret[16:])
        return None

    def _secret(self, use: str, number: int) -> bytes:
        return sha256(f"{self._seed} {use} {number}".encode()).digest()

    def _note(self, outside: tuple[Header, ...], layer: OpenESP, keys: Keys) -> None:
        ip = next(header for header in outside if isinstance(header, IPv4 | IPv6))
        if isinstance(keys, EspGcm):
            cipher = _GCM if keys.icv == EspGcm16.ICV else _GCM_8
            row = f'"{cipher}","0x{(keys.key + keys.salt).hex()}","NULL",""'
        else:
            assert isinstance(keys, EspCbc)
            row = f'"{_CBC}","0x{keys.key.hex()}","{_HMAC}","0x{keys.integrity.hex()}"'
        version = "IPv4" if isinstance(ip, IPv4) else "IPv6"
        line = f'"{version}","{ip.src}","{ip.dst}","0x{layer.spi:08x}",{row},"32-bit",""'
        self._associations[ip.src, ip.dst, layer.spi] = line
