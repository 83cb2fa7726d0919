"""Keys of encrypted tunnels, and what each protocol does with them.

A message reaches from the tunnel's own header to the end of its integrity check. In the clear and
sealed it has the same length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from overlaysim.overlay.encapsulation import aead
from overlaysim.wire import (
    EspCbcSha256,
    EspGcm8,
    EspGcm16,
    Header,
    OpenWireGuard,
    QuicDatagram,
)


class Keys(Protocol):
    """The keys of one direction of an association."""

    OPEN: ClassVar[tuple[type[Header], ...]]
    """The headers of messages in the clear that such keys seal."""

    def seal(self, message: bytes) -> bytes:
        """Return the message with its contents encrypted and its integrity check filled in."""
        ...

    def unseal(self, message: bytes) -> bytes:
        """Return the message in the clear, with zeros where its integrity check was.

        Raises :class:`~overlaysim.overlay.encapsulation.NotDelivered` if the check fails.
        """
        ...


_COVERED = 8  # SPI and sequence number: AES-GCM protects them too
_GCM_FRONT = _COVERED + EspGcm16.IV
_CBC_FRONT = _COVERED + EspCbcSha256.IV


@dataclass(frozen=True)
class EspGcm:
    """AES-GCM in ESP; the nonce is the salt and the initialisation vector (RFC 4106 section 4).

    Attributes:
        key: 16, 24 or 32 bytes.
        salt: 4 bytes, the last ones of the keying material (section 8.1).
        icv: bytes of the integrity check, 16 or 8 (section 6).
    """

    OPEN: ClassVar[tuple[type[Header], ...]] = (EspGcm16, EspGcm8)

    key: bytes
    salt: bytes
    icv: int = EspGcm16.ICV

    def seal(self, message: bytes) -> bytes:
        """See :meth:`Keys.seal`."""
        front, plain = message[:_GCM_FRONT], message[_GCM_FRONT : -self.icv]
        sealed, tag = aead.gcm_seal(self.key, self._nonce(front), plain, front[:_COVERED])
        return front + sealed + tag[: self.icv]

    def unseal(self, message: bytes) -> bytes:
        """See :meth:`Keys.unseal`."""
        front, sealed, tag = _split(message, _GCM_FRONT, self.icv)
        plain = aead.gcm_open(self.key, self._nonce(front), sealed, tag, front[:_COVERED])
        return front + plain + bytes(self.icv)

    def _nonce(self, front: bytes) -> bytes:
        return self.salt + front[_COVERED:]


def docker_keys(key: bytes, spi: int) -> EspGcm:
    """Return the keys of Docker's association ``spi``: a network key of 16 bytes, the SPI as salt.

    Source: moby ``daemon/libnetwork/drivers/overlay/encryption.go``, buildAeadAlgo.
    """
    return EspGcm(key, spi.to_bytes(4, "big"), EspGcm8.ICV)


@dataclass(frozen=True)
class EspCbc:
    """AES-CBC (RFC 3602) in ESP, and over all of it HMAC-SHA-256-128 (RFC 4868 section 2).

    Attributes:
        key: 16, 24 or 32 bytes.
        integrity: 32 bytes.
    """

    OPEN: ClassVar[tuple[type[Header], ...]] = (EspCbcSha256,)

    key: bytes
    integrity: bytes

    def seal(self, message: bytes) -> bytes:
        """See :meth:`Keys.seal`."""
        front, plain = message[:_CBC_FRONT], message[_CBC_FRONT : -EspCbcSha256.ICV]
        sealed = front + aead.cbc_encrypt(self.key, front[_COVERED:], plain)
        return sealed + aead.hmac_sha256(self.integrity, sealed)[: EspCbcSha256.ICV]

    def unseal(self, message: bytes) -> bytes:
        """See :meth:`Keys.unseal`."""
        front, sealed, tag = _split(message, _CBC_FRONT, EspCbcSha256.ICV)
        aead.check_hmac(self.integrity, front + sealed, tag)
        return front + aead.cbc_decrypt(self.key, front[_COVERED:], sealed) + bytes(len(tag))


_WIREGUARD_FRONT = 16  # type, receiver, counter


@dataclass(frozen=True)
class WireGuardKey:
    """One direction's key of a WireGuard session, 32 bytes (white paper section 5.4.6).

    The nonce is four zeros and the counter as it stands in the message.
    """

    OPEN: ClassVar[tuple[type[Header], ...]] = (OpenWireGuard,)

    key: bytes

    def seal(self, message: bytes) -> bytes:
        """See :meth:`Keys.seal`."""
        front, plain = message[:_WIREGUARD_FRONT], message[_WIREGUARD_FRONT : -aead.TAG]
        return front + aead.chacha_seal(self.key, bytes(4) + front[8:], plain)

    def unseal(self, message: bytes) -> bytes:
        """See :meth:`Keys.unseal`."""
        front, sealed = message[:_WIREGUARD_FRONT], message[_WIREGUARD_FRONT:]
        return front + aead.chacha_open(self.key, bytes(4) + front[8:], sealed) + bytes(aead.TAG)


_NUMBER = 9  # where a short header's packet number begins, behind flags and connection
_NUMBER_END = 11
_PROTECTED_BITS = 0x1F  # of the first byte of a short header (RFC 9001 section 5.4.1)


@dataclass(frozen=True)
class QuicKeys:
    """AES-128-GCM and header protection in QUIC (RFC 9001 sections 5.3 and 5.4).

    A packet number counts as the whole number that its two bytes are, as it is in a connection's
    first 65 536 packets.

    Attributes:
        key: 16 bytes.
        iv: 12 bytes.
        header: 16 bytes, the key of the header protection.
    """

    OPEN: ClassVar[tuple[type[Header], ...]] = (QuicDatagram,)

    key: bytes
    iv: bytes
    header: bytes

    def seal(self, message: bytes) -> bytes:
        """See :meth:`Keys.seal`."""
        front, plain = message[:_NUMBER_END], message[_NUMBER_END : -aead.TAG]
        sealed, tag = aead.gcm_seal(self.key, self._nonce(front), plain, front)
        return self._masked(front, sealed + tag) + sealed + tag

    def unseal(self, message: bytes) -> bytes:
        """See :meth:`Keys.unseal`."""
        masked, sealed, tag = _split(message, _NUMBER_END, aead.TAG)
        front = self._masked(masked, sealed + tag)
        plain = aead.gcm_open(self.key, self._nonce(front), sealed, tag, front)
        return front + plain + bytes(aead.TAG)

    def _nonce(self, front: bytes) -> bytes:
        number = int.from_bytes(front[_NUMBER:], "big")
        return (int.from_bytes(self.iv, "big") ^ number).to_bytes(12, "big")

    def _masked(self, front: bytes, behind: bytes) -> bytes:
        """Put the header protection on, or take it off: an exclusive or does both."""
        # The sample begins where a packet number of four bytes would end (section 5.4.2).
        skipped = 4 - (_NUMBER_END - _NUMBER)
        mask = header_mask(self.header, behind[skipped : skipped + 16])
        number = bytes((front[_NUMBER] ^ mask[1], front[_NUMBER + 1] ^ mask[2]))
        return bytes((front[0] ^ mask[0] & _PROTECTED_BITS,)) + front[1:_NUMBER] + number


def header_mask(key: bytes, sample: bytes) -> bytes:
    """Return the 5 bytes that protect a QUIC header (RFC 9001 section 5.4.3)."""
    return aead.aes_block(key, sample)[:5]


def _split(message: bytes, front: int, tag: int) -> tuple[bytes, bytes, bytes]:
    return message[:front], message[front:-tag], message[-tag:]
