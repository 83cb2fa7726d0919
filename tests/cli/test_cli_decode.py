"""``overlaysim decode`` from outside: lines, the capture built again, statuses and messages."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from overlaysim.cli.main import main
from overlaysim.wire import Packet, PcapngWriter, frame_from_json, read_capture

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
CAPTURES = sorted((DATA / "pcaps").glob("*.pcap")) + sorted((DATA / "captures").glob("*.pcap*"))
DOCKER = DATA / "pcaps" / "docker-ping-vxlan.pcap"
NAMES = [path.name for path in CAPTURES]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def decoded(capsys: pytest.CaptureFixture[str], *words: object) -> list[dict[str, Any]]:
    assert main(["decode", *map(str, words)]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return [json.loads(line) for line in said.out.splitlines()]


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main(["decode", *map(str, words)]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    return said.err.rstrip("\n")


def process(*words: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "overlaysim", "decode", *map(str, words)],
        input=given, capture_output=True, timeout=60, check=False,
        env=ENVIRONMENT,
    )  # fmt: skip


# ---- lines ---------------------------------------------------------------------------------------


def test_every_frame_is_a_line_with_all_its_layers(capsys: pytest.CaptureFixture[str]) -> None:
    lines = decoded(capsys, DOCKER)
    assert [line["number"] for line in lines] == list(range(1, 51))
    assert lines[0]["seconds"] == "1795388346.844897"
    assert lines[0]["layers"][3] == {
        "layer": "VXLAN", "vni": 4097, "flags": 8, "reserved": 0, "reserved2": 0,
    }  # fmt: skip
    stacks = Counter("/".join(layer["layer"] for layer in line["layers"]) for line in lines)
    tunnel = "Ethernet/IPv4/UDP/VXLAN/Ethernet/IPv4"
    assert stacks == {f"{tunnel}/ICMP": 20, f"{tunnel}/TCP": 24, tunnel: 6}


def test_interfaces_and_comments_of_pcapng(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "two.pcapng"
    frame = next(record.frame.data for record in read_capture(DOCKER) if record.frame)
    with path.open("wb") as file:
        writer = PcapngWriter(file, ["host-a:eth0", "höst-b"])
        writer.write(0, 1_000, frame)
        writer.write(1, 2_000_999, frame, comment="dropped: queue full")
    one, two = decoded(capsys, path)
    assert (one["interface"], one["interface_number"]) == ("host-a:eth0", 0)
    assert "comments" not in one
    assert (two["interface"], two["comments"]) == ("höst-b", ["dropped: queue full"])
    assert (two["time_ns"], two["seconds"]) == (2000, "0.000002000")


def test_a_malformed_frame_is_told_and_the_rest_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "odd.pcap", tmp_path / "again.pcap"
    data = bytearray(DOCKER.read_bytes())
    data[40 + 14] = 0x55  # the version of the first packet
    path.write_bytes(data)
    lines = decoded(capsys, path, "--repack", out)
    assert lines[0]["malformed"] == "IPv4: version is 5, not 4"
    assert lines[0]["bytes"] == data[40:188].hex()
    assert ["malformed" in line for line in lines] == [True] + [False] * 49
    assert out.read_bytes() == data


def test_another_port_can_carry_a_known_header(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "flannel.pcap", tmp_path / "again.pcap"
    port = (4789).to_bytes(2, "big")
    path.write_bytes(DOCKER.read_bytes().replace(port, (8472).to_bytes(2, "big")))
    assert [layer["layer"] for layer in decoded(capsys, path)[0]["layers"]] == [
        "Ethernet", "IPv4", "UDP",
    ]  # fmt: skip
    lines = decoded(capsys, path, "--udp-port", "8472=vxlan", "--repack", out)
    assert len(lines[0]["layers"]) == 7
    assert out.read_bytes() == path.read_bytes()


# ---- the capture again ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", CAPTURES, ids=NAMES)
def test_every_capture_comes_out_as_it_went_in(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "again"
    lines = decoded(capsys, path, "--repack", out)
    assert out.read_bytes() == path.read_bytes()
    frames = [record.frame.data for record in read_capture(path) if record.frame]
    assert [frame_from_json(line).pack() for line in lines] == frames
    assert not any("malformed" in line for line in lines)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("magic", [0xA1B2C3D4, 0xA1B23C4D])
def test_byte_order_resolution_and_the_rest_of_the_header_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], order: str, magic: int
) -> None:
    path, out = tmp_path / "in.pcap", tmp_path / "out.pcap"
    content = struct.pack(f"{order}IHHiIII", magic, 2, 4, -3600, 5, 96, 1)
    for number, record in enumerate(read_capture(DOCKER)):
        if record.frame:
            kept = record.frame.data[:96]
            content += struct.pack(
                f"{order}IIII", 1000 + number, number, len(kept), len(record.frame.data)
            ) + kept  # fmt: skip
    path.write_bytes(content)
    lines = decoded(capsys, path, "--repack", out)
    assert out.read_bytes() == content
    assert lines[0]["time_ns"] == 1_001_000_000_000 + (1 if magic == 0xA1B23C4D else 1000)
    assert lines[0]["truncated"] == 148 - 96


def test_a_capture_of_a_run_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = tmp_path / "run", tmp_path / "again.pcapng"
    tutorial = str(ROOT / "scenarios" / "tutorial.overlay.yml")
    assert main(["run", tutorial, "--capture", "--no-figures", "--out", str(folder)]) == 0
    capsys.readouterr()
    lines = decoded(capsys, folder / "capture.pcapng", "--repack", out)
    assert out.read_bytes() == (folder / "capture.pcapng").read_bytes()
    assert {line["interface"] for line in lines} == {"host-a:eth0", "host-b:eth0", "host-c:eth0"}
    assert not any("malformed" in line for line in lines)


@pytest.mark.parametrize("program", ["editcap -F pcapng", "editcap -F nsecpcap",
                                     "mergecap -F pcapng -w", "tcpdump -w"])  # fmt: skip
def test_captures_that_other_programs_write_come_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], program: str
) -> None:
    name, *options = program.split()
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    made, out = tmp_path / "made", tmp_path / "again"
    files = [made, DOCKER, CAPTURES[1]] if name == "mergecap" else [DOCKER, made]
    if name == "tcpdump":
        files = [made, "-r", DOCKER]  # type: ignore[list-item]
    subprocess.run([name, *options, *map(str, files)], check=True, capture_output=True)
    lines = decoded(capsys, made, "--repack", out)
    assert len(lines) == (58 if name == "mergecap" else 50)
    assert out.read_bytes() == made.read_bytes()


def test_a_frame_that_its_fields_do_not_build_is_a_bug_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overlaysim.wire.frame_from_json", lambda content: Packet((), b"other"))
    assert main(["decode", str(DOCKER), "--repack", str(tmp_path / "out.pcap")]) == 70
    said = capsys.readouterr().err
    assert said.startswith("overlaysim: a bug in the simulator: a frame cannot be built from its ")
    assert list(tmp_path.iterdir()) == []


# ---- wrong input ---------------------------------------------------------------------------------


def test_what_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, tmp_path / "none.pcap").endswith(
        "none.pcap: cannot be read: No such file or directory"
    )
    assert refused(capsys, tmp_path).endswith(": cannot be read: Is a directory")
    text = ROOT / "README.md"
    assert refused(capsys, text).endswith(
        "README.md: at byte 0: is no pcap or pcapng file, it begins with 0x23206f76"
    )


def test_a_file_that_is_cut_leaves_no_capture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "cut.pcap", tmp_path / "out.pcap"
    path.write_bytes(DOCKER.read_bytes()[:1000])
    assert main(["decode", str(path), "--repack", str(out)]) == 2
    said = capsys.readouterr()
    assert said.err == (
        f"overlaysim: {path}: at byte 860: a frame has 148 bytes, but the file ends after 140 of "
        f"them\n"
    )
    assert said.out.count("\n") == 5  # what was whole has been shown
    assert [entry.name for entry in tmp_path.iterdir()] == ["cut.pcap"]


def test_an_earlier_capture_survives_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "cut.pcap", tmp_path / "out.pcap"
    path.write_bytes(DOCKER.read_bytes()[:1000])
    out.write_bytes(b"earlier")
    assert main(["decode", str(path), "--repack", str(out)]) == 2
    assert out.read_bytes() == b"earlier"


def test_a_link_type_that_is_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "radio.pcap"
    data = bytearray(DOCKER.read_bytes())
    data[20] = 127
    path.write_bytes(data)
    assert re.fullmatch(
        r"overlaysim: .*radio\.pcap: frame 1: link type 127 is not read; 1 \(Ethernet\), 113 and "
        r"276 \(Linux cooked\), 12, 14, 101, 228 and 229 \(raw IP\), 0 and 108 \(loopback\) are",
        refused(capsys, path),
    )


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("8472", 'write a port from 1 to 65535 and the header behind it, as in 8472=VXLAN'),
        ("0=VXLAN", "write a port"),
        ("65536=VXLAN", "write a port"),
        ("9" * 5000 + "=VXLAN", "write a port"),
        ("8472=VXLN", "no such header; did you mean VXLAN?; known are Ethernet, "),
    ],
)  # fmt: skip
def test_wrong_ports(capsys: pytest.CaptureFixture[str], choice: str, message: str) -> None:
    assert f": {message}" in refused(capsys, DOCKER, "--udp-port", choice)


def test_a_place_where_nothing_can_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "is a folder; name a file" in refused(capsys, DOCKER, "--repack", tmp_path)
    assert "is not an ordinary file" in refused(capsys, DOCKER, "--repack", os.devnull)


# ---- as a program among others -------------------------------------------------------------------


def test_standard_input_is_read() -> None:
    said = process("-", given=DOCKER.read_bytes())
    assert (said.returncode, said.stderr) == (0, b"")
    assert said.stdout == process(DOCKER).stdout
    assert said.stdout.count(b"\n") == 50


def test_standard_input_that_is_no_capture() -> None:
    said = process("-", given=b"hello")
    assert (said.returncode, said.stdout) == (2, b"")
    assert said.stderr == (
        b"overlaysim: standard input: at byte 0: is no pcap or pcapng file, it begins with "
        b"0x68656c6c\n"
    )


@pytest.mark.skipif(os.name != "posix", reason="needs a shell with head")
def test_a_reader_that_goes_away_early_is_no_error_and_costs_no_capture(tmp_path: Path) -> None:
    """The lines are for somebody who has seen enough, the file is not."""
    many, out = tmp_path / "many.pcap", tmp_path / "out.pcap"
    data = DOCKER.read_bytes()
    many.write_bytes(data[:24] + 20 * data[24:])
    program = f"{sys.executable} -m overlaysim decode"
    for repack in ("", f"--repack {out}"):
        said = subprocess.run(
            ["bash", "-c", f"{program} {many} {repack} | head -n 1; echo ${{PIPESTATUS[0]}}"],
            capture_output=True, timeout=60, check=True, env=ENVIRONMENT,
        )  # fmt: skip
        assert said.stderr == b""
        line, status = said.stdout.splitlines()
        assert json.loads(line)["number"] == 1
        assert status == b"0"
    assert out.read_bytes() == many.read_bytes()


def test_help_explains_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["decode", "--help"])
    assert exit_.value.code == 0
    said = capsys.readouterr().out
    for word in ("layers", "truncated", "stopped", "quoted", "malformed", "--repack OUT", "jq"):
        assert word in said
