"""Command-line options of the small programs, with busybox's words for what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from overlaysim.errors import nearest
from overlaysim.units import SECOND

_DURATION_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


class UsageError(Exception):
    """The arguments are wrong; ``show_usage`` says whether the usage text follows the message."""

    def __init__(self, message: str = "", *, show_usage: bool = False) -> None:
        super().__init__(message)
        self.show_usage = show_usage


def parse_options(arguments: Sequence[str], spec: str) -> tuple[dict[str, str], list[str]]:
    """Split ``arguments`` into options and operands, as busybox's getopt32 does.

    ``spec`` names the option letters, each with ``:`` behind it if it takes a value. Options may be
    bundled (``-qc1``), may follow operands, and end at ``--``; the last of several wins. Raises
    :class:`UsageError` for an unknown letter or a missing value.
    """
    options: dict[str, str] = {}
    operands: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return options, operands + rest
        if not word.startswith("-") or word == "-":
            operands.append(word)
            continue
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            place = spec.find(letter)
            if letter == ":" or place < 0:
                raise UsageError(f"invalid option -- '{letter}'", show_usage=True)
            options[letter] = ""
            if spec[place + 1 : place + 2] == ":":
                if not letters and not rest:
                    raise UsageError(f"option requires an argument -- '{letter}'", show_usage=True)
                options[letter], letters = letters or rest.pop(0), ""
    return options, operands


def shorten(arguments: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """Put letters for long options: ``--time=5`` and ``--time 5`` become ``-t 5``.

    Args:
        names: long option -> letter, both with their dashes.

    Raises:
        UsageError: a long option is not among them.
    """
    words = []
    for word in arguments:
        name, equals, value = word.partition("=")
        if not word.startswith("--") or word == "--":
            words.append(word)
        elif name in names:
            words += [names[name], value] if equals else [names[name]]
        else:
            text = f"unrecognized option: {name[2:]}{nearest(name, names)}"
            raise UsageError(text, show_usage=True)
    return words


def whole_number(text: str, largest: int) -> int:
    """Read a number from 0 to ``largest``; raises :class:`UsageError`."""
    if not re.fullmatch(r"[0-9]{1,30}", text):
        raise UsageError(f"invalid number '{text}'")
    if int(text) > largest:
        raise UsageError(f"number {text} is not in 0..{largest} range")
    return int(text)


def port_number(text: str) -> int:
    """Read a TCP or UDP port; raises :class:`UsageError`."""
    number = whole_number(text, 65_535)
    if not number:
        raise UsageError("port 0 is not one that can be named")
    return number


def duration(text: str) -> int:
    """Read seconds such as ``0.2``, or a number with s, m, h or d, as picoseconds.

    Raises :class:`UsageError`.
    """
    match = re.fullmatch(r"(\d{0,9}(?:\.\d{0,12})?)([smhd]?)", text, re.ASCII)
    if not match or not match.group(1).strip("."):
        raise UsageError(f"invalid number '{text}'")
    return round(Decimal(match.group(1)) * _DURATION_UNITS[match.group(2)] * SECOND)
