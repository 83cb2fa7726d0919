"""Sizes of datagrams as users write them: words, tables, captures, and what is wrong with them."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import pytest

from overlaysim.compare.mix import IMIX, MOST_IN_A_ROUND, single, weighted
from overlaysim.compare.sizes import read_sizes
from overlaysim.errors import InputError
from overlaysim.wire import UDP, VXLAN, Ethernet, IPv4, IPv6, Opaque, Packet

PCAPS = Path(__file__).parents[1] / "data" / "pcaps"


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def write_capture(path: Path, *frames: bytes) -> str:
    records = [struct.pack("<IIII", 0, 0, len(data), len(data)) + data for data in frames]
    path.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(records))
    return str(path)


def message(*words: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_sizes(words)
    return str(caught.value).split("\n")


def test_numbers_and_imix() -> None:
    assert read_sizes(["64", "512 B", "1kB", "IMIX", "64"]) == (
        single(64), single(512), single(1000), IMIX,
    )  # fmt: skip
    assert [mix.name for mix in read_sizes(["64", "imix"])] == ["64 B", "IMIX"]


def test_imix_is_seven_four_one_of_packets() -> None:
    assert IMIX.sizes == ((12, 7), (548, 4), (1472, 1))
    assert IMIX.count == 12
    assert sorted(IMIX.round()) == [12] * 7 + [548] * 4 + [1472]


def test_a_round_spreads_each_size_evenly() -> None:
    mix = weighted("mix", {10: Fraction(2), 20: Fraction(2)})
    assert mix.round() == [10, 20]
    assert weighted("mix", {1: Fraction(4), 2: Fraction(1)}).round() == [1, 1, 2, 1, 1]


def test_a_table_of_payloads(tmp_path: Path) -> None:
    text = "# sizes of our service\nsize,weight\n100, 1\n\n200, 0.5\n100,0.5\n"
    (mix,) = read_sizes([write(tmp_path / "ours.csv", text)])
    assert (mix.name, mix.sizes) == ("ours.csv", ((100, 3), (200, 1)))
    assert mix.about == "ours.csv: sizes of payloads"


def test_a_table_of_packets_without_weights(tmp_path: Path) -> None:
    (mix,) = read_sizes([write(tmp_path / "packets.csv", "packet\n40\n40\n1500\n")])
    assert mix.sizes == ((12, 2), (1472, 1))


def test_proportions_that_no_short_round_has_are_rounded() -> None:
    mix = weighted("odd", {1: Fraction("0.333333"), 2: Fraction("0.666667"), 3: Fraction(1, 10**9)})
    assert mix.sizes == ((1, 3333), (2, 6667))
    assert mix.about.endswith(f"; rounded to {MOST_IN_A_ROUND} datagrams")


def test_mistakes_in_a_table_are_told_all_at_once_with_their_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "bad.csv", "size,weight\n0,1\nten,1\n100,-1\n100,1,1\n200,0\n300,2\n")
    assert message(path) == [
        f'{path}:2:1: "0" is not a size from 1 to 65000 B',
        f'{path}:3:1: "ten" is not a size from 1 to 65000 B',
        f'{path}:4:1: "-1" is not a weight; write a number above 0',
        f"{path}:5:1: 3 columns; a line is a size in bytes and perhaps a weight",
        f'{path}:6:1: "0" is not a weight; write a number above 0',
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"", "holds no sizes"), (b"# nothing\n", "holds no sizes"),
     (b"\xff\xfe1", "is not UTF-8 text"), (b"1\n" * 2_200_000, "is larger than 4 MiB")],
)  # fmt: skip
def test_files_that_are_no_tables(tmp_path: Path, data: bytes, expected: str) -> None:
    (tmp_path / "sizes.csv").write_bytes(data)
    assert message(str(tmp_path / "sizes.csv")) == [f"{tmp_path / 'sizes.csv'}: {expected}"]


def test_words_that_are_no_sizes() -> None:
    assert message("0", "imx", "70000", "12 bytes") == [
        '--sizes: "0" is not from 1 to 65000 B of payload',
        '--sizes: "imx" is neither a size in bytes nor imix nor a file; did you mean imix?',
        '--sizes: "70000" is not from 1 to 65000 B of payload',
        '--sizes: "12 bytes" is not a size; write bytes, for example 512',
    ]


def test_a_capture_gives_the_sizes_of_its_innermost_packets(tmp_path: Path) -> None:
    mac = "02:00:00:00:00:01"
    inner = Packet((Ethernet(mac, mac), IPv4("10.0.0.1", "10.0.0.2"), UDP(1, 2)), Opaque(100))
    outer = inner.wrap(
        Ethernet(mac, mac), IPv4("192.0.2.1", "192.0.2.2"), UDP(50_000, 4789), VXLAN(7)
    )
    six = Packet((Ethernet(mac, mac), IPv6("fd00::1", "fd00::2"), UDP(1, 2)), Opaque(200))
    path = write_capture(
        tmp_path / "some.pcap",
        outer.pack(),
        outer.pack(),
        six.pack(),
        b"\0" * 60,
        outer.pack()[:90],
    )
    (mix,) = read_sizes([path])
    assert mix.sizes == ((100, 2), (200, 1))
    assert mix.about == (
        "some.pcap: the innermost IP packets of 5 frames, of which 2 have none or one too short "
        "for UDP"
    )


def test_a_capture_of_a_kernel() -> None:
    (mix,) = read_sizes([str(PCAPS / "kernel-vxlan-ping4.pcap")])
    assert mix.sizes[-1][0] == 84 - 28  # pings of 56 bytes


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"nothing", "is not a pcap file"), (None, "cannot be read: No such file")],
)
def test_captures_that_are_none(tmp_path: Path, data: bytes | None, expected: str) -> None:
    path = tmp_path / "x.pcap"
    if data is not None:
        path.write_bytes(data)
    (line,) = message(str(path))
    assert f"{path}: {expected}" in line


def test_a_capture_without_packets(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "arp.pcap", b"\0" * 60)
    assert message(path) == [f"{path}: holds no IP packets that are long enough"]
