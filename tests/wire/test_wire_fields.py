"""What header classes tell of their fields, against the bytes that they make."""

from __future__ import annotations

from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.wire import (
    GRE,
    GTPU,
    GUE,
    HEADERS,
    NVGRE,
    TCP,
    VXLAN,
    EspCbcSha256,
    EspGcm8,
    EspGcm16,
    Ethernet,
    Geneve,
    Header,
    IPv4,
    IPv6,
    L2TPv3Cookie,
    OpenWireGuard,
    QuicDatagram,
    QuicIpDatagram,
    VxlanGbp,
)
from overlaysim.wire.geneve import option
from overlaysim.wire.layout import FieldLayout, read_layout
from overlaysim.wire.stt import SttFirstSegment

KINDS = [
    *(kind for kind in HEADERS if "WIRE" in dir(kind)),
    VxlanGbp, NVGRE, L2TPv3Cookie, EspGcm16, EspGcm8, EspCbcSha256, OpenWireGuard, QuicDatagram,
    QuicIpDatagram, SttFirstSegment,
]  # fmt: skip


def test_the_fields_of_vxlan_are_those_of_rfc_7348() -> None:
    assert VXLAN.fields() == (
        FieldLayout("flags", 8, "number", None),
        FieldLayout("reserved", 24, "number", None),
        FieldLayout("vni", 24, "number", None),
        FieldLayout("reserved2", 8, "number", None),
    )


def test_addresses_flags_constants_and_bytes_have_their_kinds() -> None:
    assert [(f.name, f.bits, f.kind) for f in Ethernet.fields()][:2] == [
        ("dst", 48, "mac"), ("src", 48, "mac"),
    ]  # fmt: skip
    assert [f.bits for f in IPv6.fields() if f.kind == "ip6"] == [128, 128]
    assert [f.name for f in IPv4.fields() if f.kind == "flag"] == ["reserved", "df", "mf"]
    assert IPv4.fields()[0] == FieldLayout("version", 4, "number", 4)
    assert read_layout("cookie:8*bytes") == (FieldLayout("cookie", 64, "bytes", None),)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_fields_fill_the_fixed_part(kind: type[Header]) -> None:
    assert sum(field.bits for field in kind.fields()) == 8 * kind.CODEC.length


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_parts_of_a_field_are_as_wide_as_the_field(kind: type[Header]) -> None:
    widths = {field.name: field.bits for field in kind.fields()}
    for name, parts in kind.DRAWN.items():
        if name in widths:
            assert sum(part.bits for part in read_layout(parts)) == widths[name], name
        else:  # behind the fixed part
            assert kind is Geneve
            assert name.startswith("option_")


def described(header: Header) -> tuple[int, int]:
    """Bytes that a header describes behind its fixed part and behind its body."""
    bits = [
        sum(field.bits for field in read_layout(line))
        for line in (header.extra_layout(), header.tail_layout())
    ]
    assert not any(count % 8 for count in bits)
    return bits[0] // 8, bits[1] // 8


@pytest.mark.parametrize(
    ("header", "extra", "tail"),
    [
        (IPv4("10.0.0.1", "10.0.0.2", options=bytes(8)), "options:8*bytes", ""),
        (TCP(1, 2, 3, 4, 0x10, 5, bytes(12)), "options:12*bytes", ""),
        (GRE(), "", ""),
        (GRE(sequence=1), "sequence:32", ""),
        (GRE(7, 1, checksummed=True), "checksum:16 reserved1:16 key:32 sequence:32", ""),
        (L2TPv3Cookie(7, bytes(8)), "cookie:8*bytes sublayer:4*bytes", ""),
        (GUE(extensions=bytes(4)), "extensions:4*bytes", ""),
        (EspGcm8.around(3, 7, 1), "iv:8*bytes",
         "padding:3*bytes pad_length:8 next_header:8 icv:8*bytes"),
        (OpenWireGuard.around(30, 7, 0, 1420), "", "padding:2*bytes tag:16*bytes"),
        (QuicDatagram(7, 0), "", "tag:16*bytes"),
        (Geneve(7, option(1, 2, b"")),
         "option_class:16 option_type:8 option_reserved:3 option_length:5", ""),
        (GTPU(7, bytes(4), sequenced=True), "sequence:16 npdu_number:8 next_extension:8", ""),
    ],
)  # fmt: skip
def test_what_stands_around_the_body(header: Header, extra: str, tail: str) -> None:
    assert (header.extra_layout(), header.tail_layout()) == (extra, tail)
    assert described(header) == (header.header_length - header.CODEC.length, header.tail_length)


@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 255), st.integers(0, 31))))
def test_every_option_of_geneve_is_described(options: list[tuple[int, int, int]]) -> None:
    packed = b"".join(option(kind, number, bytes(4 * words)) for kind, number, words in options)
    layout = Geneve(7, packed).extra_layout()
    assert layout.count("option_class") == len(options)
    sizes = [f.bits // 8 for f in read_layout(layout) if f.name == "option_data"]
    assert sizes == [4 * words for _, _, words in options if words]


@given(st.binary(max_size=64))
def test_optional_parts_of_any_content_are_described_in_full(content: bytes) -> None:
    gtp = GTPU(7, content, extension=True)
    assert described(gtp) == (len(content), 0)
    whole = content[: len(content) // 4 * 4]
    assert described(Geneve(7, whole)) == (len(whole), 0)


def test_a_header_of_ones_own_describes_its_bytes_without_a_word() -> None:
    class Mine(Header):
        WIRE = "length:8 spare:8"
        spare: int
        words: bytes = b""
        FREE: ClassVar = 0

        @property
        def header_length(self) -> int:
            return 2 + len(self.words)

        @property
        def tail_length(self) -> int:
            return 3

    assert Mine(1, b"abc").extra_layout() == "words:3*bytes"
    assert Mine(1).extra_layout() == ""
    assert Mine(1).tail_layout() == "trailer:3*bytes"

    class Odd(Mine, udp_port=9):
        @property
        def header_length(self) -> int:
            return 7

    assert Odd(1).extra_layout() == "extra:5*bytes"
