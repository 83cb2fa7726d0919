"""Headers of tunnels, byte by byte as their specifications draw them."""

from __future__ import annotations

import pytest

from overlaysim.wire import (
    ESP,
    GRE,
    GTPU,
    GUE,
    MPLS,
    NVGRE,
    STT,
    TCP,
    UDP,
    VXLAN,
    DestinationOptions,
    Dot1Q,
    EspCbcSha256,
    EspGcm8,
    EspGcm16,
    Ethernet,
    Geneve,
    Header,
    IPv4,
    IPv6,
    IPv6Fragment,
    L2TPv3,
    L2TPv3Cookie,
    L2TPv3overUDP,
    MalformedPacket,
    Opaque,
    OpenWireGuard,
    Packet,
    QuicDatagram,
    QuicIpDatagram,
    ServiceTag,
    VxlanGbp,
    VxlanGpe,
    WireGuard,
    decode,
)
from overlaysim.wire.geneve import option
from overlaysim.wire.gtp import PDU_SESSION_CONTAINER, extension_header
from overlaysim.wire.stt import SttFirstSegment, place, sequence

A, B = "02:00:00:00:00:01", "02:00:00:00:00:02"
LINK = Ethernet(B, A)
IP = IPv4("10.0.0.1", "10.0.0.2")
FRAME = Packet((Ethernet(A, B), IPv4("10.1.0.1", "10.1.0.2"), UDP(40_000, 40_001)), Opaque(5))
PACKET = FRAME.inner(1)


@pytest.mark.parametrize(
    ("header", "data", "source"),
    [
        (VxlanGbp(0x123456, 0x0102, dont_learn=True, applied=True), "88480102 12345600",
         "draft-smith-vxlan-group-policy section 2"),
        (VxlanGpe(0x123456, 3), "0c000003 12345600", "draft-ietf-nvo3-vxlan-gpe section 3.1"),
        (VxlanGpe(1, 1, replicated=True, oam=True), "0f000001 00000100", "the same"),
        (Geneve(0x123456, protocol=0x6558), "00006558 12345600", "RFC 8926 section 3.4"),
        (Geneve(1, option(0x0102, 0x80, b"\0\1\0\2"), 0x6558, critical=True),
         "02406558 00000100 01028001 00010002", "RFC 8926 section 3.5"),
        (Geneve(1, b"", 0x0800, control=True), "00800800 00000100", "RFC 8926 section 3.4"),
        (GRE(protocol=0x0800), "00000800", "RFC 2784 section 2"),
        (GRE(7, protocol=0x6558), "20006558 00000007", "RFC 2890 section 2"),
        (GRE(7, 9, protocol=0x0800), "30000800 00000007 00000009", "RFC 2890 section 2"),
        (GRE(7, 9, True, 0x0800, 0xABCD), "b0000800 abcd0000 00000007 00000009",
         "RFC 2890 section 2"),
        (NVGRE(0x123456, 0x78), "20006558 12345678", "RFC 7637 section 3.2"),
        (GUE(4), "00040000", "draft-ietf-intarea-gue section 3.1"),
        (GUE(41, True, 0x8000, bytes(8)), "22298000 00000000 00000000", "the same"),
        (MPLS(16), "00010140", "RFC 3032 section 2.1"),
        (MPLS(0xFFFFF, 7, False, 255), "fffffeff", "RFC 3032 section 2.1"),
        (GTPU(0x12345678, length=84), "30ff0054 12345678", "TS 29.281 section 5.1"),
        (GTPU(1, b"\0\7\0\0", sequenced=True, length=88), "32ff0058 00000001 00070000",
         "TS 29.281 section 5.1"),
        (GTPU(1, bytes(3) + b"".join(extension_header(PDU_SESSION_CONTAINER, b"\x10\x01")),
              extension=True, length=92), "34ff005c 00000001 00000085 01100100",
         "TS 29.281 section 5.2, TS 38.415 section 5.5.2"),
        (STT(0x0102030405060708, mss=1460, flags=0x0F, l4_offset=34, pcp=5, has_vlan=True,
             vid=0x123), "000f2200 05b4b123 01020304 05060708 0000", "draft-davie-stt section 3.1"),
        (L2TPv3(0x12345678), "12345678", "RFC 3931 section 4.1.1"),
        (L2TPv3Cookie(1, bytes(range(8))), "00000001 00010203 04050607 00000000",
         "RFC 3931 sections 4.1.1 and 4.6"),
        (L2TPv3overUDP(0x12345678), "00030000 12345678", "RFC 3931 section 4.1.2"),
        (ESP(0x12345678, 9), "12345678 00000009", "RFC 4303 section 2"),
        (WireGuard(0x12345678, 0x0102030405060708), "04000000 78563412 08070605 04030201",
         "WireGuard white paper section 5.4.6: little-endian"),
        (QuicDatagram(0x0102030405060708, 0x090A), "41 0102030405060708 090a 30 00 00",
         "RFC 9000 section 17.3.1, RFC 9221 section 4, RFC 9298 section 5"),
        (Dot1Q(0x123, 5, True, 0x0800), "b1230800", "IEEE 802.1Q-2018 clause 9.6"),
        (ServiceTag(1, ethertype=0x8100), "00018100", "IEEE 802.1Q-2018 clause 9.6"),
        (DestinationOptions(bytes((4, 1, 4, 1, 1, 0)), 4), "0400 0401 0401 0100",
         "RFC 2473 section 4.1.1"),
        (IPv6Fragment(0x12345678, 1448, True, 17), "110005a9 12345678", "RFC 8200 section 4.5"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Header) else "",
)  # fmt: skip
def test_bytes_of_the_specification(header: Header, data: str, source: str) -> None:
    packed = header.pack(b"", (header,), 0)
    assert packed == bytes.fromhex(data), source
    assert len(packed) == header.header_length


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (VxlanGbp(1 << 24, 1), r"VxlanGbp.vni: 16777216 does not fit"),
        (VxlanGbp(1, 1 << 16), r"VxlanGbp.policy: 65536 does not fit"),
        (VxlanGpe(1), r"VxlanGpe: cannot compute the gpe: no header follows"),
        (VxlanGpe(1, 256), r"VxlanGpe.next_protocol: 256 does not fit"),
        (Geneve(1 << 24, protocol=1), r"Geneve.vni: 16777216 does not fit"),
        (Geneve(1, bytes(3), 1), r"Geneve.options: 3 bytes; allowed are multiples of 4 up to 252"),
        (Geneve(1, bytes(256), 1), r"Geneve.options: 256 bytes"),
        (GRE(1 << 32, protocol=1), r"GRE.key: 4294967296 does not fit; .* \(32 bits\)"),
        (GRE(1, 1 << 32, protocol=1), r"GRE.sequence: 4294967296 does not fit"),
        (GRE(-1, protocol=1), r"GRE.key: -1 does not fit"),
        (GRE(protocol=1, reserved0=1 << 9), r"GRE.reserved0: 512 does not fit"),
        (GRE(protocol=1, checksummed=True, reserved1=1 << 16), r"GRE.reserved1: 65536 does not"),
        (GRE(protocol=1, checksummed=True, checksum=1 << 16), r"GRE.checksum: 65536 does not fit"),
        (NVGRE(1 << 24), r"NVGRE.vsid: 16777216 does not fit"),
        (NVGRE(1, 256), r"NVGRE.flow_id: 256 does not fit"),
        (GUE(), r"GUE: cannot compute the protocol: no header follows"),
        (GUE(4, extensions=bytes(128)), r"GUE.extensions: 128 bytes; allowed are multiples of 4"),
        (MPLS(1 << 20), r"MPLS.label: 1048576 does not fit; allowed is 0 to 1048575 \(20 bits\)"),
        (GTPU(1 << 32), r"GTPU.teid: 4294967296 does not fit"),
        (GTPU(1, length=1 << 16), r"GTPU.length: 65536 does not fit"),
        (STT(1 << 64), r"STT.context: 18446744073709551616 does not fit"),
        (STT(1, vid=1 << 12), r"STT.vid: 4096 does not fit"),
        (L2TPv3(1 << 32), r"L2TPv3.session: 4294967296 does not fit"),
        (L2TPv3(1, b"cookie"), r"L2TPv3: 6 \+ 0 bytes of cookie and sublayer; together"),
        (L2TPv3Cookie(1, b"cookie"), r"L2TPv3Cookie: 6 \+ 4 bytes"),
        (ESP(1 << 32, 1), r"ESP.spi: 4294967296 does not fit"),
        (WireGuard(1 << 32, 1), r"WireGuard.receiver: 4294967296 does not fit"),
        (WireGuard(1, 1 << 64), r"WireGuard.counter: 18446744073709551616 does not fit"),
        (QuicDatagram(1 << 64, 1), r"QuicDatagram.connection: 18446744073709551616 does not fit"),
        (QuicDatagram(1, 1 << 16), r"QuicDatagram.number: 65536 does not fit"),
        (QuicDatagram(1, 1, stream=64), r"QuicDatagram.stream: 64 does not fit"),
        (Dot1Q(1 << 12, ethertype=1), r"Dot1Q.vid: 4096 does not fit"),
        (Dot1Q(1, 8, ethertype=1), r"Dot1Q.pcp: 8 does not fit"),
        (IPv6Fragment(1, 4, next_header=17), r"offset 4 must be a multiple of 8 bytes"),
        (DestinationOptions(bytes(5), 4), r"DestinationOptions: 5 bytes of options"),
    ],
)  # fmt: skip
def test_impossible_values_are_named(header: Header, message: str) -> None:
    with pytest.raises(MalformedPacket, match=message):
        header.pack(b"", (header,), 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: option(0x0102, 1, bytes(3)), "a Geneve option of 3 bytes; multiples of 4 up to"),
        (lambda: option(0x0102, 1, bytes(128)), "a Geneve option of 128 bytes"),
        (lambda: extension_header(0x85, bytes(4)), "a GTP-U extension of 4 bytes; allowed are"),
    ],
)  # fmt: skip
def test_impossible_options_are_named(make: object, message: str) -> None:
    with pytest.raises(MalformedPacket, match=message):
        make()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        (GRE, "00010800", "GRE at byte 0: only version 0 without routing is known"),
        (GRE, "40000800 00000000", "GRE at byte 0: only version 0 without routing is known"),
        (GRE, "20000800 0000", "GRE at byte 0: its optional fields are cut off"),
        (Geneve, "02006558 00000100", "Geneve at byte 0: the options reach beyond the packet"),
        (Geneve, "40006558 00000100", "Geneve: version is 1, not 0"),
        (GUE, "02040000", "GUE at byte 0: the extensions reach beyond the packet"),
        (GTPU, "34ff0004 00000001 000000", "GTPU at byte 0: its optional fields are cut off"),
        (GTPU, "34ff0004 00000001 00000085", "GTPU at byte 0: its optional fields are cut off"),
        (GTPU, "34ff0008 00000001 00000085 00100100", "its optional fields are cut off"),
        (GTPU, "10ff0000 00000001", "GTPU: version is 0, not 1"),
        (L2TPv3Cookie, "00000001 0001020304050607", "L2TPv3Cookie at byte 0: its cookie is cut"),
        (NVGRE, "20000800 00000100", "NVGRE: ethertype is 2048, not 25944"),
        (VxlanGpe, "1c000003 00000100", "VxlanGpe: version is 1, not 0"),
        (STT, "01000000 00000000 00000000 00000000 0000", "STT: version is 1, not 0"),
        (DestinationOptions, "0401 000000000000", "longer than the packet"),
        (EspGcm16, "00000001 00000001" + 25 * "00", "EspGcm16 at byte 0: shorter than its trailer"),
        (EspGcm16, "00000001 00000001" + 8 * "00" + "0504" + 16 * "00", "5 bytes of padding"),
        (EspGcm8, "00000001 00000001" + 17 * "00", "EspGcm8 at byte 0: shorter than its trailer"),
        (EspCbcSha256, "00000001 00000001" + 33 * "00", "EspCbcSha256 at byte 0: shorter"),
        (OpenWireGuard, "04000000" + 27 * "00", "OpenWireGuard at byte 0: shorter than its tag"),
        (OpenWireGuard, "01000000" + 28 * "00", "OpenWireGuard: message is 1, not 4"),
        (QuicDatagram, "41" + 10 * "00" + "300000" + 15 * "00", "shorter than its tag"),
        (QuicDatagram, "c1" + 10 * "00" + "300000" + 16 * "00", "QuicDatagram: form is 1, not 0"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_such_header(kind: type[Header], data: str, message: str) -> None:
    packed = bytes.fromhex(data)
    with pytest.raises(MalformedPacket, match=message):
        kind.parse(packed, 0, len(packed))


# ---- what stands behind the body ----------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "length", "padding"),
    [(EspGcm16, 0, 2), (EspGcm16, 1, 1), (EspGcm16, 2, 0), (EspGcm16, 3, 3), (EspGcm8, 3, 3),
     (EspCbcSha256, 14, 0), (EspCbcSha256, 15, 15), (EspCbcSha256, 0, 14)],
)  # fmt: skip
def test_esp_pads_to_whole_blocks(kind: type, length: int, padding: int) -> None:
    esp = kind.around(length, 0x1234, 7)
    assert esp.padding == bytes(range(1, padding + 1))
    assert esp.iv == (7).to_bytes(kind.IV, "big")
    data = esp.replace(next_header=4).enclose(bytes(length), (esp,), 0)
    assert len(data) == length + esp.header_length + esp.tail_length
    assert (len(data) - esp.header_length - kind.ICV) % kind.BLOCK == 0
    assert kind.parse(data, 0, len(data)) == esp.replace(next_header=4, icv=bytes(kind.ICV))


def test_esp_refuses_what_does_not_fit() -> None:
    for changes, message in (
        ({"iv": bytes(7)}, r"7 of iv \(8\)"),
        ({"padding": bytes(256)}, r"256 bytes of padding \(at most 255\)"),
        ({"icv": bytes(8)}, r"8 of icv \(16\)"),
        ({"next_header": 256}, r"next_header: 256 does not fit"),
    ):
        esp = EspGcm16.around(9, 1, 1).replace(next_header=4).replace(**changes)
        with pytest.raises(MalformedPacket, match=message):
            Packet((LINK, IP, esp), bytes(9)).pack()


@pytest.mark.parametrize(
    ("length", "mtu", "padded"),
    [(28, 1420, 32), (31, 1420, 32), (32, 1420, 32), (33, 1420, 48), (46, 1420, 48),
     (49, 1420, 64), (128, 1420, 128), (1419, 1420, 1420), (1420, 1420, 1420)],
)  # fmt: skip
def test_wireguard_pads_to_16_but_not_beyond_the_device(length: int, mtu: int, padded: int) -> None:
    """UDP lengths of wireguard-go 0.0.20220316 on a device of 1420 bytes, less 40."""
    message = OpenWireGuard.around(length, 1, 1, mtu)
    assert length + len(message.padding) == padded


def test_an_open_wireguard_message_finds_its_padding_by_the_packet_inside() -> None:
    message = OpenWireGuard.around(PACKET.length, 5, 6, 1420)
    outer = PACKET.wrap(LINK, IP, UDP(51_820, 51_820), message)
    data = outer.pack()
    for read in (OpenWireGuard.parse(data, 42, len(data)), outer.resolved().layers[3]):
        assert read == message.replace(tag=bytes(16))
    assert outer.resolved().pack() == data
    assert OpenWireGuard.parse(data[:58] + bytes(16), 42, 74).padding == b""


def test_a_quic_datagram_has_its_tag_behind_it() -> None:
    data = PACKET.wrap(LINK, IP, UDP(20_443, 443), QuicIpDatagram(1, 2)).pack()
    assert len(data) == 42 + 14 + PACKET.length + 16
    assert data[42 + 14 : -16] == PACKET.pack()
    with pytest.raises(MalformedPacket, match=r"QuicDatagram.tag: 3 bytes; it has 16"):
        Packet((LINK, IP, UDP(1, 443), QuicDatagram(1, 2, tag=b"tag"))).pack()


def test_the_gre_checksum_covers_header_and_payload() -> None:
    """The one's complement sum of all words, checksum included, is all ones (RFC 1071)."""
    data = PACKET.wrap(LINK, IP, GRE(1, 2, checksummed=True)).pack()[34:]
    data += bytes(len(data) % 2)
    total = sum(int.from_bytes(data[place : place + 2]) for place in range(0, len(data), 2))
    assert total % 0xFFFF == 0


# ---- which header is meant ----------------------------------------------------------------


def kinds(*layers: Header, inner: Packet = FRAME) -> list[type[Header]]:
    """The headers that a reader sees behind the outer ones, without knowing the sender."""
    packet = inner.wrap(LINK, *layers)
    return [type(layer) for layer in decode(packet.pack()).layers[len(layers) :]]


def test_a_reader_tells_the_forms_apart() -> None:
    ethernet, packet = [Ethernet, IPv4, UDP], [IPv4, UDP]
    udp = UDP(50_000, 4789)
    assert kinds(IP, udp, VXLAN(1)) == [VXLAN, *ethernet]
    assert kinds(IP, udp, VxlanGbp(1, 7)) == [VxlanGbp, *ethernet]
    assert kinds(IP, UDP(1, 4790), VxlanGpe(1)) == [VxlanGpe, *ethernet]
    assert kinds(IP, UDP(1, 4790), VxlanGpe(1), inner=PACKET) == [VxlanGpe, *packet]
    assert kinds(IP, UDP(1, 6635), MPLS(7), inner=PACKET) == [MPLS, *packet]
    assert kinds(IP, UDP(1, 6635), MPLS(7)) == [MPLS, *ethernet]
    assert kinds(MPLS(7, bottom=False), MPLS(8), inner=PACKET) == [MPLS, *packet]
    assert kinds(IP, L2TPv3(1)) == [L2TPv3, *ethernet]
    assert kinds(IP, L2TPv3Cookie(1, b"8 bytes!")) == [L2TPv3Cookie, *ethernet]
    assert kinds(IP, UDP(1, 5555), inner=PACKET) == [UDP, *packet]
    assert kinds(IP, UDP(1, 6080), GUE(), inner=PACKET) == [GUE, *packet]
    assert kinds(IP, UDP(1, 6080), inner=PACKET) == [UDP, *packet]  # variant 1: no header
    assert kinds(IP, UDP(1, 2152), GTPU(1), inner=PACKET) == [GTPU, *packet]
    assert kinds(IP, UDP(1, 2152), GTPU(1, message=1), inner=PACKET) == [GTPU]
    assert kinds(ServiceTag(1), Dot1Q(2), inner=PACKET) == [Dot1Q, *packet]
    assert kinds(IPv6("::1", "::2"), inner=PACKET) == [IPv6, *packet]


def test_a_first_segment_of_stt_is_not_a_whole_frame() -> None:
    whole = 18 + FRAME.length
    tcp = TCP(50_000, 7471, sequence(whole, 0), 1, 16, 65_535)
    assert kinds(IP, tcp, STT(1)) == [STT, Ethernet, IPv4, UDP]
    part = tcp.replace(seq=sequence(whole + 1000, 0))
    assert kinds(IP, part, STT(1)) == [SttFirstSegment]
    assert place(sequence(2000, 1460)) == (2000, 1460)


@pytest.mark.parametrize(
    ("port", "payload"),
    [(4500, b"\xff"), (4500, bytes(12)), (51_820, b"\x01" + bytes(147)), (51_820, bytes(8)),
     (1701, bytes.fromhex("c8030014 00000000")), (1701, bytes.fromhex("00020000 00000000")),
     (5555, b"\x12" + bytes(40)), (6635, b"")],
)  # fmt: skip
def test_what_only_looks_like_a_tunnel_stays_payload(port: int, payload: bytes) -> None:
    """NAT keepalives and IKE, handshakes, control messages, older versions, noise."""
    data = Packet((LINK, IP, UDP(50_000, port)), payload).pack()
    try:
        packet = decode(data)
    except MalformedPacket:
        assert (port, payload) == (6635, b"")
        return
    assert [type(layer) for layer in packet.layers] == [Ethernet, IPv4, UDP]
    assert packet.payload == payload
    assert packet.pack() == data
