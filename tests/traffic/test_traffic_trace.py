"""Reading traces from comma-separated values, hostile ones too."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.errors import InputError
from overlaysim.traffic.schedule import Replay
from overlaysim.traffic.schedule.trace import _parse_time, read_trace
from overlaysim.units import MS, SECOND, US, parse_duration


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_seconds_bytes_units_comments_and_other_columns(tmp_path: Path) -> None:
    text = (
        "\ufeffsize, Number ,TIME\r\n# recorded by nobody\r\n\r\n"
        '100,1,0\r\n 1 kB ,2,"250 us"\r\n0,3,0.000250\r\n'
        "65507,4,1e-3\r\n7,5,999999.999999999999\r\n"
    )
    assert read_trace(written(tmp_path, text)) == (
        [0, 250 * US, 250 * US, MS, 10**6 * SECOND - 1], [100, 1000, 0, 65507, 7],
    )  # fmt: skip


@given(st.integers(0, 10**18 - 1), st.integers(0, 12))
def test_times_are_exact_with_and_without_a_unit(time: int, cut: int) -> None:
    whole, part = divmod(time, SECOND)
    text = f"{whole}.{part:012}"[: len(str(whole)) + 1 + cut].rstrip(".")
    assert _parse_time(text) == parse_duration(text + " s")


def test_a_replay_of_a_file(tmp_path: Path) -> None:
    assert Replay.from_csv(written(tmp_path, "time,size\n0,1\n1,9\n")).payloads == (1, 9)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ["t.csv: holds no packets"]),
        ("time,size\n", ["t.csv: holds no packets"]),
        ("tine,length\n1,2\n", [
            't.csv:1:1: names no column time; the first line is: time,size; is it "tine"?',
            "t.csv:1:1: names no column size; the first line is: time,size"]),
        ("time,size\n1\n", ["t.csv:2:1: 1 columns are too few for a time and a size"]),
        ("time,size\n1,2\n0.5,2\n", ['t.csv:3:1: time: "0.5" is before the packet above it']),
        ("time,size\n-1,2\n", [
            't.csv:2:1: time: "-1 s" is out of range: a duration is from 0 to 1000000 s']),
        ("time,size\n1,-2\n", [
            't.csv:2:1: size: "-2 B" is out of range: a size is from 0 to 1000000000 GB']),
        ("time,size\n1e99,9e9\n", [
            't.csv:2:1: time: "1e99 s" is out of range: a duration is from 0 to 1000000 s',
            "t.csv:2:1: size: payload (9000000000 B) must be from 0 to 65507 B"]),
        ("time,size\n1,2\n1 sec,\x1b[2J\n", [
            't.csv:3:1: time: "1 sec" is not a duration; write a number and ps, ns, us, ms, s, '
            "min, h, for example 50 us",
            't.csv:3:1: size: "\\x1b[2J" is not a size; write a number and B, kB, MB, GB, KiB, '
            "MiB, GiB, for example 1500 B"]),
        (b"time,size\n1,\xff\n",
         ["t.csv:2:1: is not a line of UTF-8 text of at most 4096 bytes"]),
        ("time,size\n1," + "2" * 5000, [
            "t.csv:2:1: is not a line of UTF-8 text of at most 4096 bytes"]),
        ("time,size\n0,1\n0,1\rx\n", [
            "t.csv:3:1: is not a line of UTF-8 text of at most 4096 bytes"]),
        ("time,size\n" + "x,1\n" * 50, [f"t.csv:{line}:1: time: " for line in range(2, 12)]),
    ],
)  # fmt: skip
def test_what_is_no_trace(tmp_path: Path, text: str | bytes, messages: list[str]) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError) as raised:
        read_trace(path)
    found = str(raised.value).replace(str(path), "t.csv").splitlines()
    assert len(found) == len(messages)
    assert all(line.startswith(message) for line, message in zip(found, messages, strict=True))


@pytest.mark.parametrize("name", ["", "missing.csv"])
def test_what_cannot_be_opened(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be read: "):
        read_trace(tmp_path / name)


@given(data=st.binary(max_size=200), headed=st.booleans())
def test_whatever_the_file_holds_there_is_a_trace_or_a_message(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, headed: bool
) -> None:
    path = written(tmp_path_factory.getbasetemp(), b"time,size\n" * headed + data)
    try:
        trace = read_trace(path)
    except InputError:
        return
    Replay(*trace)
