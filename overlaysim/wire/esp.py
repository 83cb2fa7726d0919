"""ESP (RFC 4303 section 2), with the ciphers that overlays use.

Outside an association nobody knows more of a packet than :class:`ESP`: the rest is ciphertext. An
association fixes the lengths of initialisation vector and integrity check and the block size; for
each choice there is a class that holds the packet in the clear with exactly the lengths it has on
the wire, padding included.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from overlaysim.wire.header import Header, binding_of, forget
from overlaysim.wire.malformed import MalformedPacket

NAT_PORT = 4500
"""The UDP port of ESP behind a NAT (RFC 3948 section 2.1)."""

_NON_ESP_MARKER = bytes(4)  # RFC 3948 section 2.2: what follows is IKE


class ESP(Header, protocol=50, udp_port=NAT_PORT):
    """Security parameters index and sequence number; what follows is ciphertext."""

    WIRE = "spi:32 sequence:32"
    spi: int
    sequence: int

    @classmethod
    def choose(cls, data: bytes, start: int, end: int) -> type[Header] | None:
        """Behind UDP a keepalive of one byte and IKE are no ESP."""
        return None if end - start < 8 or data[start : start + 4] == _NON_ESP_MARKER else cls


class OpenESP(Header):
    """An ESP packet with its payload in the clear; base of one class per cipher.

    ``padding`` and ``icv`` stand behind the payload. ``padding`` None is as much as the cipher's
    blocks ask for, 1, 2, 3 … (RFC 4303 section 2.4), ``icv`` None zeros: without a key there is
    none. ``next_header`` is taken from the next header when None.
    """

    IV: ClassVar[int] = 0
    """Bytes of the initialisation vector."""
    ICV: ClassVar[int] = 0
    """Bytes of the integrity check value."""
    BLOCK: ClassVar[int] = 4
    """Payload, padding, pad length and next header are a multiple of this many bytes."""

    TITLE = "ESP"
    PADDING = (
        "1, 2, 3 ... until payload, pad length and next header fill the cipher's blocks (RFC 4303 "
        "s2.4)"
    )
    WIRE = "spi:32 sequence:32"
    NEXT = "next_header", "protocol"
    spi: int
    sequence: int
    iv: bytes
    padding: bytes
    next_header: int | None = None
    icv: bytes | None = None

    @classmethod
    def around(cls, length: int, spi: int, sequence: int) -> Self:
        """Return the header for a payload of ``length`` bytes, padded as the cipher asks for.

        The initialisation vector is the sequence number, as Linux does with GCM
        (``crypto/seqiv.c``).
        """
        padding = bytes(range(1, 1 + -(length + 2) % cls.BLOCK))
        return cls(spi, sequence, sequence.to_bytes(cls.IV, "big"), padding)

    @property
    def header_length(self) -> int:
        """8 bytes and the initialisation vector."""
        return 8 + self.IV

    @property
    def tail_length(self) -> int:
        """Padding, its length, the next header, and the integrity check."""
        return len(self.padding) + 2 + self.ICV

    def extra_layout(self) -> str:
        """See :meth:`Header.extra_layout`."""
        return f"iv:{self.IV}*bytes"

    def tail_layout(self) -> str:
        """See :meth:`Header.tail_layout`."""
        return f"padding:{len(self.padding)}*bytes pad_length:8 next_header:8 icv:{self.ICV}*bytes"

    def enclose(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.enclose`."""
        spi, sequence, iv, padding, next_header, icv = self
        if next_header is None:
            next_header = binding_of(layers, index, "protocol")
        if len(padding) > 255 or len(iv) != self.IV or len(icv or bytes(self.ICV)) != self.ICV:
            raise MalformedPacket(
                f"{type(self).__name__}: {len(padding)} bytes of padding (at most 255), "
                f"{len(iv)} of iv ({self.IV}), {len(icv or b'')} of icv ({self.ICV})"
            )
        if not 0 <= next_header <= 0xFF:
            raise MalformedPacket(f"{type(self).__name__}.next_header: {next_header} does not fit")
        trailer = padding + bytes((len(padding), next_header)) + (icv or bytes(self.ICV))
        header: bytes = self.CODEC.pack(spi, sequence) + iv + body + trailer
        return header

    @classmethod
    def parse(cls, data: bytes, start: int, end: int) -> Self:
        """See :meth:`Header.parse`."""
        spi, sequence = cls.read_fixed(data, start, end)
        check = end - cls.ICV
        if check - 2 < start + 8 + cls.IV:
            raise MalformedPacket(f"{cls.__name__} at byte {start}: shorter than its trailer")
        length, next_header = data[check - 2], data[check - 1]
        if check - 2 - length < start + 8 + cls.IV:
            raise MalformedPacket(f"{cls.__name__} at byte {start}: {length} bytes of padding")
        values: tuple[Any, ...] = (
            spi, sequence, data[start + 8 : start + 8 + cls.IV],
            data[check - 2 - length : check - 2], next_header, data[check:end],
        )  # fmt: skip
        return tuple.__new__(cls, values)

    def recomputed(self, inner: Header | None) -> Self:
        """See :meth:`Header.recomputed`."""
        return self.replace(next_header=forget(self.next_header, inner, "protocol"), icv=None)


class EspGcm16(OpenESP, protocol=50, udp_port=NAT_PORT):
    """AES-GCM with a 16-byte integrity check (RFC 4106 sections 4 to 6)."""

    __slots__ = ()
    IV, ICV, BLOCK = 8, 16, 4


class EspGcm8(OpenESP, protocol=50, udp_port=NAT_PORT):
    """AES-GCM with an 8-byte integrity check, which Docker asks for (RFC 4106 section 6)."""

    __slots__ = ()
    IV, ICV, BLOCK = 8, 8, 4


class EspCbcSha256(OpenESP, protocol=50, udp_port=NAT_PORT):
    """AES-CBC (RFC 3602 section 3) with HMAC-SHA-256-128 (RFC 4868 section 2.3)."""

    __slots__ = ()
    IV, ICV, BLOCK = 16, 16, 16
