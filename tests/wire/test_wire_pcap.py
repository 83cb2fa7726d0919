"""Capture files: reading the old format, writing the new one."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from wire_samples import DOCKER, overlay_ping, tshark_fields

from overlaysim.wire import MalformedPacket, PcapngWriter, read_pcap
from overlaysim.wire.read_capture import capture_records

THREE_INTERFACES = DOCKER.parents[1] / "captures" / "three-interfaces.pcapng"


def classic(order: str, magic: int, *, link: int = 1) -> bytes:
    return struct.pack(f"{order}IHHIIII", magic, 2, 4, 0, 0, 65535, link) + (
        struct.pack(f"{order}IIII", 10, 999, 3, 3) + b"abc"
    )


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "scale"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1)])
def test_both_byte_orders_and_resolutions(
    tmp_path: Path, order: str, magic: int, scale: int
) -> None:
    path = tmp_path / "one.pcap"
    path.write_bytes(classic(order, magic))
    assert list(read_pcap(path)) == [(10_000_000_000 + 999 * scale, b"abc")]


def test_times_of_a_real_capture() -> None:
    times = [time for time, _ in read_pcap(DOCKER)]
    assert times == sorted(times)
    assert [time - times[0] for time in times[:3]] == [0, 64_000, 258_337_000]


BROKEN = [
    (b"", "is not a pcap file"),
    (bytes(24), "is not a pcap file"),
    (classic("<", 0xA1B2C3D4)[:20],
     "at byte 0: the header of a pcap file has 24 bytes, but the file ends after 20 of them"),
    (classic("<", 0xA1B2C3D4)[:-1],
     "at byte 40: a frame has 3 bytes, but the file ends after 2 of them"),
    (classic("<", 0xA1B2C3D4)[:-4],
     "at byte 24: the header of a frame has 16 bytes, but the file ends after 15 of them"),
    (classic("<", 0xA1B2C3D4)[:-19] + struct.pack("<IIII", 0, 0, 262_145, 262_145),
     "at byte 24: a frame of 262145 bytes; none is longer than 262144"),
    (classic("<", 0xA1B2C3D4, link=101), "link type 101; only Ethernet"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_broken_files_are_explained(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "broken.pcap"
    path.write_bytes(data)
    with pytest.raises(MalformedPacket, match=f"broken.pcap: .*{message}"):
        list(read_pcap(path))


@pytest.mark.parametrize("path", [DOCKER, THREE_INTERFACES], ids=lambda path: path.name)
def test_a_file_is_read_no_further_than_to_the_frame_in_hand(path: Path) -> None:
    """A file may be larger than the memory, or a pipe of which the rest is still to come."""
    data = path.read_bytes()
    file = io.BytesIO(data)
    place = 0
    for record in capture_records(file, path.name):
        place += len(record.head) + len(record.frame.data if record.frame else b"")
        place += len(record.tail)
        assert file.tell() <= place + 4  # the first bytes of a file are read in advance
    assert place == len(data)


def test_pcapng_is_read_back_by_tshark(tmp_path: Path) -> None:
    path = tmp_path / "two.pcapng"
    ping = overlay_ping().pack()
    with path.open("wb") as file:
        writer = PcapngWriter(file, ["host-a", "höst-b->switch"], comment="tutorial, seed 7")
        writer.write(0, 1_234_567_890_999, ping)
        writer.write(1, 5_000_000_000_001_000, ping + b"x", comment="dropped: queue full")
    fields = ("frame.interface_name", "frame.time_epoch", "frame.len", "frame.comment")
    rows = tshark_fields(path, *fields)
    assert [(row[0], row[2], row[3]) for row in rows] == [
        ("host-a", "148", ""),
        ("höst-b->switch", "149", "dropped: queue full"),
    ]
    assert [row[1] for row in rows] == ["1.234567890", "5000.000000001"]


def test_pcapng_blocks_are_aligned_and_framed() -> None:
    file = io.BytesIO()
    writer = PcapngWriter(file, ["a", "bc"])
    for length in range(5):
        writer.write(length % 2, 0, bytes(length), comment="x" * length)
    data, kinds, place = file.getvalue(), [], 0
    while place < len(data):
        kind, length = struct.unpack_from("<II", data, place)
        assert length % 4 == 0
        assert struct.unpack_from("<I", data, place + length - 4) == (length,)
        kinds.append(kind)
        place += length
    assert kinds == [0x0A0D0D0A, 1, 1] + [6] * 5


def test_unannounced_interface_and_endless_comment() -> None:
    writer = PcapngWriter(io.BytesIO(), ["a"])
    with pytest.raises(IndexError, match="interface 1 of 1"):
        writer.write(1, 0, b"")
    with pytest.raises(MalformedPacket, match="70000 bytes; allowed are 65535"):
        writer.write(0, 0, b"", comment="x" * 70_000)
