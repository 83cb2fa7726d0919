"""What reads usual headers fast agrees with the methods of their classes, or keeps out of it."""

from __future__ import annotations

import pytest
from header_strategies import DECLARED, usual_header
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.wire import HEADERS, TCP, UDP, VXLAN, Ethernet, Header, IPv4, IPv6, MalformedPacket
from overlaysim.wire.reader import READERS

QUICK = [kind for kind in DECLARED if READERS[kind].length]


def parse(kind: type[Header], data: bytes, start: int, end: int) -> Header | None:
    try:
        return kind.parse(data, start, end)
    except MalformedPacket:
        return None


def check(kind: type[Header], data: bytes, start: int, end: int) -> Header | None:
    """Whatever is read fast is what the class reads, fills the room and is whole."""
    reader = READERS[kind]
    quick = reader.quick(data, start, end)
    if quick is None:
        return None
    header = parse(kind, data, start, end)
    assert quick == header
    assert type(quick) is type(header)
    assert [type(value) for value in quick] == [type(value) for value in header]
    assert (quick.header_length, quick.tail_length, quick.is_fragment) == (reader.length, 0, False)
    room = end - start - reader.length
    assert quick.body_length(room) == room
    if reader.space:
        assert quick.inner_binding() == (reader.space, quick[reader.place])
    return quick


def test_the_common_headers_are_read_fast() -> None:
    assert {Ethernet, IPv4, IPv6, UDP, VXLAN} <= set(QUICK)


@pytest.mark.parametrize("kind", HEADERS, ids=lambda kind: kind.__name__)
def test_any_bytes(kind: type[Header]) -> None:
    @given(st.binary(max_size=60), st.integers(0, 3), st.integers(0, 3))
    def bytes_that_may_be_a_header(data: bytes, before: int, behind: int) -> None:
        check(kind, data, min(before, len(data)), max(min(before, len(data)), len(data) - behind))

    bytes_that_may_be_a_header()


@pytest.mark.parametrize("kind", QUICK, ids=lambda kind: kind.__name__)
def test_a_usual_header_and_its_neighbours(kind: type[Header]) -> None:
    """As it is, with one byte changed, with bytes too few or too many behind it."""

    @given(usual_header(kind), st.binary(max_size=20), st.data())
    def near_a_usual_header(header: Header, body: bytes, data: st.DataObject) -> None:
        layers = (IPv4("10.0.0.1", "10.0.0.2"), header)
        if kind.NEXT is not None:
            header = header.replace(**{kind.NEXT[0]: 5})
        packed = header.enclose(body, (layers[0], header), 1)
        whole = check(kind, b"ab" + packed, 2, 2 + len(packed))
        assert whole is not None
        assert whole.recomputed(None) == header.recomputed(None)
        place = data.draw(st.integers(0, len(packed) - 1))
        changed = (
            packed[:place] + data.draw(st.binary(min_size=1, max_size=1)) + packed[place + 1 :]
        )
        for end in (len(packed), len(packed) - 1, len(packed) + 1):
            check(kind, changed + b"!", 0, end)

    near_a_usual_header()


def test_a_segment_with_options_is_left_to_its_class() -> None:
    segment = TCP(1, 2, 3, 4, 16, 500, checksum=0)
    assert READERS[TCP].quick(segment.pack(b"", (segment,), 0), 0, 20) is None
