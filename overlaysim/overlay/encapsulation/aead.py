"""The ciphers that tunnels use, from the package ``cryptography``.

It is an extra: who seals packets imports this module, nobody else does.
"""

from __future__ import annotations

import hmac

from overlaysim.errors import InputError
from overlaysim.overlay.encapsulation.declaration import NotDelivered

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB, GCM
except ImportError:
    raise InputError(
        "sealing packets needs the package cryptography; pip install 'overlaysim[crypto]'"
    ) from None

TAG = 16
"""Bytes of the tag of AES-GCM and ChaCha20-Poly1305; some protocols send fewer of them."""

_SHORTEST_TAG = 8  # RFC 4106 section 6


def gcm_seal(key: bytes, nonce: bytes, plain: bytes, head: bytes) -> tuple[bytes, bytes]:
    """Return ciphertext and tag of AES-GCM; the tag covers ``head`` too."""
    sealed = AESGCM(key).encrypt(nonce, plain, head)
    return sealed[:-TAG], sealed[-TAG:]


def gcm_open(key: bytes, nonce: bytes, sealed: bytes, tag: bytes, head: bytes) -> bytes:
    """Return the plaintext of AES-GCM; ``tag`` may be cut to 8 bytes.

    Raises :class:`NotDelivered` if it is not the tag of this ciphertext and ``head``.
    """
    decryptor = Cipher(AES(key), GCM(nonce, tag, min_tag_length=_SHORTEST_TAG)).decryptor()
    decryptor.authenticate_additional_data(head)
    try:
        return decryptor.update(sealed) + decryptor.finalize()
    except InvalidTag:
        raise _forged() from None


def chacha_seal(key: bytes, nonce: bytes, plain: bytes) -> bytes:
    """Return ciphertext and tag of ChaCha20-Poly1305 (RFC 8439 section 2.8)."""
    return ChaCha20Poly1305(key).encrypt(nonce, plain, None)


def chacha_open(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    """Return the plaintext of ciphertext and tag; raises :class:`NotDelivered` if it is forged."""
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, sealed, None)
    except InvalidTag:
        raise _forged() from None


def cbc_encrypt(key: bytes, iv: bytes, plain: bytes) -> bytes:
    """Return the ciphertext of AES-CBC; ``plain`` is whole blocks of 16 bytes."""
    encryptor = Cipher(AES(key), CBC(iv)).encryptor()
    return encryptor.update(plain) + encryptor.finalize()


def cbc_decrypt(key: bytes, iv: bytes, sealed: bytes) -> bytes:
    """Return the plaintext of AES-CBC; ``sealed`` is whole blocks of 16 bytes."""
    decryptor = Cipher(AES(key), CBC(iv)).decryptor()
    return decryptor.update(sealed) + decryptor.finalize()


def aes_block(key: bytes, data: bytes) -> bytes:
    """Return one block of 16 bytes, encrypted."""
    return Cipher(AES(key), ECB()).encryptor().update(data)


def check_hmac(key: bytes, message: bytes, tag: bytes) -> None:
    """Raise :class:`NotDelivered` unless ``tag`` begins HMAC-SHA-256 of the message."""
    if not hmac.compare_digest(hmac_sha256(key, message)[: len(tag)], tag):
        raise _forged()


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """Return HMAC-SHA-256 (RFC 4868 section 2), 32 bytes."""
    return hmac.digest(key, message, "sha256")


def _forged() -> NotDelivered:
    return NotDelivered("the integrity check fails")
