"""Reading pcapng: every block with frames, both byte orders, times, and broken files."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from pcapng_blocks import CUSTOM, ENHANCED, INTERFACE, SIMPLE, Blocks
from wire_corpus import CAPTURE_FILES, DATA, frames_of
from wire_samples import DOCKER, overlay_ping, tshark_fields

from overlaysim.wire import CapturedFrame, CaptureRecord, MalformedPacket, PcapngWriter
from overlaysim.wire.read_capture import capture_records, read_capture

PING = overlay_ping().pack()
LITTLE = Blocks("<")
FORMS = [path for path in CAPTURE_FILES if path.parent.name == "captures" or path == DOCKER]
"""A file of each kind: the others are like one of these."""


def records(data: bytes) -> list[CaptureRecord]:
    return list(capture_records(io.BytesIO(data), "made.pcapng"))


def frames(data: bytes) -> list[CapturedFrame]:
    return [record.frame for record in records(data) if record.frame is not None]


def together(read: list[CaptureRecord]) -> bytes:
    return b"".join(
        record.head + (record.frame.data if record.frame else b"") + record.tail for record in read
    )


@pytest.mark.parametrize("order", ["<", ">"])
def test_one_of_everything(order: str) -> None:
    data = Blocks(order).file(PING)
    read = records(data)
    assert together(read) == data
    assert len(read) == 12
    seen = [record.frame for record in read if record.frame is not None]
    assert [frame.data for frame in seen] == [PING, PING, PING, PING[:70], PING[:31]]
    assert [frame.missing for frame in seen] == [0, 0, 0, 148 - 70, 148 - 31]
    assert [frame.comments for frame in seen] == [("one", "zwölf"), (), ("old",), (), ()]
    assert [frame.interface.name for frame in seen if frame.interface] == [
        "eth0", "eth1", "", "eth0", "",
    ]  # fmt: skip
    assert [str(frame.time) for frame in seen] == [
        "1700000000.000000001",
        "0.125",  # eighths of a second since two seconds before 1970
        "2.000000",
        "None",
        "5000.000000",
    ]
    assert [frame.time and frame.time.nanoseconds for frame in seen] == [
        1_700_000_000_000_000_001, 125_000_000, 2_000_000_000, None, 5_000_000_000_000,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("resolution", "offset", "ticks", "seconds", "nanoseconds"),
    [
        (0, 0, 7, "7", 7_000_000_000),
        (3, 0, 1234, "1.234", 1_234_000_000),
        (12, 0, 1_000_000_001_999, "1.000000001999", 1_000_000_001),
        (6, -1, 250_000, "-0.750000", -750_000_000),
        (0x8A, 0, 1025, "1.0009765625", 1_000_976_562),
        (0x80, 5, 1, "6", 6_000_000_000),
        (127, 0, 1, "0." + "0" * 126 + "1", 0),
    ],
)
def test_times_are_exact_in_any_resolution(
    resolution: int, offset: int, ticks: int, seconds: str, nanoseconds: int
) -> None:
    options = ((9, bytes((resolution,))), (14, LITTLE.numbers("q", offset)))
    data = LITTLE.section() + LITTLE.interface(*options) + LITTLE.enhanced(ticks, PING)
    (frame,) = frames(data)
    assert frame.time is not None
    assert (str(frame.time), frame.time.nanoseconds) == (seconds, nanoseconds)


def test_a_second_section_has_its_own_byte_order_and_interfaces() -> None:
    big = Blocks(">")
    first = LITTLE.section() + LITTLE.interface((2, b"a")) + LITTLE.enhanced(1, PING)
    second = big.section() + big.interface((2, b"b")) + big.enhanced(2, PING)
    read = records(first + second + first)
    assert together(read) == first + second + first
    names = [r.frame.interface.name for r in read if r.frame and r.frame.interface]
    assert names == ["a", "b", "a"]
    with pytest.raises(MalformedPacket, match="a frame of interface 0; 0 were described before it"):
        records(first + big.section() + big.enhanced(2, PING))


def test_what_our_writer_writes_is_read() -> None:
    file = io.BytesIO()
    writer = PcapngWriter(file, ["host-a", "höst-b"], comment="seed 7")
    writer.write(0, 1_234_567_890_999, PING)
    writer.write(1, 5_000_000_000_001_000, PING + b"x", comment="dropped: queue full")
    read = frames(file.getvalue())
    assert together(records(file.getvalue())) == file.getvalue()
    assert [(f.data, f.interface and f.interface.name, str(f.time), f.comments) for f in read] == [
        (PING, "host-a", "1.234567890", ()),
        (PING + b"x", "höst-b", "5000.000000001", ("dropped: queue full",)),
    ]


BROKEN = [
    (b"", "at byte 0: is no pcap or pcapng file, it is empty"),
    (b"PK", "at byte 0: is no pcap or pcapng file, it begins with 0x504b"),
    (b"\x1f\x8b\x08\0", "at byte 0: is compressed; unpack it with gunzip first"),
    (LITTLE.section()[:8] + bytes(20), "at byte 0: a section whose byte order mark is 0x0000"),
    (LITTLE.section()[:10], "at byte 0: a section that is cut off"),
    (LITTLE.section(major=2), "at byte 0: a section of pcapng version 2.0; version 1 is read"),
    (LITTLE.section() + b"1234567",
     "at byte 32: the beginning of a block has 8 bytes, but the file ends after 7 of them"),
    (LITTLE.section() + LITTLE.numbers("II", CUSTOM, 8),
     "at byte 32: a block of 8 bytes; allowed are multiples of 4 from 12 to 16777216"),
    (LITTLE.section() + LITTLE.numbers("II", CUSTOM, 0xFFFFFFFC),
     "at byte 32: a block of 4294967292 bytes; allowed are"),
    (LITTLE.section() + LITTLE.numbers("II", CUSTOM, 18),
     "at byte 32: a block of 18 bytes; allowed are"),
    (LITTLE.section() + LITTLE.numbers("IIII", CUSTOM, 16, 0, 20),
     "at byte 32: a block of 16 bytes ends with the length 20"),
    (LITTLE.section() + LITTLE.interface() + LITTLE.enhanced(1, PING)[:-40],
     "at byte 64: the body of a block has 168 bytes, but the file ends after 132 of them"),
    (LITTLE.section() + LITTLE.block(INTERFACE, bytes(4)),
     "at byte 32: a block of type 1 with 4 bytes inside; it needs 8"),
    (LITTLE.section() + LITTLE.block(INTERFACE, bytes(8), LITTLE.numbers("HH", 2, 50)),
     "at byte 32: option 2 of 50 bytes reaches beyond its block"),
    (LITTLE.section() + LITTLE.enhanced(1, PING),
     "at byte 32: a frame of interface 0; 0 were described before it"),
    (LITTLE.section() + LITTLE.interface()
     + LITTLE.block(ENHANCED, LITTLE.numbers("IIIII", 0, 0, 0, 100, 100), bytes(96)),
     "at byte 56: a frame of 100 bytes in a block with room for 96"),
    (LITTLE.section() + LITTLE.interface(snaplen=64)
     + LITTLE.block(SIMPLE, LITTLE.numbers("I", 1500), bytes(60)),
     "at byte 56: a frame of 64 bytes in a block with room for 60"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_is_wrong_and_where(data: bytes, message: str) -> None:
    with pytest.raises(MalformedPacket) as refused:
        records(data)
    assert str(refused.value).startswith(f"made.pcapng: {message}")


def test_a_recording_of_three_interfaces() -> None:
    """Written by dumpcap: nanoseconds, statistics at the end, frames cut at 200 bytes."""
    read = list(frames_of(DATA / "captures" / "three-interfaces.pcapng"))
    assert len(read) == 27
    seen = {(f.interface.number, f.interface.name, f.link_type) for f in read if f.interface}
    assert seen == {(0, "va", 1), (1, "vx", 1), (2, "tt", 101)}
    assert str(read[0].time) == "1795724950.901095270"
    assert max(len(frame.data) for frame in read) == 200
    assert {frame.missing for frame in read} == {0, 44, 1258, 1308}


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_times_and_lengths_are_those_that_tshark_reads(path: Path) -> None:
    rows = tshark_fields(
        path, "frame.time_epoch", "frame.len", "frame.cap_len", "frame.interface_name"
    )  # fmt: skip
    ours = []
    for frame in frames_of(path):
        assert frame.time is not None
        seconds, fraction = divmod(frame.time.nanoseconds, 1_000_000_000)
        lengths = [str(frame.original_length), str(len(frame.data))]
        name = frame.interface.name if frame.interface else ""
        ours.append([f"{seconds}.{fraction:09}", *lengths, name])
    assert rows == ours


def rewritten(path: Path, out: Path, program: str, *options: str) -> Path:
    """A capture in the form that a program of Wireshark's gives it; skips if there is none."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    subprocess.run([found, *options, str(path), str(out)], check=True, capture_output=True)
    return out


@pytest.mark.parametrize("form", ["pcap", "nsecpcap", "pcapng"])
def test_every_form_that_editcap_writes(tmp_path: Path, form: str) -> None:
    path = rewritten(DOCKER, tmp_path / "out", "editcap", "-F", form)
    read = list(read_capture(path))
    assert together(read) == path.read_bytes()
    ours = [(f.time and f.time.nanoseconds, f.data) for r in read if (f := r.frame)]
    assert ours == [(f.time and f.time.nanoseconds, f.data) for f in frames_of(DOCKER)]


def test_comments_that_editcap_writes(tmp_path: Path) -> None:
    path = rewritten(DOCKER, tmp_path / "out", "editcap", "-F", "pcapng", "-a", "3:für Nr. 3")
    comments = [frame.comments for frame in frames_of(path)]
    assert comments == [(), (), ("für Nr. 3",), *[()] * 47]
