"""``--capture`` as somebody else's program reads it: nothing malformed, checksums right, pings."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from overlaysim.cli.main import main

ROOT = Path(__file__).parents[2]
CHECKED = ("-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE")

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="needs tshark")


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("capture") / "out"
    tutorial = str(ROOT / "scenarios" / "tutorial.overlay.yml")
    assert main(["run", tutorial, "--capture", "--no-figures", "--out", str(out)]) == 0
    return out / "capture.pcapng"


def tshark(capture: Path, *arguments: str) -> list[str]:
    said = subprocess.run(
        ["tshark", "-n", "-r", str(capture), *CHECKED, *arguments],
        capture_output=True, text=True, encoding="utf-8", timeout=120, check=True,
    )  # fmt: skip
    return said.stdout.splitlines()


def fields(capture: Path, what: str, *names: str) -> list[list[str]]:
    """The first value of each field of the packets that a display filter selects."""
    wanted = [word for name in names for word in ("-e", name)]
    lines = tshark(capture, "-Y", what, "-T", "fields", *wanted, "-E", "occurrence=f")
    return [line.split("\t") for line in lines]


def test_tshark_finds_nothing_malformed_and_no_wrong_checksum(capture: Path) -> None:
    assert len(tshark(capture)) > 100
    bad = "_ws.malformed or ip.checksum.status == 0 or udp.checksum.status == 0"
    assert tshark(capture, "-Y", bad) == []


def test_checksums_were_really_checked(capture: Path) -> None:
    """Or the test above would pass on a capture without checksums."""
    good = "vxlan and ip.checksum.status == 1 and udp.checksum.status == 1"
    assert len(tshark(capture, "-Y", good)) == len(tshark(capture, "-Y", "vxlan"))


def test_tshark_shows_the_pings(capture: Path) -> None:
    """Each ping is seen where it leaves a host and where it arrives at one."""
    asked = "vxlan.vni == 4097 and icmp.type == 8 and ip.dst == 10.0.1.2"
    requests = fields(
        capture, asked, "frame.len", "ip.ttl", "ip.flags.df", "udp.dstport", "udp.srcport",
        "frame.interface_name",
    )  # fmt: skip
    assert len(requests) == 8
    length, ttl, do_not_fragment, port, source_port, _ = requests[0]
    assert all(row[:5] == requests[0][:5] for row in requests)
    assert (length, ttl, port) == ("148", "64", "4789")
    assert do_not_fragment in ("0", "False")  # 0 up to tshark 4.0, False from 4.2 on
    assert 32768 <= int(source_port) <= 60999
    assert [row[5] for row in requests] == ["host-b:eth0", "host-a:eth0"] * 4


def test_a_packet_takes_in_the_capture_the_time_that_the_report_says(capture: Path) -> None:
    asked = "vxlan and icmp.type == 8 and ip.dst == 10.0.1.2"
    rows = fields(capture, asked, "frame.time_epoch")
    instants = [int(row[0].replace(".", "")) for row in rows]
    assert [b - a for a, b in zip(instants[::2], instants[1::2], strict=True)] == [102_752] * 4
