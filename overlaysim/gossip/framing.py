"""What memberlist puts around a message before it goes out: compression, checksum, encryption.

Source: hashicorp/memberlist, ``net.go`` (rawSendMsgPacket, rawSendMsgStream, encryptLocalState),
``util.go`` (compressPayload), ``security.go``. Encrypted bytes say nothing, so only lengths exist.
"""

from __future__ import annotations

from functools import lru_cache

from overlaysim.gossip.lzw import compressed_length
from overlaysim.gossip.member_encoding import MessageType, encode_message
from overlaysim.gossip.msgpack import raw, raw_header, unsigned

CHECKSUM = 5
"""In front of a packet: type and CRC-32."""

ENCRYPTION = 29
"""Version 1, nonce 12 and tag 16 of AES-GCM."""

STREAM_HEADER = 5
"""In front of an encrypted message on a stream: type and length."""

_EMPTY = encode_message(MessageType.COMPRESSED, Algo=unsigned(0), Buf=raw(b""))
_WRAPPER = len(_EMPTY) - len(raw_header(0))


def framed_packet_length(content: bytes, compression: bool, checksum: bool) -> int:
    """Bytes of UDP payload.

    Args:
        content: the message with its type byte.
        compression: whether to compress it if that makes it shorter.
        checksum: whether the sender gives it one.
    """
    length = len(content)
    if compression:
        length = min(length, _remembered_length(content))
    return length + checksum * CHECKSUM + ENCRYPTION


def framed_stream_length(content: bytes, compression: bool) -> int:
    """Bytes of TCP payload; if compression is on, it is used even where it does not help."""
    length = _compressed_message_length(content) if compression else len(content)
    return length + STREAM_HEADER + ENCRYPTION


def _compressed_message_length(content: bytes) -> int:
    length = compressed_length(content)
    return _WRAPPER + len(raw_header(length)) + length


# Every packet of events goes to several nodes, and many of those pass the same events on.
_remembered_length = lru_cache(maxsize=4096)(_compressed_message_length)
