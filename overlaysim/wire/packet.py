"""A packet: headers, outermost first, and what they carry."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from overlaysim.wire.fused import ENTRANCES
from overlaysim.wire.header import Header
from overlaysim.wire.malformed import MalformedPacket
from overlaysim.wire.payload import Payload

H = TypeVar("H", bound=Header)


class Packet:
    """An immutable stack of headers around a payload; it knows its length without packing.

    ``trailers`` holds what follows a layer beyond the length its header states, as pairs of layer
    index and bytes, such as the padding of a short Ethernet frame behind its IP packet.
    """

    __slots__ = ("_length", "layers", "payload", "trailers")

    def __init__(
        self,
        layers: tuple[Header, ...],
        payload: Payload = b"",
        trailers: tuple[tuple[int, bytes], ...] = (),
    ) -> None:
        self.layers: Final = layers
        self.payload: Final = payload
        self.trailers: Final = trailers
        self._length = -1

    @property
    def length(self) -> int:
        """Bytes of the packet (for a frame: without preamble, frame check sequence and gap)."""
        if self._length < 0:
            length = len(self.payload)
            for layer in self.layers:
                length += layer.header_length + layer.tail_length
            for _, data in self.trailers:
                length += len(data)
            self._length = length
        return self._length

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Packet):
            return NotImplemented
        return (self.layers, self.payload, self.trailers) == (
            other.layers, other.payload, other.trailers,
        )  # fmt: skip

    def __hash__(self) -> int:
        return hash((self.layers, self.payload, self.trailers))

    def __repr__(self) -> str:
        parts = [*map(repr, self.layers), repr(self.payload)]
        parts += [f"trailer of layer {index}: {data!r}" for index, data in self.trailers]
        return f"<Packet {self.length} bytes: {' / '.join(parts)}>"

    @property
    def payload_length(self) -> int:
        """Bytes behind the last header, trailers not counted."""
        return len(self.payload)

    def layer(self, index: int, kind: type[H]) -> H:
        """Return ``layers[index]``, which must be a ``kind``; raises :class:`MalformedPacket`."""
        try:
            header: Header | None = self.layers[index]
        except IndexError:
            header = None
        if not isinstance(header, kind):
            raise MalformedPacket(f"layer {index} is {header!r}, not {kind.__name__}: {self!r}")
        return header

    def find(self, kind: type[H]) -> H | None:
        """Return the outermost header of class ``kind``, or None."""
        for layer in self.layers:
            if isinstance(layer, kind):
                return layer
        return None

    def find_last(self, kind: type[H]) -> H | None:
        """Return the innermost header of class ``kind``, or None."""
        for layer in reversed(self.layers):
            if isinstance(layer, kind):
                return layer
        return None

    def wrap(self, *outer: Header) -> Packet:
        """Return a new packet with the headers ``outer`` in front of this one."""
        trailers = self.trailers
        if trailers:
            shift = len(outer)
            trailers = tuple((index + shift, data) for index, data in trailers)
        packet = Packet(outer + self.layers, self.payload, trailers)
        length = self._length
        if length >= 0:  # most packets are wrapped and unwrapped several times
            for layer in outer:
                length += layer.header_length + layer.tail_length
            packet._length = length
        return packet

    def inner(self, count: int) -> Packet:
        """Return the packet that is left without the first ``count`` headers."""
        layers = self.layers
        if self.trailers:
            kept = tuple((index - count, data) for index, data in self.trailers if index >= count)
            return Packet(layers[count:], self.payload, kept)
        packet = Packet(layers[count:], self.payload)
        length = self._length
        if length >= 0:
            for layer in layers[:count]:
                length -= layer.header_length + layer.tail_length
            packet._length = length
        return packet

    def replace(self, index: int, layer: Header) -> Packet:
        """Return a copy with another header at place ``index`` (negative: from the end)."""
        layers = list(self.layers)
        layers[index] = layer
        return Packet(tuple(layers), self.payload, self.trailers)

    def pack(self) -> bytes:
        """Return the bytes of the packet, right to the last checksum.

        The header behind a first fragment describes the whole datagram; its length and checksum
        must be explicit (see :meth:`resolved`), else they are computed for the piece. Raises
        :class:`MalformedPacket` if a header holds a value that no wire can carry.
        """
        layers = self.layers
        if not self.trailers:
            packed = ENTRANCES[len(layers)](layers, self.payload)
            if packed is not None:
                return packed
        data = bytes(self.payload)
        trailers = dict(self.trailers)
        for index in range(len(layers) - 1, -1, -1):
            data = layers[index].enclose(data, layers, index)
            if trailers:
                data += trailers.get(index, b"")
        return data

    def resolved(self) -> Packet:
        """Return a copy in which every computed field is explicit, with its value on the wire."""
        data = self.pack()
        layers = []
        start, end = 0, len(data)
        trailers = dict(self.trailers)
        for index, layer in enumerate(self.layers):
            end -= len(trailers.get(index, b""))
            layers.append(type(layer).parse(data, start, end))
            start += layer.header_length
            end -= layer.tail_length
        return Packet(tuple(layers), self.payload, self.trailers)

    def recomputed(self) -> Packet:
        """Return a copy whose lengths, checksums and protocol numbers will be computed anew.

        What stands behind an IP fragment stays: it describes bytes that are not in this packet.
        """
        layers = list(self.layers)
        for index, layer in enumerate(layers):
            behind = self.layers[index + 1] if index + 1 < len(layers) else None
            layers[index] = layer.recomputed(behind)
            if layer.is_fragment:
                break
        return Packet(tuple(layers), self.payload, self.trailers)

    def describe(self) -> list[tuple[str, dict[str, Any]]]:
        """Return each header's name and fields with the values they have on the wire."""
        return [(type(layer).__name__, layer.as_dict()) for layer in self.resolved().layers]
