"""A captured frame as one JSON object: where and when it was seen, and all that is in it."""

from __future__ import annotations

from typing import Any

from overlaysim.wire.as_json import frame_to_json, layers_to_json, malformed_to_json
from overlaysim.wire.capture import CapturedFrame
from overlaysim.wire.decode import Bindings
from overlaysim.wire.link_types import first_header
from overlaysim.wire.partial import KNOWN, decode_partial
from overlaysim.wire.quotes import next_hop_mtu, quoted_layers


def dissect(frame: CapturedFrame, number: int, bindings: Bindings = KNOWN) -> dict[str, Any]:
    """Return what :func:`json.dumps` takes; :func:`frame_from_json` builds the bytes again from it.

    ``number`` is the frame's place in its file, from 1. Raises :class:`MalformedPacket` for a link
    type that is not read; of bytes that are no packet the result tells.
    """
    first = first_header(frame.link_type, frame.data)
    partial = decode_partial(frame.data, first, frame.missing, bindings)
    seen = _circumstances(frame, number)
    if partial.malformed:
        return seen | malformed_to_json(partial.stopped, frame.data)
    if frame.missing:
        seen["truncated"] = frame.missing
    if partial.stopped:
        seen["stopped"] = partial.stopped
    seen |= frame_to_json(partial.packet)
    mtu = next_hop_mtu(partial.packet)
    if mtu is not None:
        seen["next_hop_mtu"] = mtu
    quoted = quoted_layers(partial.packet, bindings)
    if quoted:
        seen["quoted"] = layers_to_json(quoted)
    seen["payload"] = seen.pop("payload")  # last, since it is long
    return seen


def _circumstances(frame: CapturedFrame, number: int) -> dict[str, Any]:
    time, interface = frame.time, frame.interface
    seen: dict[str, Any] = {
        "number": number,
        "time_ns": None if time is None else time.nanoseconds,
        "seconds": None if time is None else str(time),
    }
    if interface is not None:
        seen |= {"interface": interface.name, "interface_number": interface.number}
    seen |= {
        "link_type": frame.link_type,
        "captured_length": len(frame.data),
        "original_length": frame.original_length,
    }
    if frame.comments:
        seen["comments"] = list(frame.comments)
    return seen
