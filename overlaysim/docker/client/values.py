"""The kinds of flag values: how each is written, read and refused.

The docker client is a Go program, and students compare its complaints word for word; so the
readers here refuse what Go's ``strconv``, ``time.ParseDuration`` and docker's ``opts`` package
(docker/cli, ``opts/opts.go``) refuse, with their texts. Every reader raises :class:`ValueError`.
"""

from __future__ import annotations

import ipaddress
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from overlaysim.docker.client.networks import read_network
from overlaysim.docker.client.ports import read_service_port

_TRUE = {"1", "t", "T", "TRUE", "true", "True"}
_FALSE = {"0", "f", "F", "FALSE", "false", "False"}
_NANOSECONDS = {
    "ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9,
    "m": 60 * 10**9, "h": 3600 * 10**9,
}  # fmt: skip
_DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)([^\d.]*)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?", re.IGNORECASE)
_DOMAIN = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?\.?|\.")


@dataclass(frozen=True)
class Kind:
    """One kind of value.

    Args:
        shown: its name in help texts.
        read: turns one text into a value or raises :class:`ValueError`.
        repeats: a flag of this kind collects the values of all its occurrences.
        commas: one occurrence may hold several values, separated by commas.
    """

    shown: str
    read: Callable[[str], Any]
    repeats: bool = False
    commas: bool = False


def quoted(text: str) -> str:
    """Quote a text as Go's %q does."""
    return json.dumps(text, ensure_ascii=False)


def read_bool(text: str) -> bool:
    """Read Go's spellings of true and false."""
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueError(f"strconv.ParseBool: parsing {quoted(text)}: invalid syntax")


def _integer(function: str, low: int, high: int, digits: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(digits, text, re.ASCII):
            raise ValueError(f"strconv.{function}: parsing {quoted(text)}: invalid syntax")
        # More than 20 digits are out of any range, and int() refuses very long texts.
        if len(text) > 21 or not low <= int(text) <= high:
            raise ValueError(f"strconv.{function}: parsing {quoted(text)}: value out of range")
        return int(text)

    return read


def unsigned(bits: int) -> Callable[[str], int]:
    """Make a reader of unsigned integers of that many bits."""
    return _integer("ParseUint", 0, 2**bits - 1, r"\d+")


read_uint = unsigned(64)
read_int = _integer("ParseInt", -(2**63), 2**63 - 1, r"[+-]?\d+")


def read_float(text: str) -> float:
    """Read a decimal fraction."""
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", text, re.IGNORECASE | re.ASCII):
        raise ValueError(f"strconv.ParseFloat: parsing {quoted(text)}: invalid syntax")
    return float(text)


def read_duration(text: str) -> int:
    """Read Go's durations ("1m30s", "500ms") as nanoseconds."""
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if body == "0":
        return 0
    parts = _DURATION_PART.findall(body)
    if not parts or "".join(number + unit for number, unit in parts) != body or len(body) > 64:
        raise ValueError(f"time: invalid duration {quoted(text)}")
    total = Fraction(0)
    for number, unit in parts:
        if not unit:
            raise ValueError(f"time: missing unit in duration {quoted(text)}")
        if unit not in _NANOSECONDS:
            raise ValueError(f"time: unknown unit {quoted(unit)} in duration {quoted(text)}")
        total += Fraction(number.rstrip(".")) * _NANOSECONDS[unit]
    if total >= 2**63:
        raise ValueError(f"time: invalid duration {quoted(text)}")
    return sign * int(total)


def read_bytes(text: str) -> int:
    """Read a memory size ("512m", "2g") as bytes, in powers of 1024."""
    match = _SIZE.fullmatch(text)
    if not match or len(text) > 32:
        raise ValueError(f"invalid size: '{text}'")
    return int(Fraction(match.group(1)) * 1024 ** " kmgtp".index(match.group(2).lower() or " "))


def read_cpus(text: str) -> int:
    """Read a number of processors ("1.5") as billionths of one."""
    if not re.fullmatch(r"\d{1,9}(\.\d{1,30})?|\.\d{1,30}", text, re.ASCII):
        raise ValueError(f"failed to parse {text} as a rational number")
    nano = Fraction(text) * 10**9
    if nano.denominator != 1:
        raise ValueError("value is too precise")
    return int(nano)


def read_env(text: str) -> str:
    """Check an environment variable, NAME=VALUE or NAME."""
    if not text or text.startswith("="):
        raise ValueError(f"invalid environment variable: {text}")
    return text


def read_label(text: str) -> str:
    """Check a label, KEY=VALUE or KEY."""
    if not text.partition("=")[0].strip():
        raise ValueError(f"invalid label '{text}': empty name")
    return text


def read_address(text: str) -> str:
    """Check an IP address."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        raise ValueError(f"IP address is not correctly formatted: {text}") from None


def read_subnet(text: str) -> str:
    """Check an address range such as 10.20.0.0/16."""
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise ValueError(f"invalid string being converted to CIDR: {text}") from None


def read_extra_host(text: str) -> str:
    """Read a line for /etc/hosts, HOST:ADDRESS or HOST=ADDRESS, as HOST:ADDRESS."""
    separator = "=" if "=" in text else ":"
    name, found, address = text.partition(separator)
    if not name or not found:
        raise ValueError(f"bad format for add-host: {quoted(text)}")
    if address != "host-gateway":
        try:
            address = str(ipaddress.ip_address(address.strip("[]")))
        except ValueError:
            raise ValueError(f"invalid IP address in add-host: {quoted(address)}") from None
    return f"{name}:{address}"


def read_domain(text: str) -> str:
    """Check a DNS search domain."""
    if not _DOMAIN.fullmatch(text.strip()):
        raise ValueError(f"{text} is not a valid domain")
    return text.strip()


def read_filter(text: str) -> tuple[str, str]:
    """Read a filter, NAME=VALUE."""
    name, found, value = text.partition("=")
    if not found:
        raise ValueError("bad format of filter (expected name=value)")
    return name.strip().lower(), value.strip()


def read_words(text: str) -> list[str]:
    """Split the words of a command as a shell would."""
    try:
        return shlex.split(text)
    except ValueError:
        raise ValueError("invalid command line string") from None


def read_preference(text: str) -> dict[str, Any]:
    """Read a placement preference, spread=DESCRIPTOR."""
    strategy, found, descriptor = text.partition("=")
    if not found:
        raise ValueError('placement preference must be of the format "<strategy>=<arg>"')
    if strategy != "spread":
        raise ValueError(f"unsupported placement preference {strategy} (only spread is supported)")
    return {"Spread": {"SpreadDescriptor": descriptor}}


KINDS: dict[str, Kind] = {
    "bool": Kind("", read_bool),
    "string": Kind("string", str),
    "int": Kind("int", read_int),
    "uint": Kind("uint", read_uint),
    "uint32": Kind("uint32", unsigned(32)),
    "uint16": Kind("uint16", unsigned(16)),
    "float": Kind("float", read_float),
    "duration": Kind("duration", read_duration),
    "bytes": Kind("bytes", read_bytes),
    "cpus": Kind("decimal", read_cpus),
    "words": Kind("command", read_words),
    "node-addr": Kind("node-addr", str),
    "list": Kind("list", str, repeats=True),
    "strings": Kind("strings", str, repeats=True, commas=True),
    "map": Kind("map", str, repeats=True),
    "env": Kind("list", read_env, repeats=True),
    "label": Kind("list", read_label, repeats=True),
    "address": Kind("list", read_address, repeats=True),
    "extra-host": Kind("list", read_extra_host, repeats=True),
    "domain": Kind("list", read_domain, repeats=True),
    "subnets": Kind("ipNetSlice", read_subnet, repeats=True, commas=True),
    "filter": Kind("filter", read_filter, repeats=True),
    "network": Kind("network", read_network, repeats=True),
    "port": Kind("port", read_service_port, repeats=True),
    "pref": Kind("pref", read_preference, repeats=True),
}
"""Every kind of value by the name that the flag tables use."""
