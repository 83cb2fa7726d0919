"""A WireGuard handshake, so that somebody who has the keys can follow the data behind it.

Noise_IKpsk2 as the white paper has it in sections 5.4.2 and 5.4.3; names are its names.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from dataclasses import dataclass
from hashlib import blake2s

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CONSTRUCTION = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
IDENTIFIER = b"WireGuard v1 zx2c4 Jason@zx2c4.com"
LABEL_MAC1 = b"mac1----"
TIMESTAMP = bytes.fromhex("400000005f000000") + bytes(4)  # TAI64N


class Pair:
    """A private key and its public one."""

    def __init__(self, seed: int) -> None:
        self.private_bytes = seed.to_bytes(32, "little")
        self.private = X25519PrivateKey.from_private_bytes(self.private_bytes)
        self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def dh(self, public: bytes) -> bytes:
        return self.private.exchange(X25519PublicKey.from_public_bytes(public))


@dataclass(frozen=True)
class Handshake:
    """The two messages, the key of what the initiator sends, and the log that tshark reads."""

    initiation: bytes
    response: bytes
    key: bytes
    log: str


def handshake(initiator: int, responder: int) -> Handshake:
    """Shake hands between two peers that name their sessions by these numbers."""
    static_i, static_r, ephemeral_i, ephemeral_r = map(Pair, (1111, 2222, 3333, 4444))
    chain = _hash(CONSTRUCTION)
    state = _hash(_hash(chain + IDENTIFIER) + static_r.public)

    (chain,) = _kdf(1, chain, ephemeral_i.public)
    state = _hash(state + ephemeral_i.public)
    chain, key = _kdf(2, chain, ephemeral_i.dh(static_r.public))
    static = _aead(key, static_i.public, state)
    state = _hash(state + static)
    chain, key = _kdf(2, chain, static_i.dh(static_r.public))
    timestamp = _aead(key, TIMESTAMP, state)
    state = _hash(state + timestamp)
    initiation = _with_macs(
        b"\1\0\0\0" + _number(initiator) + ephemeral_i.public + static + timestamp, static_r
    )

    (chain,) = _kdf(1, chain, ephemeral_r.public)
    state = _hash(state + ephemeral_r.public)
    (chain,) = _kdf(1, chain, ephemeral_r.dh(ephemeral_i.public))
    (chain,) = _kdf(1, chain, ephemeral_r.dh(static_i.public))
    chain, tau, key = _kdf(3, chain, bytes(32))
    empty = _aead(key, b"", _hash(state + tau))
    response = _with_macs(
        b"\2\0\0\0" + _number(responder) + _number(initiator) + ephemeral_r.public + empty, static_i
    )
    sending, _ = _kdf(2, chain, b"")
    return Handshake(initiation, response, sending, _log(static_i, static_r, ephemeral_i))


def _log(static_i: Pair, static_r: Pair, ephemeral_i: Pair) -> str:
    return (
        f"LOCAL_STATIC_PRIVATE_KEY = {_base64(static_i.private_bytes)}\n"
        f"REMOTE_STATIC_PUBLIC_KEY = {_base64(static_r.public)}\n"
        f"LOCAL_EPHEMERAL_PRIVATE_KEY = {_base64(ephemeral_i.private_bytes)}\n"
    )


def _with_macs(message: bytes, receiver: Pair) -> bytes:
    key = _hash(LABEL_MAC1 + receiver.public)
    return message + blake2s(message, digest_size=16, key=key).digest() + bytes(16)


def _kdf(number: int, chain: bytes, data: bytes) -> list[bytes]:
    """HKDF with HMAC-BLAKE2s: so many keys of 32 bytes."""
    secret = hmac.digest(chain, data, "blake2s")
    keys = [b""]
    for index in range(1, number + 1):
        keys.append(hmac.digest(secret, keys[-1] + bytes((index,)), "blake2s"))
    return keys[1:]


def _aead(key: bytes, plain: bytes, head: bytes) -> bytes:
    return ChaCha20Poly1305(key).encrypt(bytes(12), plain, head)


def _hash(data: bytes) -> bytes:
    return blake2s(data).digest()


def _number(value: int) -> bytes:
    return value.to_bytes(4, "little")


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
