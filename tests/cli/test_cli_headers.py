"""``overlaysim headers`` from outside."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from overlaysim.cli.main import main
from overlaysim.overlay.encapsulation import encapsulations

ROOT = Path(__file__).parents[2]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["headers", *words])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_the_table_lists_every_encapsulation(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert max(map(len, lines)) <= 100
    numbers, _, words = out.partition("\n\n")
    for known in encapsulations():
        for part in (numbers, words):
            assert sum(line.split()[:1] == [known.name] for line in part.splitlines()) == 1
    row = next(line for line in lines if line.startswith("wireguard "))
    assert row.split() == ["wireguard", "packet", "60-75", "1440", "8940", "80-95", "1420", "8920"]
    row = next(line for line in lines if line.startswith("ipip "))
    assert row.split() == ["ipip", "packet", "20", "1480", "8980", "-", "-", "-"]


def test_another_underlay_mtu(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "--mtu", "1600")
    row = next(line for line in out.splitlines() if line.startswith("vxlan "))
    assert row.split() == ["vxlan", "frame", "50", "1550", "70", "1530"]
    _, out, _ = run(capsys, "vxlan", "--mtu", "1600")
    assert "1550 over IPv4, 1530 over IPv6, if the underlay's is 1600" in out


def test_several_names_and_every_option_of_the_packet(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(
        capsys, "geneve-opt8", "vxlan", "--underlay", "ipv6", "--inner", "ipv6",
        "--payload", "100", "--network", "2748",
    )  # fmt: skip
    assert status == 0
    assert out.index("geneve-opt8 over IPv6: 240 bytes") < out.index("vxlan over IPv6: 232 bytes")
    assert out.count("2748               -         the network") == 2
    assert out.count("payload, 100 bytes") == 2


def test_csv_and_json_hold_the_same_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    _, text, _ = run(capsys, "--csv", "-")
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["name"] for row in rows] == [known.name for known in encapsulations()]
    _, text, _ = run(capsys, "--json", "-")
    records = json.loads(text)
    for row, record in zip(rows, records, strict=True):
        example = record.pop("example")
        assert {key: "" if value is None else str(value) for key, value in record.items()} == row
        assert sum(len(part["bytes"]) for part in example) // 2 == example[-1]["offset"] + (
            len(example[-1]["bytes"]) // 2
        )
    assert rows[3]["added_ipv6_most"] == "70"
    assert records[3]["inner_mtu_ipv4_at_1500"] == 1450


def test_files_are_written_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "vxlan.svg"
    assert run(capsys, "vxlan", "--svg", str(picture)) == (0, f"{picture}: vxlan\n", "")
    _, out, _ = run(capsys, "vxlan", "--svg", "-")
    assert picture.read_text(encoding="utf-8") == out
    ElementTree.fromstring(out)
    assert [path.name for path in tmp_path.iterdir()] == ["vxlan.svg"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["vxlna"], '"vxlna" is not an encapsulation; did you mean vxlan?'),
        (["vxlan", "gre\x1b"], '"gre\\x1b" is not an encapsulation; did you mean gre?'),
        (["ipip", "--underlay", "ipv6"], "ipip is specified over IPv4 only"),
        (["6in4", "--inner", "ipv4"], "6in4 carries IPv6 packets only"),
        (["vxlan", "--network", "16777216"],
         "VXLAN.vni: 16777216 does not fit; allowed is 0 to 16777215 (24 bits)"),
        (["vxlan", "--payload", "65507"], "UDP.length: 65565 does not fit"),
        (["--payload", "5"], "--payload is of the packet that is drawn: name an encapsulation"),
        (["vxlan", "--csv", "-", "--inner", "ipv6"],
         "--inner is of the packet that is drawn: name an encapsulation, and leave --csv out"),
        (["--svg", "-"], "--svg draws one encapsulation: name one"),
        (["vxlan", "gre", "--svg", "-"], "--svg draws one encapsulation: name one"),
        (["vxlan", "--svg", "."], ".: is a folder; name a file"),
        (["vxlan", "--svg", "no/such/folder.svg"], "no/such/folder.svg: no file can be made in"),
    ],
)  # fmt: skip
def test_mistakes(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert err.startswith(f"overlaysim: {message}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [["--mtu", "67"], ["--mtu", "x"], ["vxlan", "--underlay", "ipv5"], ["vxlan", "--payload", "-1"],
     ["vxlan", "--svg", "a", "--csv", "b"]],
)  # fmt: skip
def test_options_that_argparse_refuses(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["headers", *words])
    assert ended.value.code == 2
    assert "error: argument" in capsys.readouterr().err


def in_a_process(folder: Path, seed: str, *words: str) -> bytes:
    """What the program prints, with ``folder`` in front of the modules that can be imported."""
    path = os.pathsep.join((str(folder), str(ROOT)))
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-m", "overlaysim", "headers", *words], cwd=folder, env=environment,
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stderr == b""
    return done.stdout


def test_a_drawing_is_the_same_in_every_process(tmp_path: Path) -> None:
    first, second = (
        in_a_process(tmp_path, seed, "vxlan-esp-docker", "--svg", "-") for seed in ("1", "2")
    )
    assert first == second
    assert first.startswith(b"<svg ")


def test_an_installed_package_brings_its_own(tmp_path: Path) -> None:
    (tmp_path / "my_tunnels.py").write_text(
        "from overlaysim.overlay.encapsulation import Encapsulation\n"
        "from overlaysim.wire import Header\n"
        "class Tiny(Header, udp_port=7777):\n"
        '    WIRE = "version=1:8 tenant:24"\n'
        "    tenant: int\n"
        "TINY = Encapsulation(\n"
        '    "tiny", lambda tunnel, length: (tunnel.udp(7777), Tiny(tunnel.network)),\n'
        '    network=(Tiny, "tenant", 24),\n'
        ")\n"
    )
    info = tmp_path / "my_tunnels-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-tunnels\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[overlaysim.encapsulations]\ntiny = my_tunnels:TINY\n")
    drawn = in_a_process(tmp_path, "0", "tiny", "--network", "258").decode()
    assert (
        "   42 |    version    |                     tenant                    | 01000102" in drawn
    )
    assert in_a_process(tmp_path, "0").decode().count("\ntiny ") == 2
