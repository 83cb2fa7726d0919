"""Ciphertext in place of the payload that encrypted tunnels are built with.

Packets of ESP, WireGuard and QUIC tunnels are built in the clear, at the lengths they have on the
wire; a simulation needs no more. Whoever wants the very bytes, for another program to decrypt,
seals them::

    keys = EspGcm(key, salt)
    sealed = seal(outer, keys)  # what somebody outside the association reads
    assert unseal(sealed, keys, encapsulation) == encapsulation.decode(outer.pack())

The ciphers come from the package ``cryptography``, which the extra ``crypto`` installs.
"""

from __future__ import annotations

from overlaysim.errors import InputError
from overlaysim.overlay.encapsulation.declaration import Encapsulation, NotDelivered
from overlaysim.overlay.encapsulation.keys import Keys, QuicKeys
from overlaysim.wire import ESP, Packet, WireGuard, decode


def seal(packet: Packet, keys: Keys) -> Packet:
    """Return ``packet`` as it is on the wire, as somebody without the keys reads it.

    Its length stays; an outer UDP checksum is computed anew, unless there is none.

    Raises:
        InputError: the packet holds nothing that such keys seal, or ``cryptography`` is missing.
    """
    for index, layer in enumerate(packet.layers):
        if isinstance(layer, keys.OPEN):
            message = keys.seal(packet.resolved().inner(index).pack())
            return decode(_with_message(packet, index, message))
    names = " or ".join(kind.__name__ for kind in keys.OPEN)
    raise InputError(f"{type(keys).__name__} seals a packet with {names}, not {packet!r}")


def unseal(packet: Packet, keys: Keys, encapsulation: Encapsulation) -> Packet:
    """Return the packet in the clear that :func:`seal` was given, as ``encapsulation`` reads it.

    Raises:
        NotDelivered: the integrity check fails, or nothing in the packet is sealed.
        MalformedPacket: what was sealed is no packet of the encapsulation.
        InputError: ``cryptography`` is missing.
    """
    index = _sealed_at(packet, keys)
    message = packet.resolved().inner(index).pack()
    return encapsulation.decode(_with_message(packet, index, keys.unseal(message)))


def _sealed_at(packet: Packet, keys: Keys) -> int:
    """The layer with which a sealed message begins; a QUIC header shows nothing of itself."""
    if isinstance(keys, QuicKeys):
        return len(packet.layers)
    for index, layer in enumerate(packet.layers):
        if isinstance(layer, ESP | WireGuard):
            return index
    raise NotDelivered("nothing in the packet is sealed")


def _with_message(packet: Packet, index: int, message: bytes) -> bytes:
    """The bytes of a frame with ``message`` in place of layer ``index`` and all behind it."""
    outer = tuple(layer.recomputed(None) for layer in packet.resolved().layers[:index])
    trailers = tuple(trailer for trailer in packet.trailers if trailer[0] < index)
    return Packet(outer, message, trailers).pack()
