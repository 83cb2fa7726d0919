"""The words of a scenario: quantities with units, names, addresses."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from overlaysim.errors import InputError, UnitError, nearest, quote
from overlaysim.overlay.encapsulation import encapsulation
from overlaysim.scenario.shapes import Word
from overlaysim.underlay.ports import IP_PROTOCOLS
from overlaysim.underlay.spec import LinkSpec, read_property
from overlaysim.units import (
    PATTERNS,
    SECOND,
    parse_duration,
    parse_rate,
    parse_size,
)


def choice(*words: str) -> Word:
    """One of a few words."""
    allowed = ", ".join(words)

    def parse(text: str) -> str:
        if text not in words:
            raise InputError(f"{quote(text)} is not one of {allowed}{nearest(text, words)}")
        return text

    return Word(f"one of {allowed}", words[0], parse, {"enum": list(words)})


def whole_number(lowest: int, highest: int, example: str) -> Word:
    """An integer in decimal digits."""
    what = f"a whole number from {lowest} to {highest}"

    def parse(text: str) -> int:
        digits = text.isascii() and text.isdigit() and len(text) <= len(str(highest))
        if not digits or text != str(int(text)) or not lowest <= int(text) <= highest:
            raise InputError(f"{quote(text)} is not {what}; for example {example}")
        return int(text)

    return Word(what, example, parse, {"type": "integer", "minimum": lowest, "maximum": highest})


def duration(*, positive: bool = False, example: str = "10 s") -> Word:
    """A duration in picoseconds; with ``positive`` not zero."""

    def parse(text: str) -> int:
        value = parse_duration(text)
        if positive and value == 0:
            raise UnitError(f"{quote(text)} is no time at all; write more than 0, as in {example}")
        return value

    return Word("a duration", example, parse, _pattern(PATTERNS["duration"]))


def size(lowest: int, highest: int, example: str) -> Word:
    """A size in bytes within bounds."""

    def parse(text: str) -> int:
        value = parse_size(text)
        if not lowest <= value <= highest:
            raise UnitError(
                f"{quote(text)} is out of range; write {lowest} B to {highest} B, as in {example}"
            )
        return value

    return Word("a size", example, parse, _pattern(PATTERNS["size"]))


IMIX = "imix"


def mix_size(highest: int) -> Word:
    """A size up to so many bytes, or the word for the Internet's mix of them."""
    plain = size(0, highest, "1000 B")

    def parse(text: str) -> Any:
        if text == IMIX:
            return IMIX
        try:
            return plain.parse(text)
        except UnitError as error:
            raise UnitError(f"{error}; or {IMIX}") from None

    pattern = f"^{IMIX}$|{PATTERNS['size']}"
    return Word("a size, imix", "1000 B", parse, _pattern(pattern))


def link_property(key: str, what: str, example: str, pattern: str) -> Word:
    """A property of a link, read as fields of :class:`~overlaysim.underlay.spec.LinkSpec`."""

    def parse(text: str) -> dict[str, Any]:
        fields = read_property(key, text)
        LinkSpec(**fields)  # knows the bounds
        return fields

    return Word(what, example, parse, _pattern(pattern))


def name(what: str, example: str, pattern: str, rule: str) -> Word:
    """A name that a regular expression describes; ``rule`` says the same in words."""
    compiled = re.compile(pattern)

    def parse(text: str) -> str:
        if not compiled.fullmatch(text):
            raise InputError(f"{quote(text)} is not {what}; write {rule}, for example {example}")
        return text

    return Word(what, example, parse, _pattern(f"^{pattern}$"))


def _pattern(pattern: str) -> dict[str, str]:
    return {"type": "string", "pattern": pattern}


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise InputError(f"{quote(text)} is not true or false")
    return text == "true"


def _on_off(text: str) -> bool:
    if text not in ("on", "off"):
        raise InputError(f"{quote(text)} is not on or off")
    return text == "on"


def _port(text: str) -> tuple[str, int]:
    if text in IP_PROTOCOLS:
        return "ip", IP_PROTOCOLS[text]
    match = re.fullmatch(_PORT, text)
    if match and match[2] == "ip" and int(match[1]) <= 255:
        if int(match[1]) not in _PROTOCOLS_WITH_PORTS:
            return "ip", int(match[1])
        raise InputError(f"{quote(text)} has ports; write them one by one, for example 4789/udp")
    if not match or match[2] == "ip" or not 0 < int(match[1]) <= LARGEST_PORT:
        raise InputError(
            f"{quote(text)} is not a port; write a number from 1 to {LARGEST_PORT}, a slash, and "
            "tcp or udp, for example 7946/udp; or an IP protocol: esp, gre or 115/ip"
        )
    return match[2], int(match[1])


def _event_rate(text: str) -> float:
    match = re.fullmatch(_EVENT_RATE, text)
    rate = float(match[1]) * SECOND / _PERIODS[match[3]] if match else 0.0
    if not 0 < rate <= LARGEST_EVENT_RATE:
        raise InputError(
            f"{quote(text)} is not how often; write a number above 0 and {', '.join(_EVERY)}, "
            "for example 2/s"
        )
    return rate


def _address(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise InputError(
            f"{quote(text)} is not an IPv4 address; write for example 192.0.2.10"
        ) from None


def _subnet(text: str) -> ipaddress.IPv4Network:
    example = "for example 10.77.0.0/24"
    if not re.fullmatch(r"[0-9.]{7,15}/[0-9]{1,2}", text):
        raise InputError(f"{quote(text)} is not an IPv4 subnet; write address/length, {example}")
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        raise InputError(
            f"{quote(text)} is not an IPv4 subnet; write address/length, {example}"
        ) from None
    if not text.startswith(f"{network.network_address}/"):
        raise InputError(f"{quote(text)} has host bits set; did you mean {network}?")
    return network


_PERIODS = {"s": SECOND, "min": 60 * SECOND, "h": 3600 * SECOND}
_EVERY = [f"/{unit}" for unit in _PERIODS]
_EVENT_RATE = r"([0-9]{1,9}(\.[0-9]{1,9})?)\s*/\s*(s|min|h)"
LARGEST_EVENT_RATE = 1_000_000
"""Random events per second; more than that no cluster would live through."""
LARGEST_PORT = 65_535
_PROTOCOLS_WITH_PORTS = (6, 17)
_PORT = r"([0-9]{1,5})/(tcp|udp|ip)"
_RULE = "up to 63 letters, digits, points, dashes and underscores, a letter or digit first"
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"

TEXT = Word("a text", "Host-b loses its uplink.", str, {"type": "string"})
SCENARIO = name("a name for a scenario", "link-cut", _NAME, _RULE)
NODE = name("a name for a host or switch", "host-a", _NAME, _RULE)
CONTAINER = name("a name of a container", "web", _NAME, _RULE)
NETWORK = name("a name for a network", "app-overlay", _NAME, _RULE)
BROKEN = name("a word for what is broken", "all", _NAME, _RULE)
FILE = name(
    "a file name", "abilene.graphml", r"[^\x00-\x1f\x7f]{1,255}",
    "up to 255 characters, none of them a control character",
)  # fmt: skip
DNS_NAME = name(
    "a DNS name", "www.example.org", r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}",
    "up to 253 letters, digits, points, dashes and underscores",
)  # fmt: skip
FLAG = Word("true or false", "true", _flag, {"type": "boolean"})
ON_OFF = Word("on or off", "off", _on_off, {"enum": ["on", "off"]})
PORT = Word("a port", "7946/udp", _port, _pattern(f"^({_PORT}|{'|'.join(IP_PROTOCOLS)})$"))
ENCAPSULATION = Word("an encapsulation", "geneve-opt8", encapsulation, {"type": "string"})
EVENT_RATE = Word("how often", "2/s", _event_rate, _pattern(f"^{_EVENT_RATE}$"))
RATE = Word("a rate", "10 Gbit/s", parse_rate, _pattern(PATTERNS["rate"]))
ADDRESS = Word("an IPv4 address", "192.0.2.10", _address, {"type": "string", "format": "ipv4"})
SUBNET = Word(
    "an IPv4 subnet", "10.77.0.0/24", _subnet, _pattern(r"^[0-9.]{7,15}/[0-9]{1,2}$")
)  # fmt: skip
