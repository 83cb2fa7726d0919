"""Frames survive packing and reading. Speed is never asserted: see ``frames.py``."""

from __future__ import annotations

import pytest
from frames import TRAFFIC, Traffic

from overlaysim.wire import checksum, decode


@pytest.mark.parametrize("traffic", TRAFFIC, ids=lambda traffic: traffic.name)
def test_frames_are_packed_right_and_read_again(traffic: Traffic) -> None:
    """With lengths as they must be, and checksums over which the receiver's test comes out."""
    for packet in traffic.frames(100):
        frame = packet.pack()
        again = decode(frame)
        assert len(frame) == packet.length
        assert again.recomputed().layers == packet.layers
        assert again.payload == bytes(packet.payload)
        assert checksum(frame[14:34]) == 0
        pseudo = frame[26:34] + bytes((0, 17)) + (len(frame) - 34).to_bytes(2)
        assert checksum(pseudo + frame[34:]) == 0
