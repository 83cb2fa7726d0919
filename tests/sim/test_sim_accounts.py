"""What bytes are for stays known when a frame is cut and put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.errors import ModelError
from overlaysim.sim import composition
from overlaysim.sim.accounts import cut, joined

PING = composition("data", payload=1472, inner_headers=42, encapsulation=8, outer_headers=42)


def test_the_headers_stay_in_the_first_piece() -> None:
    first, second = cut(PING, [(1514, 0), (84, 34)])
    assert first is composition("data", 1422, 42, 8, 42)
    assert second is composition("data", 50, fragmentation=34)
    assert (first.length, second.length) == (1514, 84)


def test_a_first_piece_may_have_a_header_of_its_own_too() -> None:
    # IPv6: 1584 bytes in frames of 14 + 40 + 8 + 1448 and 14 + 40 + 8 + 82
    over_6 = composition("data", 1472, 42, 8, 62)
    first, second = cut(over_6, [(1510, 8), (144, 62)])
    assert first is composition("data", 1390, 42, 8, 62, 8)
    assert second is composition("data", 82, fragmentation=62)


def test_small_pieces_divide_the_headers_as_well() -> None:
    pieces = cut(composition("data", 10, 42, 8, 42), [(62, 0), (50, 34), (58, 34)])
    assert pieces == [
        composition("data", 0, 12, 8, 42),
        composition("data", 0, 16, fragmentation=34),
        composition("data", 10, 14, fragmentation=34),
    ]


def test_a_piece_can_be_cut_again() -> None:
    _, second = cut(PING, [(1514, 0), (84, 34)])
    again = cut(second, [(34 + 24, 0), (34 + 26, 34)])
    assert [piece.fragmentation for piece in again] == [34, 34]
    assert [piece.payload for piece in again] == [24, 26]


def test_pieces_hold_the_whole_and_no_more() -> None:
    for pieces in ([(1514, 0), (83, 34)], [(1514, 0), (85, 34)]):
        with pytest.raises(ModelError, match="are not a frame of 1564 B"):
            cut(PING, pieces)


@given(
    parts=st.tuples(*[st.integers(0, 2000) for _ in range(4)]),
    shares=st.lists(st.integers(1, 1500), min_size=1, max_size=8),
    own=st.integers(0, 80),
)
def test_joined_pieces_are_the_whole(
    parts: tuple[int, int, int, int], shares: list[int], own: int
) -> None:
    whole = composition("table", *parts)
    lengths = []
    for share in shares:
        lengths.append(min(share, whole.length - sum(lengths)))
    lengths[-1] += whole.length - sum(lengths)
    pieces = cut(whole, [(n + (own if i else 0), own if i else 0) for i, n in enumerate(lengths)])
    assert sum(piece.length for piece in pieces) == whole.length + own * (len(lengths) - 1)
    assert joined(pieces) is whole
