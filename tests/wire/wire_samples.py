"""Packets, captures and oracles that several tests of this room use."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from overlaysim.wire import ICMP, UDP, VXLAN, Ethernet, IPv4, Opaque, Packet, Payload, PcapngWriter

CAPTURES = sorted((Path(__file__).parents[1] / "data" / "pcaps").glob("*.pcap"))
DOCKER = next(path for path in CAPTURES if path.name == "docker-ping-vxlan.pcap")

OUTER = (
    Ethernet("02:00:00:00:00:02", "02:00:00:00:00:01"),
    IPv4("10.9.0.1", "10.9.0.2", ident=7),
    UDP(49974, 4789),
    VXLAN(4097),
)
INNER = (
    Ethernet("02:42:0a:00:01:02", "02:42:0a:00:01:04"),
    IPv4("10.0.1.4", "10.0.1.2", ident=8, df=True),
)


def overlay_ping(payload: Payload = Opaque(56, "ping")) -> Packet:  # noqa: B008 - immutable
    """An echo request between two containers, as the simulator builds it."""
    return Packet((*OUTER, *INNER, ICMP(8, 0, 1, 3)), payload)


def tshark(path: Path, *options: str) -> list[list[str]]:
    """Rows of tab-separated fields that tshark reads from a capture; skips if there is none."""
    program = shutil.which("tshark")
    if program is None:
        pytest.skip("tshark is not installed")
    run = subprocess.run(
        [program, "-r", str(path), *options], capture_output=True, text=True, check=True
    )
    return [line.split("\t") for line in run.stdout.splitlines()]


def tshark_fields(path: Path, *fields: str) -> list[list[str]]:
    """The named fields of every frame; checksums are verified."""
    verify = [
        option for name in ("ip", "udp", "tcp") for option in ("-o", f"{name}.check_checksum:TRUE")
    ]
    return tshark(path, *verify, "-T", "fields", *(f"-e{field}" for field in fields))


def write_capture(path: Path, *frames: bytes) -> None:
    """Write frames to a pcapng file with one interface."""
    with path.open("wb") as file:
        writer = PcapngWriter(file, ["wire"])
        for number, frame in enumerate(frames):
            writer.write(0, number * 1_000_000, frame)
