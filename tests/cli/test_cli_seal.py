"""``run --capture --seal``: real ciphertext, which Wireshark decrypts with the keys beside it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from overlaysim.cli.main import main
from overlaysim.wire import ESP, UDP, IPv4, WireGuard, decode
from overlaysim.wire.read_capture import read_capture

pytest.importorskip("cryptography")

SCENARIO = """\
name: sealed
overlay: {{encapsulation: {}}}
underlay: {{hosts: [host-a, host-b]}}
timeline:
  - on: host-a
    run: |
      docker swarm init
      docker network create -d overlay --attachable net
      docker run -d --network net --name web alpine sleep 1000
  - {{on: host-b, run: docker run -d --network net --name client alpine sleep 1000}}
traffic:
  - {{from: client, to: web, kind: ping, start: 6 s, count: 3}}
"""


def captured(folder: Path, name: str, *options: str) -> Path:
    file = folder / "sealed.overlay.yml"
    file.write_text(SCENARIO.format(name), encoding="utf-8")
    out = folder / "out"
    assert main(["run", str(file), "--out", str(out), "--no-figures", "--capture", *options]) == 0
    return out


def data_frames(out: Path) -> list[bytes]:
    """The frames of the tunnel, by length: pings are all alike and longer than the rest is."""
    records = read_capture(out / "capture.pcapng")
    frames = [record.frame.data for record in records if record.frame is not None]
    return [data for data in frames if _is_tunnel(data)]


def _is_tunnel(data: bytes) -> bool:
    packet = decode(data)
    udp = packet.find(UDP)
    return packet.layer(1, IPv4).protocol == 50 or (udp is not None and udp.dst_port == 51_820)


@pytest.mark.parametrize(
    ("name", "opaque"), [("vxlan-esp-docker", ESP), ("esp-tunnel-aes-cbc-sha256", ESP),
                         ("esp-tunnel-aes-gcm16", ESP), ("wireguard", WireGuard)],
)  # fmt: skip
def test_sealed_frames_have_the_lengths_of_open_ones(
    name: str, opaque: type, tmp_path: Path
) -> None:
    clear = data_frames(captured(tmp_path, name))
    sealed = data_frames(captured(tmp_path, name, "--seal"))
    assert len(clear) == len(sealed) == 12
    assert [len(data) for data in clear] == [len(data) for data in sealed]
    assert all(decode(data).find(opaque) is not None for data in sealed)
    pattern = bytes(range(16, 48))  # of a ping's data
    assert all(pattern in data for data in clear)
    assert not any(pattern in data for data in sealed)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize(
    "name", ["vxlan-esp-docker", "esp-tunnel-aes-cbc-sha256", "esp-transport-aes-gcm16"]
)
def test_tshark_decrypts_them_with_the_keys_beside_them(name: str, tmp_path: Path) -> None:
    out = captured(tmp_path, name, "--seal")
    rows = (out / "esp_sa").read_text(encoding="ascii").splitlines()
    assert len(rows) == 2
    options = [word for row in rows for word in ("-o", f"uat:esp_sa:{row}")]
    seen = subprocess.run(
        ["tshark", "-r", str(out / "capture.pcapng"), "-o", "esp.enable_encryption_decode:TRUE",
         "-o", "esp.enable_authentication_check:TRUE", *options, "-Y", "icmp", "-T", "fields",
         "-e", "icmp.seq", "-e", "esp.icv_good"],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert len(seen) == 12
    assert {line.split("\t")[1] for line in seen} <= {"1", "True"}


def test_sealing_needs_a_capture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "sealed.overlay.yml"
    file.write_text(SCENARIO.format("vxlan"), encoding="utf-8")
    assert main(["run", str(file), "--out", str(tmp_path / "out"), "--seal"]) == 2
    assert "--seal encrypts a capture: add --capture" in capsys.readouterr().err
