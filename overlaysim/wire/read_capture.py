"""Reading capture files of either format, told apart by their first bytes."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from typing import BinaryIO

from overlaysim.wire.capture import CaptureRecord, Source
from overlaysim.wire.pcap import PCAP_MAGIC, pcap_records
from overlaysim.wire.pcapng_reader import PCAPNG_MAGIC, pcapng_records

_GZIP = b"\x1f\x8b"


def read_capture(path: str | PathLike[str]) -> Iterator[CaptureRecord]:
    """Yield everything in a pcap or pcapng file, in order and without holding more than one record.

    Raises :class:`MalformedPacket` with file and byte where it is not such a file, and OSError if
    it cannot be read.
    """
    with open(path, "rb") as file:
        yield from capture_records(file, str(path))


def capture_records(file: BinaryIO, name: str) -> Iterator[CaptureRecord]:
    """Do the same for a file that is already open; it may be a pipe. ``name`` is for messages."""
    source = Source(file, name)
    magic = source.peek(4)
    if magic in PCAP_MAGIC:
        return pcap_records(source)
    if magic == PCAPNG_MAGIC:
        return pcapng_records(source)
    if magic[:2] == _GZIP:
        raise source.complaint("is compressed; unpack it with gunzip first")
    begins = f"begins with 0x{magic.hex()}" if magic else "is empty"
    raise source.complaint(f"is no pcap or pcapng file, it {begins}")
