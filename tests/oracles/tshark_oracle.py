"""What Wireshark's dissectors should say about a frame, and how to ask them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from overlaysim.wire import (
    ARP,
    GRE,
    GTPU,
    GUE,
    ICMP,
    MPLS,
    NVGRE,
    STT,
    TCP,
    UDP,
    VXLAN,
    DestinationOptions,
    Dot1Q,
    Ethernet,
    Geneve,
    Header,
    ICMPv6,
    IPv4,
    IPv6,
    L2TPv3,
    L2TPv3Cookie,
    L2TPv3overUDP,
    OpenESP,
    OpenWireGuard,
    Packet,
    PcapngWriter,
    QuicDatagram,
    ServiceTag,
    VxlanGbp,
    VxlanGpe,
)
from overlaysim.wire.stt import place

OPTIONS = (
    *(option for name in ("ip", "udp", "tcp", "stt")
      for option in ("-o", f"{name}.check_checksum:TRUE")),
    # Every frame stands for itself: what went before is another sample.
    "-o", "tcp.analyze_sequence_numbers:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE",
    "-o", "esp.do_esp_sequence_analysis:FALSE", "-o", "arp.detect_duplicate_ips:FALSE",
    "-o", "esp.enable_encryption_decode:TRUE", "-o", "esp.enable_authentication_check:TRUE",
    # STT looks like TCP, which a heuristic has to see first.
    "-o", "ip.try_heuristic_first:TRUE", "-o", "ipv6.try_heuristic_first:TRUE",
    # A payload that counts 0, 1, 2, 3 is a STUN message if it has 535 bytes.
    "--disable-protocol", "classicstun",
    # What stands in no packet: FOU's port, a pseudowire's type, who speaks QUIC.
    "-d", "udp.port==5555,ip", "-d", "l2tp.pw_type==0,eth", "-d", "udp.port==443,quic",
)  # fmt: skip

CHECKSUMS = tuple(
    f"{name}.checksum.status" for name in ("ip", "udp", "tcp", "icmp", "icmpv6", "gre", "stt")
)
"""Status of each checksum: 0 bad, 1 good, 2 unverified, 3 not present, 4 illegal."""

Getter = Callable[[Any], Any]
FIELDS: dict[type[Header], dict[str, Getter]] = {
    Ethernet: {"eth.dst": lambda h: h.dst, "eth.src": lambda h: h.src},
    Dot1Q: {"vlan.id": lambda h: h.vid, "vlan.priority": lambda h: h.pcp,
            "vlan.dei": lambda h: h.dei},
    ServiceTag: {"ieee8021ad.id": lambda h: h.vid, "ieee8021ad.priority": lambda h: h.pcp},
    MPLS: {"mpls.label": lambda h: h.label, "mpls.exp": lambda h: h.tc,
           "mpls.bottom": lambda h: h.bottom, "mpls.ttl": lambda h: h.ttl},
    ARP: {"arp.opcode": lambda h: h.operation, "arp.src.hw_mac": lambda h: h.sender_mac,
          "arp.src.proto_ipv4": lambda h: h.sender_ip, "arp.dst.hw_mac": lambda h: h.target_mac,
          "arp.dst.proto_ipv4": lambda h: h.target_ip},
    IPv4: {"ip.src": lambda h: h.src, "ip.dst": lambda h: h.dst, "ip.proto": lambda h: h.protocol,
           "ip.ttl": lambda h: h.ttl, "ip.dsfield": lambda h: h.tos, "ip.id": lambda h: h.ident,
           "ip.flags.df": lambda h: h.df, "ip.flags.mf": lambda h: h.mf,
           "ip.len": lambda h: h.total_length, "ip.checksum": lambda h: h.checksum},
    IPv6: {"ipv6.src": lambda h: h.src, "ipv6.dst": lambda h: h.dst,
           "ipv6.nxt": lambda h: h.next_header, "ipv6.hlim": lambda h: h.hop_limit,
           "ipv6.tclass": lambda h: h.traffic_class, "ipv6.flow": lambda h: h.flow_label,
           "ipv6.plen": lambda h: h.payload_length},
    DestinationOptions: {"ipv6.dstopts.nxt": lambda h: h.next_header,
                         "ipv6.opt.tel": lambda h: h.options[2]},
    UDP: {"udp.srcport": lambda h: h.src_port, "udp.dstport": lambda h: h.dst_port,
          "udp.length": lambda h: h.length, "udp.checksum": lambda h: h.checksum},
    TCP: {"tcp.srcport": lambda h: h.src_port, "tcp.dstport": lambda h: h.dst_port,
          "tcp.seq_raw": lambda h: h.seq, "tcp.ack_raw": lambda h: h.ack,
          "tcp.flags": lambda h: h.flags, "tcp.window_size_value": lambda h: h.window,
          "tcp.hdr_len": lambda h: h.header_length, "tcp.checksum": lambda h: h.checksum,
          "tcp.options.timestamp.tsval": lambda h: int.from_bytes(h.options[4:8], "big")},
    ICMP: {"icmp.type": lambda h: h.type, "icmp.code": lambda h: h.code,
           "icmp.seq": lambda h: h.sequence, "icmp.checksum": lambda h: h.checksum},
    ICMPv6: {"icmpv6.type": lambda h: h.type, "icmpv6.echo.identifier": lambda h: h.ident,
             "icmpv6.echo.sequence_number": lambda h: h.sequence,
             "icmpv6.checksum": lambda h: h.checksum},
    VXLAN: {"vxlan.vni": lambda h: h.vni, "vxlan.flags": lambda h: h.flags << 8},
    VxlanGbp: {"vxlan.vni": lambda h: h.vni, "vxlan.gbp": lambda h: h.policy,
               "vxlan.flag_g": lambda h: 1, "vxlan.flag_i": lambda h: h.has_vni,
               "vxlan.flag_a": lambda h: h.applied, "vxlan.flag_d": lambda h: h.dont_learn},
    VxlanGpe: {"vxlan.vni": lambda h: h.vni, "vxlan.next_proto": lambda h: h.next_protocol,
               "vxlan.i_bit": lambda h: h.has_vni, "vxlan.p_bit": lambda h: h.has_next,
               "vxlan.o_bit": lambda h: h.oam},
    Geneve: {"geneve.vni": lambda h: h.vni, "geneve.proto_type": lambda h: h.protocol,
             "geneve.flags.critical": lambda h: h.critical,
             "geneve.flags.oam": lambda h: h.control,
             "geneve.option.class": lambda h: [kind for kind, _, _ in geneve_options(h)],
             "geneve.option.type": lambda h: [kind for _, kind, _ in geneve_options(h)],
             "geneve.option.length": lambda h: [len(h.options)]
                                               + [size for _, _, size in geneve_options(h)]},
    GRE: {"gre.proto": lambda h: h.protocol, "gre.flags.checksum": lambda h: h.checksummed,
          "gre.key": lambda h: [] if h.key is None else h.key,
          "gre.sequence_number": lambda h: [] if h.sequence is None else h.sequence,
          "gre.checksum": lambda h: [] if h.checksum is None else h.checksum},
    NVGRE: {"gre.proto": lambda h: 0x6558, "gre.key": lambda h: h.vsid << 8 | h.flow_id,
            "gre.flags.key": lambda h: 1, "gre.flags.sequence_number": lambda h: 0},
    GTPU: {"gtp.teid": lambda h: h.teid, "gtp.message": lambda h: h.message,
           "gtp.length": lambda h: h.length, "gtp.flags.e": lambda h: h.extension,
           "gtp.ext_hdr.pdu_ses_con.qos_flow_id": lambda h: [1] if h.extension else []},
    STT: {"stt.context_id": lambda h: h.context, "stt.version": lambda h: 0,
          "stt.mss": lambda h: h.mss, "stt.l4offset": lambda h: h.l4_offset},
    L2TPv3: {"l2tp.sid": lambda h: h.session},
    L2TPv3Cookie: {"l2tp.sid": lambda h: h.session, "l2tp.cookie": lambda h: h.cookie.hex()},
    L2TPv3overUDP: {"l2tp.sid": lambda h: h.session, "l2tp.version": lambda h: 3},
    OpenESP: {"esp.spi": lambda h: h.spi, "esp.sequence": lambda h: h.sequence,
              "esp.iv": lambda h: h.iv.hex(), "esp.pad_len": lambda h: len(h.padding),
              "esp.pad": lambda h: h.padding.hex() or [], "esp.protocol": lambda h: h.next_header,
              "esp.icv_good": lambda h: 1},
    OpenWireGuard: {"wg.receiver": lambda h: h.receiver, "wg.counter": lambda h: h.counter,
                    "wg.type": lambda h: 4},
    QuicDatagram: {"quic.header_form": lambda h: 0, "quic.fixed_bit": lambda h: 1},
}  # fmt: skip
"""For every header the fields of it that tshark has a name for, and our value of each.

A list is a field that occurs so many times; all other fields occur once for each such header.
"""

STT_FRONT: dict[str, Getter] = {
    "stt.dport": lambda h: h.dst_port, "stt.pkt_len": lambda h: place(h.seq)[0],
    "stt.seg_off": lambda h: place(h.seq)[1], "stt.pkt_id": lambda h: h.ack,
}  # fmt: skip
"""What the TCP-like header in front of STT is read as."""

NAMES: dict[type[Header], str] = {
    Ethernet: "eth:ethertype", Dot1Q: "vlan:ethertype", ServiceTag: "ieee8021ad:ethertype",
    VxlanGbp: "vxlan", VxlanGpe: "", NVGRE: "gre", GTPU: "gtp", DestinationOptions: "ipv6.dstopts",
    IPv4: "ip", L2TPv3: "l2tp", L2TPv3Cookie: "l2tp", L2TPv3overUDP: "l2tp", OpenESP: "esp",
    OpenWireGuard: "wg", QuicDatagram: "quic",
}  # fmt: skip
"""Names of dissectors that are not our class's name in lower case; VXLAN-GPE's has none."""

L2TP = (L2TPv3, L2TPv3Cookie, L2TPv3overUDP)
CLOSED = (OpenWireGuard, QuicDatagram)
"""Behind these tshark sees ciphertext: it would need the handshake that agreed on the keys."""


def geneve_options(header: Geneve) -> Iterator[tuple[int, int, int]]:
    """Class, type and length of each option, its own header included."""
    rest = header.options
    while rest:
        size = 4 + 4 * rest[3]
        yield int.from_bytes(rest[:2], "big"), rest[2], size
        rest = rest[size:]


Closed = tuple[type[Header], ...]


def visible(packet: Packet, closed: Closed = CLOSED) -> tuple[Header, ...]:
    """The headers that tshark sees: up to ciphertext, or to GUE, which it does not know."""
    layers: list[Header] = []
    for layer in packet.layers:
        if isinstance(layer, GUE):
            break
        layers.append(layer)
        if isinstance(layer, closed):
            break
    return tuple(layers)


def expected_protocols(packet: Packet, closed: Closed = CLOSED) -> str:
    """What ``frame.protocols`` should be."""
    names = []
    layers = visible(packet, closed)
    for index, layer in enumerate(layers):
        before = layers[index - 1] if index else None
        behind = layers[index + 1] if index + 1 < len(layers) else None
        if isinstance(layer, TCP) and isinstance(behind, STT):
            continue  # the TCP-like header is the front of STT
        if isinstance(layer, IPv6) and isinstance(before, UDP | OpenWireGuard):
            names.append("ip")  # FOU, WireGuard: what was taken for IP passes IPv6 on
        if isinstance(layer, OpenESP) and isinstance(before, UDP):
            names.append("udpencap")
        # Called by a pseudowire's number, the dissector of Ethernet is not named.
        names.append("ethertype" if isinstance(before, L2TP) else name_of(layer))
    unread = len(layers) < len(packet.layers) or packet.payload_length > 0
    if unread and not isinstance(layers[-1], closed):
        names.append("data")
    return ":".join(filter(None, names))


def name_of(layer: Header) -> str:
    """The dissector for a header."""
    for kind in type(layer).__mro__:
        if kind in NAMES:
            return NAMES[kind]
    return type(layer).__name__.lower()


def expected_fields(packet: Packet, closed: Closed = CLOSED) -> dict[str, list[Any]]:
    """All values of every named field, outermost first; ``packet`` is resolved."""
    values: dict[str, list[Any]] = {}
    layers = visible(packet, closed)
    for index, layer in enumerate(layers):
        fields = fields_of(layer)
        if (
            isinstance(layer, TCP)
            and index + 1 < len(layers)
            and isinstance(layers[index + 1], STT)
        ):
            fields = STT_FRONT
        for field, getter in fields.items():
            value = getter(layer)
            values.setdefault(field, []).extend(value if isinstance(value, list) else [value])
    return values


def fields_of(layer: Header) -> dict[str, Getter]:
    """The named fields of a header's class, or of the class that it is a form of."""
    return next((FIELDS[kind] for kind in type(layer).__mro__ if kind in FIELDS), {})


ALL_FIELDS = sorted({name for fields in (*FIELDS.values(), STT_FRONT) for name in fields})


def write_capture(path: Path, frames: Iterable[bytes]) -> None:
    """Write frames to a capture file, a microsecond apart."""
    with path.open("wb") as file:
        writer = PcapngWriter(file, ["underlay"])
        for number, data in enumerate(frames):
            writer.write(0, number * 1_000_000, data)


def shown(sealed: Packet, clear: Packet, start: int) -> Packet:
    """What somebody with the keys sees: from layer ``start`` on what is in the clear."""
    clear = clear.resolved()
    return Packet(sealed.layers[:start] + clear.layers[start:], clear.payload)


def ask(path: Path, *options: str) -> list[dict[str, str]]:
    """One row for every frame of a capture, with everything that is compared."""
    program = shutil.which("tshark")
    if program is None:
        pytest.skip("tshark is not installed")
    names = ["frame.protocols", "_ws.malformed", "_ws.expert.message", *CHECKSUMS, *ALL_FIELDS]
    command = [
        program,
        "-n",
        "-r",
        str(path),
        *OPTIONS,
        *options,
        "-T",
        "fields",
        "-E",
        "aggregator=|",
    ]
    command += [part for name in names for part in ("-e", name)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return [dict(zip(names, line.split("\t"), strict=True)) for line in run.stdout.splitlines()]


def same(shown: str, ours: Sequence[Any]) -> bool:
    """Whether tshark shows just these values."""
    texts = shown.split("|") if shown else []
    return len(texts) == len(ours) and all(map(_equal, texts, ours))


def _equal(shown: str, ours: object) -> bool:
    if isinstance(ours, str):
        return shown.replace(":", "") == ours.replace(":", "")
    return int({"True": "1", "False": "0"}.get(shown, shown), 0) == ours
