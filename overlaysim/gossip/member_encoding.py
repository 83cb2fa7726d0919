"""How memberlist writes a message: one type byte, then a struct in msgpack (``util.go`` encode)."""

from __future__ import annotations

import ipaddress
from enum import IntEnum
from functools import lru_cache

from overlaysim.gossip.msgpack import raw, struct, unsigned

PORT = 7946
"""UDP and TCP port (``config.go``)."""

ENCODED_PORT = unsigned(PORT)

TYPE_BYTE = 1
"""In front of every memberlist message; a user message has nothing else (``net.go``)."""


class MessageType(IntEnum):
    """The first byte of a message (``net.go``)."""

    PING = 0
    INDIRECT_PING = 1
    ACK = 2
    SUSPECT = 3
    ALIVE = 4
    DEAD = 5
    PUSH_PULL = 6
    COMPOUND = 7
    USER = 8
    COMPRESSED = 9
    NACK = 11


def encode_message(kind: MessageType, **fields: bytes) -> bytes:
    """A message of so many encoded fields."""
    return bytes((kind,)) + struct(**fields)


@lru_cache(maxsize=4096)
def encode_address(address: str) -> bytes:
    """An IPv4 address: 4 bytes, not Go's usual 16 (``net_transport.go`` FinalAdvertiseAddr).

    Raises:
        ipaddress.AddressValueError: if it is none.
    """
    return raw(ipaddress.IPv4Address(address).packed)
