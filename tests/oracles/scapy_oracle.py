"""What scapy calls the fields of our headers. Tests only: scapy is no part of the simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from scapy.contrib import geneve, gtp, mpls, wireguard
from scapy.layers import inet, inet6, ipsec, l2, vxlan
from scapy.packet import Packet as ScapyPacket
from scapy.packet import bind_layers

from overlaysim.wire import (
    ARP,
    GRE,
    GTPU,
    ICMP,
    MPLS,
    NVGRE,
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
    OpenESP,
    OpenWireGuard,
    ServiceTag,
    VxlanGbp,
    VxlanGpe,
)

bind_layers(inet.UDP, l2.GRE, dport=4754)  # RFC 8086; scapy knows GRE over inet.IP only

Fields = dict[str, Callable[[Any], Any]]

FORMS: dict[type[Header], tuple[tuple[type[ScapyPacket], ...], Fields]] = {
    Ethernet: ((l2.Ether,), {
        "dst": lambda h: h.dst, "src": lambda h: h.src, "type": lambda h: h.ethertype,
    }),
    Dot1Q: ((l2.Dot1Q,), {
        "vlan": lambda h: h.vid, "prio": lambda h: h.pcp, "dei": lambda h: int(h.dei),
        "type": lambda h: h.ethertype,
    }),
    ServiceTag: ((l2.Dot1AD,), {
        "vlan": lambda h: h.vid, "prio": lambda h: h.pcp, "dei": lambda h: int(h.dei),
        "type": lambda h: h.ethertype,
    }),
    ARP: ((l2.ARP,), {
        "op": lambda h: h.operation, "hwsrc": lambda h: h.sender_mac, "psrc": lambda h: h.sender_ip,
        "hwdst": lambda h: h.target_mac, "pdst": lambda h: h.target_ip, "hwtype": lambda h: 1,
        "ptype": lambda h: 0x0800, "hwlen": lambda h: 6, "plen": lambda h: 4,
    }),
    IPv4: ((inet.IP,), {
        "version": lambda h: 4, "ihl": lambda h: 5, "tos": lambda h: h.tos,
        "len": lambda h: h.total_length, "id": lambda h: h.ident,
        "flags": lambda h: 2 * h.df + h.mf, "frag": lambda h: h.offset // 8,
        "ttl": lambda h: h.ttl, "proto": lambda h: h.protocol, "chksum": lambda h: h.checksum,
        "src": lambda h: h.src, "dst": lambda h: h.dst,
    }),
    IPv6: ((inet6.IPv6,), {
        "version": lambda h: 6, "tc": lambda h: h.traffic_class, "fl": lambda h: h.flow_label,
        "plen": lambda h: h.payload_length, "nh": lambda h: h.next_header,
        "hlim": lambda h: h.hop_limit, "src": lambda h: h.src, "dst": lambda h: h.dst,
    }),
    DestinationOptions: ((inet6.IPv6ExtHdrDestOpt,), {
        "nh": lambda h: h.next_header, "len": lambda h: h.header_length // 8 - 1,
    }),
    UDP: ((inet.UDP,), {
        "sport": lambda h: h.src_port, "dport": lambda h: h.dst_port, "len": lambda h: h.length,
        "chksum": lambda h: h.checksum,
    }),
    TCP: ((inet.TCP,), {
        "sport": lambda h: h.src_port, "dport": lambda h: h.dst_port, "seq": lambda h: h.seq,
        "ack": lambda h: h.ack, "dataofs": lambda h: h.header_length // 4,
        "flags": lambda h: h.flags, "window": lambda h: h.window, "chksum": lambda h: h.checksum,
        "urgptr": lambda h: h.urgent,
    }),
    ICMP: ((inet.ICMP,), {
        "type": lambda h: h.type, "code": lambda h: h.code, "chksum": lambda h: h.checksum,
        "id": lambda h: h.ident, "seq": lambda h: h.sequence,
    }),
    ICMPv6: ((inet6.ICMPv6EchoRequest, inet6.ICMPv6EchoReply), {
        "type": lambda h: h.type, "code": lambda h: h.code, "cksum": lambda h: h.checksum,
        "id": lambda h: h.ident, "seq": lambda h: h.sequence,
    }),
    VXLAN: ((vxlan.VXLAN,), {
        "flags": lambda h: h.flags, "reserved1": lambda h: h.reserved, "vni": lambda h: h.vni,
        "reserved2": lambda h: h.reserved2,
    }),
    VxlanGbp: ((vxlan.VXLAN,), {
        "flags": lambda h: 0x80 | 8 * h.has_vni, "gpid": lambda h: h.policy,
        "gpflags": lambda h: 0x40 * h.dont_learn | 8 * h.applied, "vni": lambda h: h.vni,
        "reserved2": lambda h: h.reserved5,
    }),
    VxlanGpe: ((vxlan.VXLAN,), {
        "flags": lambda h: 8 * h.has_vni + 4 * h.has_next, "vni": lambda h: h.vni,
        "NextProtocol": lambda h: h.next_protocol, "reserved0": lambda h: h.reserved2,
    }),
    Geneve: ((geneve.GENEVE,), {
        "version": lambda h: 0, "optionlen": lambda h: len(h.options) // 4,
        "oam": lambda h: int(h.control), "critical": lambda h: int(h.critical),
        "reserved": lambda h: h.reserved, "proto": lambda h: h.protocol, "vni": lambda h: h.vni,
        "reserved2": lambda h: h.reserved2,
    }),
    GRE: ((l2.GRE,), {
        "chksum_present": lambda h: int(h.checksummed), "routing_present": lambda h: 0,
        "key_present": lambda h: int(h.key is not None), "version": lambda h: 0,
        "seqnum_present": lambda h: int(h.sequence is not None), "proto": lambda h: h.protocol,
        "chksum": lambda h: h.checksum, "key": lambda h: h.key,
        "sequence_number": lambda h: h.sequence,
    }),
    NVGRE: ((l2.GRE,), {
        "chksum_present": lambda h: 0, "key_present": lambda h: 1, "seqnum_present": lambda h: 0,
        "proto": lambda h: 0x6558, "key": lambda h: h.vsid << 8 | h.flow_id,
    }),
    MPLS: ((mpls.MPLS,), {
        "label": lambda h: h.label, "cos": lambda h: h.tc, "s": lambda h: int(h.bottom),
        "ttl": lambda h: h.ttl,
    }),
    GTPU: ((gtp.GTP_U_Header,), {
        "version": lambda h: 1, "PT": lambda h: 1, "E": lambda h: int(h.extension),
        "S": lambda h: int(h.sequenced), "PN": lambda h: int(h.npdu),
        "gtp_type": lambda h: h.message, "length": lambda h: h.length, "teid": lambda h: h.teid,
    }),
    OpenESP: ((ipsec.ESP,), {"spi": lambda h: h.spi, "seq": lambda h: h.sequence}),
    OpenWireGuard: ((wireguard.WireguardTransport,), {
        "receiver_index": lambda h: h.receiver, "counter": lambda h: h.counter,
    }),
}  # fmt: skip
"""For each of our headers: scapy's class for it, the names of its fields, and our values."""

BESIDE = (wireguard.Wireguard, gtp.GTPPDUSessionContainer)
"""Layers of scapy's that are a part of one of our headers."""


def form_of(layer: Header) -> tuple[tuple[type[ScapyPacket], ...], Fields] | None:
    """Scapy's class and fields for a header; None for what scapy does not know."""
    return next((FORMS[kind] for kind in type(layer).__mro__ if kind in FORMS), None)


def layers_of(packet: ScapyPacket) -> Iterator[ScapyPacket]:
    """Scapy's layers, outermost first, but for :data:`BESIDE`."""
    layer: Any = packet
    while layer:
        if not isinstance(layer, BESIDE):
            yield layer
        layer = layer.payload
