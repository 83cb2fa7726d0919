"""What a link of the underlay is like, and how its properties are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from overlaysim.errors import InputError, nearest, quote
from overlaysim.units import (
    US,
    format_duration,
    format_rate,
    parse_duration,
    parse_rate,
    parse_share,
    parse_size,
)

SMALLEST_MTU = 68
"""The least that IPv4 asks of a link (RFC 791, section 3.2)."""

LARGEST_MTU = 65_535
"""The largest IPv4 packet there is (RFC 791, section 3.1)."""


@dataclass(frozen=True, slots=True)
class LinkSpec:
    """The properties of one link, the same in both directions.

    Attributes:
        rate: bit/s.
        delay: propagation delay, picoseconds.
        queue_packets: frames that may wait behind the one in transmission; None for no limit.
        queue_bytes: bytes that may wait behind the frame in transmission; None for no limit.
        loss: probability that a frame is lost, 0 to 1.
        jitter: upper bound of a uniform extra delay per frame, picoseconds. Frames of a link
            never overtake one another.
        mtu: largest IP packet (frame without its 14-byte Ethernet header) carried, bytes.

    Raises:
        InputError: if a property is out of range.
    """

    rate: int = 1_000_000_000
    delay: int = 50 * US
    queue_packets: int | None = 100
    queue_bytes: int | None = None
    loss: float = 0.0
    jitter: int = 0
    mtu: int = 1500

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise InputError(f"a link's rate is more than 0 bit/s, not {self.rate}")
        for name in ("delay", "jitter", "queue_packets", "queue_bytes"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise InputError(f"a link's {name} is 0 or more, not {value}")
        if not 0 <= self.loss <= 1:
            raise InputError(f"a link's loss is from 0 % to 100 %, not {self.loss * 100:g} %")
        if not SMALLEST_MTU <= self.mtu <= LARGEST_MTU:
            raise InputError(
                f"a link's mtu is from {SMALLEST_MTU} B to {LARGEST_MTU} B, not {self.mtu} B"
            )

    def changed(self, properties: Mapping[str, str]) -> LinkSpec:
        """Return this link with some properties replaced, each given as text with its unit.

        Args:
            properties: any of :data:`PROPERTIES`, for example ``{"rate": "10 Gbit/s"}``.

        Raises:
            InputError: for an unknown property or an unreadable value.
        """
        fields: dict[str, Any] = {}
        for name, text in properties.items():
            fields.update(read_property(name, text))
        return replace(self, **fields)


def read_queue(text: str) -> dict[str, Any]:
    """Read a queue limit: ``100 packets``, a size such as ``64 kB``, or ``unlimited``.

    Raises:
        InputError: if it is none of these.
    """
    if text.strip() == "unlimited":
        return {"queue_packets": None, "queue_bytes": None}
    if match := re.fullmatch(r"\s*([0-9]{1,9})\s*packets?\s*", text):
        return {"queue_packets": int(match[1]), "queue_bytes": None}
    try:
        return {"queue_packets": None, "queue_bytes": parse_size(text)}
    except InputError:
        raise InputError(
            f"{quote(text)} is not a queue limit; write a number of packets, a size, or unlimited, "
            "for example 100 packets"
        ) from None


PROPERTIES: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "rate": lambda text: {"rate": parse_rate(text)},
    "delay": lambda text: {"delay": parse_duration(text)},
    "queue": read_queue,
    "loss": lambda text: {"loss": parse_share(text)},
    "jitter": lambda text: {"jitter": parse_duration(text)},
    "mtu": lambda text: {"mtu": parse_size(text)},
}
"""The properties of a link as people write them: each reads a text as :class:`LinkSpec` fields."""


def read_property(name: str, text: str) -> dict[str, Any]:
    """Read one property of a link, such as ``("rate", "10 Gbit/s")``, as fields of a spec.

    Raises:
        InputError: if there is no such property, or its text cannot be read.
    """
    if name not in PROPERTIES:
        raise InputError(
            f"a link has no property {quote(name)}; it has {', '.join(PROPERTIES)}"
            + nearest(name, PROPERTIES)
        )
    return PROPERTIES[name](text)


_WORDS: Mapping[str, Callable[[Any], str]] = {
    "rate": lambda value: f"rate {format_rate(value)}",
    "delay": lambda value: f"delay {format_duration(value)}",
    "queue_packets": lambda value: f"queue {'unlimited' if value is None else value} packets",
    "queue_bytes": lambda value: f"queue {'unlimited' if value is None else value} bytes",
    "loss": lambda value: f"loss {value * 100:g} %",
    "jitter": lambda value: f"jitter {format_duration(value)}",
    "mtu": lambda value: f"mtu {value} B",
}


def describe(fields: Mapping[str, Any]) -> str:
    """Say some fields of a spec in words, for example ``rate 1 Gbit/s, loss 1 %``."""
    return ", ".join(_WORDS[name](value) for name, value in fields.items())
