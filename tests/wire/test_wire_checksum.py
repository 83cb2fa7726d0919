"""Sums of words and remembered values, against the plain way to get them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.wire import checksum
from overlaysim.wire.checksum import word_sum
from overlaysim.wire.memo import Memo

LENGTHS = [0, 1, 2, 191, 192, 193, 194, 511, 512, 513, 1024, 1025, 65_535, 65_536, 65_537, 200_001]


def sum_of_words(data: bytes) -> int:
    """RFC 1071 section 4.1, word by word, with the carries added in at the end."""
    padded = data + bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return total


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("unit", [b"\0", b"\xff", b"\x12\x34\xfe", bytes(range(256))])
def test_word_sum_of_any_length(length: int, unit: bytes) -> None:
    data = (unit * (length // len(unit) + 1))[:length]
    assert word_sum(data) == sum_of_words(data)


@given(st.binary(max_size=1200), st.integers(0, 1 << 40))
def test_checksum_after_a_partial_sum(data: bytes, start: int) -> None:
    """Complement of the sum of all; nothing but zeros is the one sum that is not 0xffff but 0."""
    total = sum_of_words(data) + start
    assert checksum(data, start) == 0xFFFF - (total % 0xFFFF or (0xFFFF if total else 0))


def test_a_memo_asks_once_and_forgets_all_when_it_is_full() -> None:
    asked = []
    memo = Memo(lambda number: asked.append(number) or -number, 3)
    assert [memo[number] for number in (1, 2, 1, 3, 3, 2)] == [-1, -2, -1, -3, -3, -2]
    assert asked == [1, 2, 3]
    assert (memo[4], dict(memo)) == (-4, {4: -4})
    assert (memo[1], asked) == (-1, [1, 2, 3, 4, 1])
