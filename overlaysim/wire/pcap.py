"""Reading capture files of the classic pcap format (draft-ietf-opsawg-pcap)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from os import PathLike

from overlaysim.wire.capture import LONGEST_FRAME, CapturedFrame, CaptureRecord, Source, Timestamp
from overlaysim.wire.malformed import MalformedPacket

ETHERNET = 1
"""The link type of Ethernet, in pcapng as well."""

PCAP_MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 6),
    b"\x4d\x3c\xb2\xa1": ("<", 9),
    b"\xa1\xb2\xc3\xd4": (">", 6),
    b"\xa1\xb2\x3c\x4d": (">", 9),
}
"""First four bytes of a file: its byte order, and the digits of its fractions of a second."""


def pcap_records(source: Source) -> Iterator[CaptureRecord]:
    """Yield the file header and every frame; raises :class:`MalformedPacket` where that ends."""
    header = source.take(24, "the header of a pcap file")
    order, digits = PCAP_MAGIC[header[:4]]
    # The upper half tells of a frame check sequence, which stays behind the frame as it is.
    link_type = struct.unpack_from(f"{order}I", header, 20)[0] & 0xFFFF
    prefix = struct.Struct(f"{order}IIII")
    yield CaptureRecord(header)
    while not source.ended():
        at = source.offset
        head = source.take(prefix.size, "the header of a frame")
        seconds, fraction, captured, original = prefix.unpack(head)
        if captured > LONGEST_FRAME:
            raise source.complaint(
                f"a frame of {captured} bytes; none is longer than {LONGEST_FRAME}", at
            )
        data = source.take(captured, "a frame")
        time = Timestamp(seconds * 10**digits + fraction, 10**digits, digits)
        yield CaptureRecord(head, CapturedFrame(data, original, link_type, time))


def read_pcap(path: str | PathLike[str]) -> Iterator[tuple[int, bytes]]:
    """Yield ``(time in nanoseconds since 1970, frame)`` for every frame of an Ethernet capture.

    Raises :class:`MalformedPacket` if the file is not such a capture or ends inside a frame, and
    OSError if it cannot be read.
    """
    with open(path, "rb") as file:
        source = Source(file, str(path))
        if source.peek(4) not in PCAP_MAGIC:
            raise MalformedPacket(f"{path}: is not a pcap file")
        for record in pcap_records(source):
            frame = record.frame
            if frame is None or frame.time is None:
                continue
            if frame.link_type != ETHERNET:
                raise MalformedPacket(
                    f"{path}: link type {frame.link_type}; only Ethernet ({ETHERNET}) is read"
                )
            yield frame.time.nanoseconds, frame.data
