"""Headers drawn in characters and as vectors: what is drawn is what is on the wire."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.errors import InputError
from overlaysim.overlay.encapsulation import Example, encapsulation, encapsulations, example
from overlaysim.report.headers import Field, Section, Sheet, sections_of, sheet_of, svg_of, text_of
from overlaysim.report.headers.grid import WIDTH, label_rows, rows_of
from overlaysim.report.headers.labels import fitting
from overlaysim.report.headers.svg import _BIT, _LEFT, _ROW
from overlaysim.report.headers.text import section_lines
from overlaysim.wire import UDP, Ethernet, Header, IPv4, IPv6, Opaque, Packet

EXAMPLES = [example(known, family=f) for known in encapsulations() for f in known.families]
NAMES = [shown.title for shown in EXAMPLES]

VXLAN = """\
VXLAN: bytes 42 to 49 (8), added; known by dst port 4789
       0                   1                   2                   3
       0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
      +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   42 |R|R|R|R|I|R|R|R|                    reserved                   | 08000000
      +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   46 |                      vni                      |    reserved   | 00100100
      +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
      field                 width     value              default
      flags                 8 bits    0x08               0x08      I set
      reserved              24 bits   0                  0
      vni                   24 bits   4097               -         the network
      reserved2             8 bits    0                  0"""
"""The boxes are those of RFC 7348 section 5."""

ESP_TRAILER = """\
ESP trailer: bytes 163 to 173 (11), added
       0                   1                   2                   3
       0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
                      +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
  163                 |    padding    |   pad length  |  next header  |   010111
      +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
  166 |                              icv                              | 00000000
      +                                                               +
  170 |                                                               | 00000000
      +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+"""
"""Right-aligned to a word of 4 bytes, as RFC 4303 section 2 draws it."""


def section(shown: Example, title: str) -> Section:
    return next(part for part in sheet_of(shown).sections if part.title == title)


def fields(shown: Example, title: str) -> dict[str, Field]:
    return {field.name: field for field in section(shown, title).fields}


# ---- the grid ---------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 400), max_size=12), st.integers(0, 31))
def test_boxes_fill_the_grid_without_gap_or_overlap(widths: list[int], column: int) -> None:
    """Bits in rows add up to those asked for, except in the middle of long boxes."""
    rows = rows_of(widths, column)
    place, drawn = column, [0] * len(widths)
    for row in rows:
        if row.gap:
            assert [(span.start, span.width) for span in row.spans] == [(0, WIDTH)]
            place = None
            continue
        for span in row.spans:
            if place is not None:
                assert row.index * WIDTH + span.start == place
            place = row.index * WIDTH + span.start + span.width
            drawn[span.box] += span.width
    folded = {row.spans[0].box for row in rows if row.gap}
    for box, width in enumerate(widths):
        assert drawn[box] < width if box in folded else drawn[box] == width
    assert label_rows(rows).keys() == {box for box, width in enumerate(widths) if width}


def test_a_long_box_keeps_its_ends() -> None:
    rows = rows_of([16, 16 + 32 * 9, 8])
    assert [(row.index, row.gap) for row in rows] == [
        (0, False), (1, False), (2, True), (9, False), (10, False),
    ]  # fmt: skip
    assert label_rows(rows) == {0: 0, 1: 2, 2: 4}


def test_labels_get_shorter_with_their_boxes() -> None:
    forms = [fitting("next protocol", room) for room in (13, 12, 2, 1, 0)]
    assert forms == ["next protocol", "np", "np", "N", ""]
    assert fitting("reserved", 3) == "R"
    assert fitting("version", 6) == "ver"


# ---- the packet taken apart -------------------------------------------------------------------


@pytest.mark.parametrize("shown", EXAMPLES, ids=NAMES)
def test_the_sections_are_the_bytes_of_the_packet(shown: Example) -> None:
    sheet = sheet_of(shown)
    assert b"".join(part.data for part in sheet.sections) == shown.packet.pack()
    offset = 0
    for part in sheet.sections:
        assert part.offset == offset
        assert sum(box.bits for box in part.boxes) == 8 * len(part.data)
        assert sum(field.bits for field in part.fields) == 8 * len(part.data)
        offset = part.end
    assert sheet.length == offset == shown.packet.length


def test_values_defaults_and_notes() -> None:
    shown = example(encapsulation("gre-csum-key-seq"))
    gre = fields(shown, "GRE")
    assert (gre["key"].value, gre["key"].default, gre["key"].note) == (
        "4097", "left out", "the network",
    )  # fmt: skip
    assert gre["checksum"].default == "computed"
    assert gre["flags"].note == "version 0, C K S set"
    assert gre["protocol"].note == "IPv4 follows"
    geneve = fields(example(encapsulation("geneve-opt8")), "Geneve")
    assert (geneve["version"].default, geneve["option_words"].default) == ("always", "computed")
    assert (geneve["option_class"].value, geneve["option_class"].default) == ("0x0102", "-")
    assert geneve["option_type"].value == "128"
    esp = fields(example(encapsulation("vxlan-esp-docker"), payload=55), "ESP trailer")
    assert [esp[name].value for name in ("padding", "pad_length", "next_header", "icv")] == [
        "01", "1", "17", "zeros",
    ]  # fmt: skip
    assert (esp["next_header"].note, esp["icv"].default) == ("UDP follows", "zeros")
    assert (
        fields(example(encapsulation("esp-tunnel-aes-cbc-sha256")), "ESP trailer")["padding"].value
        == "010203 ... 08090a"
    )
    wireguard = fields(example(encapsulation("wireguard")), "WireGuard")
    assert wireguard["receiver"].value == "4097"  # which is 01100000 on the wire
    assert fields(shown, "IPv4")["tos"].note == "DSCP 0, ECN 0"


@pytest.mark.parametrize(
    ("name", "title", "announced"),
    [
        ("vxlan", "VXLAN", "known by dst port 4789"),
        ("gre", "GRE", "known by protocol 47"),
        ("802.1ad-qinq", "802.1Q tag", "known by ethertype 0x8100"),
        ("vxlan-gpe-ip", "VXLAN-GPE", "known by dst port 4790"),
        ("esp-transport-aes-gcm16", "UDP", "known by next header 17"),
        ("stt-single-segment", "STT", "known by dst port 7471"),
        ("ip-in-ipv6-encaplimit", "destination options", "known by next header 60"),
    ],
)
def test_how_one_knows_which_header_follows(name: str, title: str, announced: str) -> None:
    assert section(example(encapsulation(name)), title).announced == announced


def test_how_one_knows_what_a_tunnel_carries() -> None:
    def carried(name: str) -> str:
        parts = sheet_of(example(encapsulation(name))).sections
        return [part.announced for part in parts if not part.added][1]

    assert carried("gtp-u") == "known by its first bits"
    assert carried("vxlan-gpe-ip") == "known by next protocol 1"
    assert carried("gre") == "known by protocol 0x0800"
    assert section(example(encapsulation("nvgre")), "NVGRE").announced == "known by protocol 47"
    frames = sheet_of(example(encapsulation("vxlan"))).sections
    assert [part.announced for part in frames if part.title == "Ethernet"] == [
        "", "always behind VXLAN",
    ]  # fmt: skip


def test_what_a_packet_has_behind_its_layers_is_drawn_as_well() -> None:
    packet = Packet(
        (Ethernet("02:00:00:00:00:01", "02:00:00:00:00:02"), IPv4("10.0.0.1", "10.0.0.2"),
         UDP(1, 2)), b"abc", ((0, bytes(15)),),
    )  # fmt: skip
    parts = sections_of(packet)
    assert [part.title for part in parts] == [
        "Ethernet", "IPv4", "UDP", "payload", "padding behind Ethernet",
    ]  # fmt: skip
    assert parts[3].fields[0].value == "616263"
    assert b"".join(part.data for part in parts) == packet.pack()


def test_a_header_that_describes_itself_wrongly_is_told() -> None:
    class Wrong(Header):
        WIRE = "number:32"
        number: int

        def extra_layout(self) -> str:
            return "more:16"

    with pytest.raises(InputError, match="Wrong has 4 bytes, its layout describes 6; extra_layout"):
        sections_of(Packet((Wrong(1),)))


# ---- in characters ----------------------------------------------------------------------------


def test_vxlan_is_drawn_as_in_its_rfc() -> None:
    lines = section_lines(section(example(encapsulation("vxlan")), "VXLAN"))
    assert "\n".join(lines) == VXLAN


def test_a_trailer_stands_where_its_header_puts_it() -> None:
    shown = example(encapsulation("vxlan-esp-docker"), payload=55)
    lines = section_lines(section(shown, "ESP trailer"))
    assert "\n".join(lines[:10]) == ESP_TRAILER
    assert section(shown, "payload").end == 163


@pytest.mark.parametrize("shown", EXAMPLES, ids=NAMES)
def test_every_text_fits_80_columns_and_is_ascii(shown: Example) -> None:
    text = text_of(sheet_of(shown))
    assert max(map(len, text.splitlines())) <= 80
    assert text.isascii()
    assert text.startswith(f"{shown.title}: {shown.packet.length} bytes")


def test_long_addresses_and_notes_keep_the_lines_short() -> None:
    source, target = (f"2001:db8:1234:5678:9abc:def0:1234:567{digit}" for digit in "89")
    packet = Packet((IPv6(source, target), UDP(1, 2)), b"x")
    words = "the address of the host that sends the packet"
    text = text_of(Sheet("mine", sections_of(packet, notes={(0, "src"): words})))
    assert max(map(len, text.splitlines())) <= 80
    assert source in text
    assert re.sub(r"\s+", " ", text).count(words) == 1


ROW = re.compile(r"^ *(\d+) ([| ].{64}) ( *[0-9a-f]+)$")


def drawn_rows(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    for line in lines:
        if match := ROW.match(line):
            yield int(match[1]), match[2], match[3]


@pytest.mark.parametrize("shown", EXAMPLES, ids=NAMES)
def test_bits_and_bytes_of_the_drawing_are_those_of_the_packet(shown: Example) -> None:
    data = shown.packet.pack()
    for part in sheet_of(shown).sections:
        borders = {part.column}
        for box in part.boxes:
            borders.add(max(borders) + box.bits)
        first = part.offset - part.column // 8  # of the row in which the section begins
        rows = list(drawn_rows(section_lines(part)))
        assert len(rows) == len([r for r in rows_of([b.bits for b in part.boxes], part.column)
                                 if not r.gap])  # fmt: skip
        for offset, boxes, digits in rows:
            row = bytes.fromhex(digits.strip())
            assert row == data[offset : offset + len(row)]
            begin = 8 * (offset - first) // WIDTH * WIDTH
            bits = {begin + i // 2 for i, char in enumerate(boxes) if char == "|" and i % 2 == 0}
            real = {bit for bit in borders if begin <= bit <= begin + WIDTH}
            ends = {begin, begin + WIDTH}  # a row that goes on is closed at both ends
            last = begin + 8 * (len(row) + (digits.index(digits.strip()) // 2))
            assert bits - ends == real - ends
            assert max(bits) == min(last, begin + WIDTH)


def test_long_parts_are_folded_and_say_how_long_they_are() -> None:
    lines = section_lines(section(example(encapsulation("geneve-opt252")), "Geneve"))
    folds = [line.strip() for line in lines if "~" in line]
    assert [fold.strip("~ ") for fold in folds] == [
        "option data, 124 bytes", "option data, 120 bytes",
    ]  # fmt: skip
    assert [offset for offset, _, _ in drawn_rows(lines)] == [42, 46, 50, 54, 174, 178, 182, 298]


def test_the_table_of_headers_adds_up() -> None:
    text = text_of(sheet_of(example(encapsulation("masque-connect-udp"))))
    assert text.startswith(
        "masque-connect-udp over IPv4: 128 bytes, 58 of them added, 28 left out\n"
    )
    rows = re.findall(r"^ +(\d+) +(\d+)  (\S.*)$", text, re.MULTILINE)
    sizes = [int(size) for _, size, _ in rows]
    assert [int(at) for at, _, _ in rows] == [sum(sizes[:i]) for i in range(len(sizes))]
    assert sum(sizes) == 128
    assert sum(int(size) for _, size, words in rows if "added" in words) == 58


# ---- as vectors -------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("shown", EXAMPLES, ids=NAMES)
def test_a_drawing_is_whole_fits_its_page_and_shows_every_header(shown: Example) -> None:
    sheet = sheet_of(shown)
    root = ElementTree.fromstring(svg_of(sheet))
    assert (float(root.attrib["width"][:-2]), float(root.attrib["height"][:-2])) <= (190.0, 277.0)
    assert float(root.attrib["height"][:-2]) <= 277.0
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.attrib["x"]) <= width
        assert 0 <= float(text.attrib["y"]) <= height
    words = [text.text for text in root.iter(f"{SVG}text")]
    for part in sheet.sections:
        assert words.count(part.title) >= 1
        assert part.extent in words
    assert {part.title for part in sheet.sections} < set(words)


@pytest.mark.parametrize("shown", EXAMPLES, ids=NAMES)
def test_boxes_of_a_drawing_cover_the_bits_that_are_drawn(shown: Example) -> None:
    sheet = sheet_of(shown)
    root = ElementTree.fromstring(svg_of(sheet))
    boxes = [r for r in root.iter(f"{SVG}rect") if r.attrib["height"] == str(_ROW)]
    boxes = [rect for rect in boxes if float(rect.attrib["x"]) >= _LEFT]  # no colour band
    drawn = sum(float(rect.attrib["width"]) for rect in boxes) / _BIT
    rows = [rows_of([b.bits for b in part.boxes], part.column) for part in sheet.sections]
    assert drawn == sum(span.width for part in rows for row in part for span in row.spans)
    places = [(rect.attrib["x"], rect.attrib["y"]) for rect in boxes]
    assert len(places) == len(set(places))


def test_a_drawing_is_the_same_bytes_again() -> None:
    first, second = (svg_of(sheet_of(example(encapsulation("geneve-opt12")))) for _ in range(2))
    assert first == second


def test_strange_names_are_harmless() -> None:
    class Evil(Header):
        TITLE = "</title><script>alert(1)</script>\x1b[2J"
        WIRE = "number:32"
        DRAWN: ClassVar = {"number": '"&<x>\x07:32'}
        number: int

    sheet = Sheet("<b>&\x07", sections_of(Packet((Evil(1),), Opaque(3))), (("<i>", "a & b"),))
    document = svg_of(sheet)
    ElementTree.fromstring(document)
    assert "<script" not in document
    text = document + text_of(sheet)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "&quot;&amp;&lt;x&gt;\\x07" in document
