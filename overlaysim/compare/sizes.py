"""Reading what the sizes of datagrams are: numbers, ``imix``, a table, or a capture."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from overlaysim.compare.datagram import IP, UDP
from overlaysim.compare.mix import IMIX, LARGEST_PAYLOAD, Mix, single, weighted
from overlaysim.errors import InputError, Problem, UnitError, nearest, quote, visible
from overlaysim.units import parse_size
from overlaysim.wire import IPv4, IPv6, MalformedPacket, Packet, decode, read_pcap

LARGEST_FILE = 4 * 1024 * 1024
"""Bytes of the largest table of sizes that is read."""

_WEIGHT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_COLUMNS = {"size": 0, "packet": IP[4] + UDP}
"""First columns of a table by name: UDP payload, or IPv4 packet; and what that has more."""


def read_sizes(words: Sequence[str]) -> tuple[Mix, ...]:
    """Read sizes as users write them: each word is a number of bytes, ``imix``, or a file.

    Raises:
        InputError: listing everything that is wrong, with file and line where there is one.
    """
    mixes: dict[Mix, None] = {}
    problems: list[Problem] = []
    for word in words:
        try:
            mixes[_read(word)] = None
        except InputError as error:
            problems += error.problems or [Problem("", 0, 0, "--sizes", str(error))]
    if problems:
        raise InputError(problems)
    return tuple(mixes)


def _read(word: str) -> Mix:
    if word.lower() == "imix":
        return IMIX
    path = Path(word)
    if re.match(r"[0-9]", word) and not path.is_file():
        return single(_size(word))
    if path.suffix == ".pcap":
        return _read_capture(path)
    if not path.is_file():
        raise InputError(
            f"{quote(word)} is neither a size in bytes nor imix nor a file"
            f"{nearest(word.lower(), ['imix'])}"
        )
    return _read_table(path)


def _size(word: str) -> int:
    try:
        size = int(word) if word.isascii() and word.isdigit() else parse_size(word)
    except UnitError:
        raise InputError(f"{quote(word)} is not a size; write bytes, for example 512") from None
    if not 1 <= size <= LARGEST_PAYLOAD:
        raise InputError(f"{quote(word)} is not from 1 to {LARGEST_PAYLOAD} B of payload")
    return size


# ---- a table ----------------------------------------------------------------------------------


def _read_table(path: Path) -> Mix:
    """Read lines of size and weight; a first line ``packet`` says that sizes are IPv4 packets'."""
    problems: list[Problem] = []
    weights: dict[int, Fraction] = {}
    headers = 0
    for number, row in enumerate(csv.reader(_lines(path)), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if not weights and not problems and cells[0] in _COLUMNS:
            headers = _COLUMNS[cells[0]]
            continue
        try:
            size, weight = _read_row(cells, headers)
        except InputError as error:
            problems.append(Problem(str(path), number, 1, "", str(error)))
        else:
            weights[size] = weights.get(size, Fraction(0)) + weight
    if problems:
        raise InputError(problems)
    if not weights:
        raise InputError([Problem(str(path), 0, 0, "", "holds no sizes")])
    what = "inner IPv4 packets" if headers else "payloads"
    return weighted(path.name, weights, f"{visible(path.name)}: sizes of {what}")


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise InputError(f"is larger than {LARGEST_FILE // 1024**2} MiB")
        return data.decode("utf-8-sig").splitlines()
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        message = "is not UTF-8 text"
    except InputError as error:
        message = str(error)
    raise InputError([Problem(str(path), 0, 0, "", message)])


def _read_row(cells: Sequence[str], headers: int) -> tuple[int, Fraction]:
    if len(cells) > 2:
        raise InputError(f"{len(cells)} columns; a line is a size in bytes and perhaps a weight")
    text, weight = cells[0], cells[1] if len(cells) > 1 else "1"
    least, most = 1 + headers, LARGEST_PAYLOAD + headers
    if not re.fullmatch(r"[0-9]{1,6}", text) or not least <= int(text) <= most:
        raise InputError(f"{quote(text)} is not a size from {least} to {most} B")
    if not _WEIGHT.fullmatch(weight) or not Fraction(weight):
        raise InputError(f"{quote(weight)} is not a weight; write a number above 0")
    return int(text) - headers, Fraction(weight)


# ---- a capture --------------------------------------------------------------------------------


def _read_capture(path: Path) -> Mix:
    """Take the sizes of the innermost IP packets of a capture's frames."""
    try:
        counts = Counter(_payloads(path))
    except OSError as error:
        raise InputError(
            [Problem(str(path), 0, 0, "", f"cannot be read: {error.strerror}")]
        ) from None
    except MalformedPacket as error:
        raise InputError(str(error)) from None
    frames = counts.total()
    left_out = counts.pop(None, 0)
    weights = {size: Fraction(count) for size, count in counts.items() if size is not None}
    if not weights:
        raise InputError([Problem(str(path), 0, 0, "", "holds no IP packets that are long enough")])
    about = f"{visible(path.name)}: the innermost IP packets of {frames} frames"
    if left_out:
        about += f", of which {left_out} have none or one too short for UDP"
    return weighted(path.name, weights, about)


def _payloads(path: Path) -> Iterator[int | None]:
    """Per frame: what its innermost IP packet could hold of UDP payload; None if there is none."""
    for _, frame in read_pcap(path):
        try:
            packet = decode(frame)
        except MalformedPacket:
            yield None
        else:
            yield _payload(packet)


def _payload(packet: Packet) -> int | None:
    for ip in reversed(packet.layers):
        size = -1
        if isinstance(ip, IPv4) and ip.total_length is not None:
            size = ip.total_length - IP[4] - UDP
        elif isinstance(ip, IPv6) and ip.payload_length is not None:
            size = ip.payload_length - UDP
        else:
            continue
        return size if 1 <= size <= LARGEST_PAYLOAD else None
    return None
