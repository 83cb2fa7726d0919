"""``overlaysim validate goodput``: the kernel's points, any other point, and mistakes."""

from __future__ import annotations

import csv
import json
from importlib import resources
from pathlib import Path

import pytest

from overlaysim.cli.main import main
from overlaysim.errors import InputError, ModelError
from overlaysim.overlay.encapsulation import CannotCarry, encapsulations
from overlaysim.validate import goodput, goodput_reference
from overlaysim.validate.goodput import MEASURED, Point, measure
from overlaysim.validate.goodput_path import read_path
from overlaysim.validate.goodput_reference import TOLERANCE, compare, references

ROWS = list(
    csv.DictReader(
        (resources.files("overlaysim.validate") / "data" / "goodput.csv")
        .read_text("utf-8")
        .splitlines()
    )
)


def point(path: str, payload: int | None = None, protocol: str = "udp", **fields: int) -> Point:
    way = read_path(path)
    values = {"rate": 20_000_000, "counted": 0} | fields
    return Point(protocol, values["rate"], values["counted"],
                 payload or way.largest_payload(protocol), way)  # fmt: skip


def typed(*words: str) -> int:
    try:
        return main(["validate", "goodput", *words])
    except SystemExit as end:
        return int(end.code or 0)


# ---- the kernel's points ------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['protocol']}-{r['payload']}-{r['path']}")
def test_frames_and_predictions_are_those_of_the_table(row: dict[str, str]) -> None:
    reference = references()[ROWS.index(row)]
    assert reference.point.frame == int(row["frame"])
    assert reference.point.predicted / 1e6 == pytest.approx(
        float(row["predicted_mbit_s"]), abs=0.0006
    )


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['protocol']}-{r['payload']}-{r['path']}")
def test_a_point_agrees_with_the_kernel_and_with_arithmetic(row: dict[str, str]) -> None:
    reference = references()[ROWS.index(row)]
    (comparison,) = compare([measure(reference.point)])
    assert comparison.reference is reference
    assert abs(comparison.off) <= TOLERANCE == 0.003
    one_packet = 8 * reference.point.payload * 1e12 / MEASURED
    assert abs(comparison.ours.goodput - reference.point.predicted) <= one_packet


def test_the_segments_of_tcp_are_full_ones() -> None:
    tcp = [r.point for r in references() if r.point.protocol == "tcp"]
    assert [p.payload for p in tcp] == [1448, 1398, 1378]
    assert [p.payload for p in tcp] == [p.path.largest_payload("tcp") for p in tcp]
    assert {p.frame for p in tcp} == {1514}


# ---- how it is measured -------------------------------------------------------------------


def test_udp_offers_15_percent_more_than_gets_through() -> None:
    outcome = measure(point("plain", 1400))
    assert outcome.dropped / outcome.sent == pytest.approx(15 / 115, abs=0.01)


def test_a_tcp_window_fills_the_queue_and_loses_nothing() -> None:
    outcome = measure(point("vxlan", 400, "tcp"))
    assert outcome.dropped == 0
    assert outcome.goodput == pytest.approx(outcome.point.predicted, rel=0.0005)


def test_a_bottleneck_that_runs_dry_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goodput, "OFFERED", 95)
    with pytest.raises(ModelError, match="the bottleneck was idle before"):
        measure(point("plain", 1400))


OTHERS = ("geneve-opt8", "wireguard-ipv6", "esp-transport-aes-gcm16-ipv6", "masque-connect-udp",
          "802.1ad-qinq", "6in4", "nvgre-ipv6")  # fmt: skip


@pytest.mark.parametrize("path", OTHERS)
@pytest.mark.parametrize("counted", [0, 24])
def test_any_encapsulation_gives_what_arithmetic_says(path: str, counted: int) -> None:
    where = point(path, 700, counted=counted)
    added = where.path.encapsulation.added(
        700 + {4: 28, 6: 48}[where.path.inner_family], where.path.family
    )
    frame = 14 + {4: 28, 6: 48}[where.path.inner_family] + 700 + added
    assert where.frame == frame
    assert measure(where).goodput == pytest.approx(20e6 * 700 / (frame + counted), rel=0.0005)


def test_every_path_has_frames() -> None:
    for known in encapsulations():
        for family in known.families:
            path = read_path(f"{known.name}-ipv{family}")
            assert (path.encapsulation, path.family) == (known, family)
            most = path.largest_payload("udp")
            frame = path.data("udp", most)
            assert frame.length - 14 - known.tag <= 1500
            with pytest.raises(InputError, match="does not fit into one packet"):
                path.data("udp", most + 1)


def test_a_path_has_many_names() -> None:
    for one, other in (("plain", "none"), ("vxlan4", "vxlan"), ("vxlan6", "vxlan-ipv6"),
                       ("vxlan4", "vxlan-ipv4"), ("ip-in-ipv6", "ip-in-ipv6-ipv6")):  # fmt: skip
        assert read_path(one).same(read_path(other))
    assert read_path("vxlan6").same(read_path("vxlan", "ipv6"))
    assert not read_path("vxlan4").same(read_path("evpn-vxlan"))
    with pytest.raises(CannotCarry):
        read_path("6in4").encapsulation.added(100, 6)


# ---- as typed -----------------------------------------------------------------------------


def test_one_point_beside_the_kernels(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("--payload", "1400", "--path", "plain", "vxlan", "geneve-opt8") == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "UDP through 20 Mbit/s, frames counted without FCS" in said.out
    lines = {line.split()[1]: line.split() for line in said.out.splitlines() if " 1400  " in line}
    assert lines["plain"][2:6] == ["1442", "19.418", "19.417", "19.416"]
    assert lines["plain"][-1] == lines["vxlan"][-1] == "agrees"
    assert lines["geneve-opt8"][2:] == ["1500", "18.668", "18.667"]
    assert "2 of 2 points agree with the kernel" in said.out
    assert "UDP 20 Mbit/s           1400  vxlan" in said.out


def test_a_difference_is_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(goodput_reference, "TOLERANCE", 0.00001)
    assert typed("--payload", "1400", "--path", "vxlan4") == 1
    assert "DIFFERS" in capsys.readouterr().out


def test_nothing_to_disagree_with_is_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--protocol", "tcp", "udp", "--rate", "5Mbit/s", "--path", "gre", "--underlay", "ipv6"]
    assert typed(*words, "--counted", "24") == 0
    said = capsys.readouterr().out
    assert "TCP through 5 Mbit/s, frames counted with FCS, preamble and gap" in said
    assert "the kernel was measured at none of these points" in said
    assert "gre-ipv6" in said


def test_files_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, page = tmp_path / "goodput.csv", tmp_path / "goodput.md"
    words = ["--payload", "1400", "--path", "plain", "vxlan6", "gre-ipv6"]
    assert typed(*words, "--json", "--csv", str(table), "--markdown", str(page)) == 0
    objects = json.loads(capsys.readouterr().out)
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [o["path"] for o in objects] == [r["path"] for r in rows]
    assert [o["path"] for o in objects] == ["plain", "vxlan6", "gre-ipv6"]
    first = rows[0]
    assert (first["encapsulation"], first["frame"], first["agrees"]) == ("none", "1442", "yes")
    assert first["kernel_runs_bit_s"] == "19416000 19419000 19376000"
    assert (rows[2]["kernel_median_bit_s"], rows[2]["agrees"]) == ("", "")
    assert objects[2]["kernel_median_bit_s"] is objects[2]["agrees"] is None
    assert "| 1400 | plain | 1442 | 19.418 |" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--path vxln", '"vxln" is not a path; did you mean vxlan'),
        ("--path ipip-ipv6", "ipip is not specified over IPv6"),
        ("--path ip-in-ipv6 --underlay ipv4", "ip-in-ipv6 is not specified over IPv4"),
        ("--path geneve-opt252 --payload 1400", "over geneve-opt252 udp has room for 1170 B"),
        ("--payload 1473 --path plain", "a payload of 1473 B does not fit into one packet"),
        ("--protocol tcp --path masque-connect-udp", "carries whole UDP datagrams only"),
        ("--protocol icmp", "invalid choice: 'icmp'"),
        ("--rate 20", "is not a rate"),
        ("--rate 10kbit/s", "10kbit/s is not from 1 Mbit/s to 1 Gbit/s"),
        ("--rate 2Gbit/s", "2Gbit/s is not from 1 Mbit/s to 1 Gbit/s"),
        ("--counted 12", "invalid choice: 12"),
        ("--payload 0", "0 is not a whole number from 1 to 65535"),
        ("--csv nowhere/goodput.csv", "nowhere/goodput.csv: no file can be made"),
        ("--paths vxlan", "did you mean --path?"),
    ],
)
def test_a_mistake_is_one_message_and_status_2(
    words: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(*words.split()) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert says in said.err
    assert "Traceback" not in said.err
