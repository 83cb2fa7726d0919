"""How quantities are written, read and printed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.errors import InputError, UnitError
from overlaysim.units import (
    MS,
    NS,
    PATTERNS,
    SECOND,
    US,
    format_count,
    format_duration,
    format_rate,
    format_seconds,
    format_us,
    parse_duration,
    parse_rate,
    parse_share,
    parse_size,
    transmission_time,
)

READERS: dict[str, Callable[[str], float]] = {
    "duration": parse_duration, "rate": parse_rate, "size": parse_size, "share": parse_share,
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("duration", "50 us", 50 * US),
        ("duration", "50 µs", 50 * US),
        ("duration", "0.5ms", 500 * US),
        ("duration", " 1.5e-3 s ", 1500 * US),
        ("duration", "2 min", 120 * SECOND),
        ("duration", "1 h", 3600 * SECOND),
        ("duration", "7 ps", 7),
        ("duration", "0.1 ns", 100),
        ("duration", "123456.789012345678 s", 123_456_789_012_345_678),
        ("duration", "1000000 s", 10**18),
        ("duration", "0 s", 0),
        ("rate", "10 Gbit/s", 10**10),
        ("rate", "2.5 kbit/s", 2500),
        ("rate", "1 Tbit/s", 10**12),
        ("size", "1500 B", 1500),
        ("size", "64 kB", 64_000),
        ("size", "64 KiB", 65_536),
        ("share", "1 %", 0.01),
        ("share", "100%", 1.0),
        ("share", "0.001 %", 0.00001),
    ],
)
def test_quantities_are_read_exactly(kind: str, text: str, value: float) -> None:
    assert READERS[kind](text) == value
    assert re.search(PATTERNS[kind], text)


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("rate", "10 Gb", '"10 Gb" is not a rate; write a number and bit/s, kbit/s, Mbit/s, '
         "Gbit/s, Tbit/s, for example 10 Gbit/s"),
        ("rate", "10 gbit/s", '"10 gbit/s" is not a rate; write a number and bit/s, kbit/s, '
         "Mbit/s, Gbit/s, Tbit/s, for example 10 Gbit/s; did you mean Gbit/s?"),
        ("rate", "0 bit/s", '"0 bit/s" is not a rate that anything could be sent at; '
         "write more than 0"),
        ("duration", "-1 ms", '"-1 ms" is out of range: a duration is from 0 to 1000000 s'),
        ("duration", "300 h", '"300 h" is out of range: a duration is from 0 to 1000000 s'),
        ("duration", "1e99 s", '"1e99 s" is out of range: a duration is from 0 to 1000000 s'),
        ("size", "1500", '"1500" is not a size; write a number and B, kB, MB, GB, KiB, MiB, GiB, '
         "for example 1500 B"),
        ("share", "0.01", '"0.01" is not a share; write a number from 0 to 100 and %, '
         "for example 1 %"),
        ("share", "100.1 %", '"100.1 %" is not a share; write a number from 0 to 100 and %, '
         "for example 1 %"),
    ],
)  # fmt: skip
def test_a_wrong_quantity_says_what_is_right(kind: str, text: str, message: str) -> None:
    with pytest.raises(UnitError) as caught:
        READERS[kind](text)
    assert str(caught.value) == message


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(
    "text", ["", " ", "s", "1 2 s", "nan s", "inf s", "٣ s", "1_0 s", "0x1 s", "1e s", "1 s\x00",
             "1.s", ".5 s", "1e999999999 s", "1,5 s", "9" * 99 + " s"],
)  # fmt: skip
def test_nonsense_is_a_unit_error(kind: str, text: str) -> None:
    with pytest.raises(UnitError):
        READERS[kind](text)


@pytest.mark.parametrize("text", ["1 " + " " * 10**6 + "y", "9" * 10**6, "1" + "s" * 10**6])
def test_long_nonsense_is_refused_at_once_and_not_repeated(text: str) -> None:
    began = time.process_time()
    for reader in READERS.values():
        with pytest.raises(UnitError) as caught:
            reader(text)
        assert len(str(caught.value)) < 250
    assert time.process_time() - began < 0.5


@given(st.text(max_size=80), st.sampled_from(sorted(READERS)))
def test_any_text_is_read_or_refused(text: str, kind: str) -> None:
    value = 0.0
    try:
        value = READERS[kind](text)
    except InputError:
        return
    assert 0 <= value <= 10**18
    assert re.search(PATTERNS[kind], text)


@given(st.integers(0, 10**18), st.sampled_from([("ps", 1), ("ns", NS), ("us", US), ("ms", MS)]))
def test_no_digit_of_a_duration_is_lost(ps: int, unit: tuple[str, int]) -> None:
    whole, rest = divmod(ps, unit[1])
    digits = len(str(unit[1])) - 1
    fraction = f".{rest:0{digits}d}" if digits else ""
    assert parse_duration(f"{whole}{fraction} {unit[0]}") == ps


def test_printing() -> None:
    assert [format_duration(ps) for ps in (7, 1500, 52_752_000, 2 * MS, 90 * SECOND)] == [
        "7 ps", "1.500 ns", "52.752 us", "2.000 ms", "90.000 s",
    ]  # fmt: skip
    assert (format_seconds(412 * MS), format_us(102_752_000)) == ("0.412 s", "102.752")
    assert [format_rate(rate) for rate in (5, 2500, 10**9)] == ["5 bit/s", "2.5 kbit/s", "1 Gbit/s"]
    assert format_count(4812).replace(" ", "") == "4812"
    assert len(format_count(4812)) == 5


def test_transmission_time_is_rounded_half_up_once() -> None:
    assert transmission_time(172, 10**9) == 1_376_000
    assert transmission_time(1, 400 * 10**9) == 20
    assert transmission_time(1, 3 * 10**12) == 3  # 2.67 ps
    assert transmission_time(1, 16 * 10**12) == 1  # 0.5 ps
    assert transmission_time(0, 1) == 0
