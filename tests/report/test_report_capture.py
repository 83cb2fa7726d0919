from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from overlaysim.report import CaptureWriter
from overlaysim.sim import Simulator
from overlaysim.sim.events import FrameSeen
from overlaysim.units import US
from overlaysim.wire import ICMP, Ethernet, IPv4, Opaque, Packet

PING = Packet(
    (
        Ethernet("02:42:0a:00:01:02", "02:42:0a:00:01:04"),
        IPv4("10.0.1.4", "10.0.1.2"),
        ICMP(8, 0, 1, 0),
    ),
    Opaque(56),
)


def captured(path: Path) -> None:
    """One packet that arrives and one that dies on its way, told out of order."""
    simulator = Simulator()
    writer = CaptureWriter(simulator)
    assert simulator.bus.wants(FrameSeen)
    good, bad = (
        simulator.ledger.create("data", 0, source="a", intended="b") for _ in range(2)
    )  # fmt: skip
    for at, host, outgoing, journey in (
        (10 * US, "host-b", True, good), (60 * US, "host-a", False, good),
        (20 * US, "host-b", True, bad), (15 * US, "host-c", False, bad),
    ):  # fmt: skip
        simulator.bus.emit(FrameSeen(at, host, outgoing, journey, PING))
    simulator.ledger.deliver(good, 60 * US, "b")
    simulator.ledger.drop(bad, 30 * US, "link down", "switch->host-a")
    assert len(writer) == 4
    writer.write(path)


def test_a_capture_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("x", "y"):
        captured(tmp_path / name)
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_times_interfaces_and_drop_reasons(tmp_path: Path) -> None:
    captured(tmp_path / "capture.pcapng")
    done = subprocess.run(
        ["tshark", "-r", str(tmp_path / "capture.pcapng"), "-T", "json", "-e", "frame.time_epoch",
         "-e", "frame.interface_name", "-e", "frame.comment", "-e", "icmp.seq"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    frames = [packet["_source"]["layers"] for packet in json.loads(done.stdout)]
    assert [frame["frame.interface_name"][0] for frame in frames] == [
        "host-b:eth0", "host-c:eth0", "host-b:eth0", "host-a:eth0",
    ]  # fmt: skip
    comments = [frame.get("frame.comment", [None])[0] for frame in frames]
    assert comments == [None, None, "dropped: link down, at switch->host-a", None]


def test_a_run_without_frames_gives_an_empty_capture(tmp_path: Path) -> None:
    CaptureWriter(Simulator()).write(tmp_path / "capture.pcapng")
    assert (tmp_path / "capture.pcapng").read_bytes().startswith(b"\x0a\x0d\x0d\x0a")
