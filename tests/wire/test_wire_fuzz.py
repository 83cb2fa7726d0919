"""Damaged bytes into every reader: MalformedPacket, or a packet that packs to the same bytes.

Seeded, so that a failure comes back. 20 000 frames for :func:`decode` and its relatives; for each
class of header and each format of files as many only with ``HYPOTHESIS_PROFILE=nightly``.
"""

from __future__ import annotations

import io
import json
import os
import re
from random import Random

import pytest
from pcapng_blocks import Blocks
from wire_corpus import CAPTURE_FILES, corpus, damaged, header_corpus
from wire_samples import overlay_ping

from overlaysim.wire import (
    HEADERS,
    CapturedFrame,
    Header,
    MalformedPacket,
    Packet,
    decode,
    dissect,
    frame_from_json,
    frame_to_json,
)
from overlaysim.wire.partial import Partial, decode_partial
from overlaysim.wire.read_capture import capture_records

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
FRAMES = 20_000
PER_HEADER = 20_000 if NIGHTLY else 1_500
FILES = 20_000 if NIGHTLY else 2_000

LINK_TYPES = (0, 1, 12, 101, 108, 113, 228, 229, 276)
KINDS = sorted(header_corpus(), key=lambda kind: kind.__name__)


def test_every_known_header_is_in_the_corpus() -> None:
    """Or it would not be tried; ``wire_corpus.sample_packets`` is the place to add one."""
    assert {kind.__name__ for kind in HEADERS if hasattr(kind, "CODEC")} <= {
        kind.__name__ for kind in KINDS
    }


def through_json(packet: Packet) -> Packet:
    return frame_from_json(json.loads(json.dumps(frame_to_json(packet))))


def test_undamaged_frames_come_back() -> None:
    for first, data in corpus():
        partial = decode_partial(data, first)
        assert not partial.malformed
        assert partial.packet.pack() == data
        assert through_json(partial.packet) == partial.packet


def test_decode_of_damaged_frames() -> None:
    random = Random(4)
    read = 0
    for _ in range(FRAMES):
        first, data = random.choice(corpus())
        data = damaged(data, random.choice(corpus()).data, random)
        try:
            packet = decode(data, first)
        except MalformedPacket:
            continue
        read += 1
        assert packet.pack() == data
        assert packet.length == len(data)
        assert packet.resolved().pack() == data
        assert through_json(packet) == packet
    assert FRAMES / 10 < read < FRAMES * 9 / 10  # the damage is neither too bad nor too little


def whole(data: bytes, first: type[Header]) -> Partial | tuple[str, bool]:
    """What decode makes of bytes of which none are missing: a packet, or what is malformed."""
    try:
        return Partial(decode(data, first))
    except MalformedPacket as error:
        return str(error), True


def test_partial_reading_agrees_with_decode_when_nothing_is_missing() -> None:
    random = Random(5)
    for _ in range(FRAMES):
        first, data = random.choice(corpus())
        data = damaged(data, random.choice(corpus()).data, random)
        partial = decode_partial(data, first)
        if any(layer.is_fragment for layer in partial.packet.layers):
            continue  # where decode stops, this goes on
        assert partial == whole(data, first) or partial[1:] == whole(data, first)


def test_dissecting_damaged_frames_of_which_some_is_missing() -> None:
    """Never an exception, never malformed for what is not there, and the same bytes again."""
    random = Random(6)
    for _ in range(FRAMES):
        data = damaged(random.choice(corpus()).data, random.choice(corpus()).data, random)
        missing = random.choice((0, 0, 1, 4, 60, 1400, 1 << 31))
        frame = CapturedFrame(data, len(data) + missing, random.choice(LINK_TYPES), None)
        line = json.dumps(dissect(frame, 1))
        assert frame_from_json(json.loads(line)).pack() == data


def test_a_cut_never_makes_a_good_frame_malformed() -> None:
    random = Random(7)
    for _ in range(FRAMES):
        first, data = random.choice(corpus())
        length = random.randrange(len(data))
        partial = decode_partial(data[:length], first, len(data) - length)
        assert not partial.malformed
        assert partial.packet.pack() == data[:length]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_header_reads_damaged_bytes(kind: type[Header]) -> None:
    random = Random(kind.__name__)
    seeds = header_corpus()[kind]
    read = 0
    for _ in range(PER_HEADER):
        data = damaged(random.choice(seeds), random.choice(corpus()).data, random)
        front = random.randbytes(random.randrange(4))  # a header need not begin at byte 0
        try:
            header = kind.parse(front + data, len(front), len(front) + len(data))
        except MalformedPacket:
            continue
        read += 1
        assert header.header_length + header.tail_length <= len(data)
        body = data[header.header_length : len(data) - header.tail_length]
        assert header.enclose(body, (header,), 0) == data
        assert through_json(Packet((header,), body)).layers == (header,)
        assert type(header.body_length(len(body))) is int
    assert read


# ---- files ---------------------------------------------------------------------------------------

FRAME = overlay_ping().pack()
MADE = {
    ".pcap": [path.read_bytes() for path in CAPTURE_FILES if path.suffix == ".pcap"],
    ".pcapng": [Blocks(order).file(FRAME) for order in "<>"],
}


def read_file(data: bytes) -> tuple[bytes, str]:
    """Read a file; return what its records are together, and what is wrong with it."""
    again = b""
    try:
        for record in capture_records(io.BytesIO(data), "damaged"):
            again += record.head + (record.frame.data if record.frame else b"") + record.tail
            if record.frame is not None:
                dissect(record.frame, 1)
    except MalformedPacket as error:
        return again, str(error)
    return again, ""


@pytest.mark.parametrize("suffix", MADE)
def test_damaged_capture_files(suffix: str) -> None:
    random = Random(suffix)
    whole = 0
    for _ in range(FILES):
        file, other = (random.choice(MADE[suffix])[:5000] for _ in range(2))
        data = damaged(file, other, random)
        again, wrong = read_file(data)
        if wrong:
            assert again == data[: len(again)]
            assert re.fullmatch(
                r"damaged: at byte \d+: [^\n]+|link type \d+ is not read; .*", wrong
            )
        else:
            assert again == data
            whole += 1
    assert FILES / 20 < whole < FILES


def test_every_cut_of_a_file_ends_in_whole_records_or_a_message() -> None:
    for path in CAPTURE_FILES:
        data = path.read_bytes()
        assert read_file(data) == (data, "")
        for length in range(1, len(data), 97):
            again, wrong = read_file(data[:length])
            assert again == data[: len(again)]
            assert (again == data[:length]) != wrong.startswith("damaged: at byte ")


@pytest.mark.parametrize(("suffix", "place"), [(".pcap", 32), (".pcapng", 4)])
def test_a_length_of_four_gigabytes_is_refused_before_it_is_read(suffix: str, place: int) -> None:
    file = MADE[suffix][0]
    _, wrong = read_file(file[:place] + b"\xfc\xff\xff\xff" + file[place + 4 :])
    assert " of 4294967292 bytes; " in wrong
