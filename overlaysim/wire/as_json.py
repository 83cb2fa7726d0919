"""Packets as JSON: every field of every header under its name, bytes as hex digits.

What :func:`frame_to_json` writes is all that :func:`frame_from_json` needs to build the packet
again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from inspect import get_annotations
from typing import Any

from overlaysim.errors import nearest, quote
from overlaysim.wire.header import Header
from overlaysim.wire.malformed import MalformedPacket
from overlaysim.wire.packet import Packet


def frame_to_json(packet: Packet) -> dict[str, Any]:
    """Return the packet as what :func:`json.dumps` takes.

    ``layers`` are the headers, outermost first, each with its class under ``layer``; ``trailers``
    are the bytes behind the body of a layer, which is counted from 0. Fields that are computed
    (None) stay so; a decoded packet has none.
    """
    return {
        "layers": layers_to_json(packet.layers),
        "trailers": [
            {"behind_layer": index, "bytes": data.hex()} for index, data in packet.trailers
        ],
        "payload": bytes(packet.payload).hex(),
    }


def layers_to_json(layers: tuple[Header, ...]) -> list[dict[str, Any]]:
    """Return headers as :func:`frame_to_json` does."""
    return [
        {"layer": type(layer).__name__}
        | {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in layer.as_dict().items()
        }
        for layer in layers
    ]


def malformed_to_json(message: str, data: bytes) -> dict[str, Any]:
    """Return bytes that are no packet, and why."""
    return {"malformed": message, "bytes": data.hex()}


def frame_from_json(content: Mapping[str, Any]) -> Packet:
    """Return the packet of which :func:`frame_to_json` or :func:`malformed_to_json` tells.

    The latter is nothing but payload. Other keys are passed over: they say what can be seen from
    the fields. Raises :class:`MalformedPacket` for a header or field that is not known, a field
    that is missing, or bytes that are no hex digits.
    """
    try:
        if "malformed" in content:
            return Packet((), _bytes(content["bytes"], "bytes"))
        trailers = tuple(
            (trailer["behind_layer"], _bytes(trailer["bytes"], "trailers"))
            for trailer in content["trailers"]
        )
        layers = tuple(map(_header, content["layers"]))
        return Packet(layers, _bytes(content["payload"], "payload"), trailers)
    except KeyError as error:
        raise MalformedPacket(f"a frame without {error}") from None


def _header(content: Mapping[str, Any]) -> Header:
    values = dict(content)
    name = values.pop("layer")
    kind = _named(name)
    for field in sorted(values.keys() ^ set(kind._fields)):
        what = "is missing" if field in kind._fields else "is no field of it"
        raise MalformedPacket(f"{name}: {quote(field)} {what}")
    return kind(
        **{
            field: _bytes(value, f"{name}.{field}")
            if field in _byte_fields(kind) and value is not None
            else value
            for field, value in values.items()
        }
    )


def _bytes(digits: str, where: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except (ValueError, TypeError):
        raise MalformedPacket(
            f"{where}: {quote(str(digits))} are not hex digits in pairs"
        ) from None


@cache
def _byte_fields(kind: type[Header]) -> frozenset[str]:
    """The fields that hold bytes, by their annotations: JSON has no type of its own for them."""
    return frozenset(
        field
        for base in kind.__mro__
        for field, annotation in get_annotations(base).items()
        if "bytes" in str(annotation)
    )


@cache
def _named(name: str) -> type[Header]:
    """The class of header with this name, in whichever module it was declared."""
    declared = {kind.__name__: kind for kind in _subclasses(Header) if hasattr(kind, "CODEC")}
    if name not in declared:
        raise MalformedPacket(f"no header is called {quote(name)}{nearest(name, declared)}")
    return declared[name]


def _subclasses(kind: type[Header]) -> Iterator[type[Header]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
