"""Headers, packets, DNS messages and capture files: what is on a wire, as values and as bytes."""

from overlaysim.wire.addresses import (
    BROADCAST_MAC,
    ZERO_MAC,
    ip4_bytes,
    ip4_text,
    ip6_bytes,
    ip6_text,
    mac_bytes,
    mac_text,
)  # fmt: skip
from overlaysim.wire.arp import ARP
from overlaysim.wire.as_json import frame_from_json, frame_to_json
from overlaysim.wire.capture import CapturedFrame, CaptureRecord
from overlaysim.wire.checksum import checksum
from overlaysim.wire.decode import HEADERS, decode
from overlaysim.wire.dissect import dissect
from overlaysim.wire.dns import QTYPES, RCODES, DnsMessage, Question, Record
from overlaysim.wire.esp import ESP, NAT_PORT, EspCbcSha256, EspGcm8, EspGcm16, OpenESP
from overlaysim.wire.ethernet import Ethernet
from overlaysim.wire.geneve import GENEVE_PORT, Geneve
from overlaysim.wire.gre import GRE, GRE_IN_UDP_PORT, NVGRE
from overlaysim.wire.gtp import GTP_PORT, GTPU
from overlaysim.wire.gue import GUE, GUE_PORT
from overlaysim.wire.header import Header
from overlaysim.wire.icmp import ICMP, ICMPv6
from overlaysim.wire.ip import IPv4
from overlaysim.wire.ipv6 import DestinationOptions, HopByHop, IPv6, IPv6Fragment
from overlaysim.wire.l2tp import L2TP_PORT, L2TPv3, L2TPv3Cookie, L2TPv3overUDP
from overlaysim.wire.malformed import MalformedPacket
from overlaysim.wire.mpls import MPLS, MPLS_OVER_UDP_PORT
from overlaysim.wire.packet import Packet
from overlaysim.wire.payload import Opaque, Payload
from overlaysim.wire.pcap import read_pcap
from overlaysim.wire.pcapng import PcapngWriter
from overlaysim.wire.quic import QUIC_PORT, QuicDatagram, QuicIpDatagram
from overlaysim.wire.read_capture import read_capture
from overlaysim.wire.stt import STT, STT_PORT
from overlaysim.wire.tcp import TCP
from overlaysim.wire.udp import UDP
from overlaysim.wire.vlan import Dot1Q, ServiceTag
from overlaysim.wire.vxlan import VXLAN, VXLAN_GPE_PORT, VXLAN_PORT, VxlanGbp, VxlanGpe
from overlaysim.wire.wireguard import WIREGUARD_PORT, OpenWireGuard, WireGuard

__all__ = [
    "ARP",
    "BROADCAST_MAC",
    "ESP",
    "GENEVE_PORT",
    "GRE",
    "GRE_IN_UDP_PORT",
    "GTPU",
    "GTP_PORT",
    "GUE",
    "GUE_PORT",
    "HEADERS",
    "ICMP",
    "L2TP_PORT",
    "MPLS",
    "MPLS_OVER_UDP_PORT",
    "NAT_PORT",
    "NVGRE",
    "QTYPES",
    "QUIC_PORT",
    "RCODES",
    "STT",
    "STT_PORT",
    "TCP",
    "UDP",
    "VXLAN",
    "VXLAN_GPE_PORT",
    "VXLAN_PORT",
    "WIREGUARD_PORT",
    "ZERO_MAC",
    "CaptureRecord",
    "CapturedFrame",
    "DestinationOptions",
    "DnsMessage",
    "Dot1Q",
    "EspCbcSha256",
    "EspGcm8",
    "EspGcm16",
    "Ethernet",
    "Geneve",
    "Header",
    "HopByHop",
    "ICMPv6",
    "IPv4",
    "IPv6",
    "IPv6Fragment",
    "L2TPv3",
    "L2TPv3Cookie",
    "L2TPv3overUDP",
    "MalformedPacket",
    "Opaque",
    "OpenESP",
    "OpenWireGuard",
    "Packet",
    "Payload",
    "PcapngWriter",
    "Question",
    "QuicDatagram",
    "QuicIpDatagram",
    "Record",
    "ServiceTag",
    "VxlanGbp",
    "VxlanGpe",
    "WireGuard",
    "checksum",
    "decode",
    "dissect",
    "frame_from_json",
    "frame_to_json",
    "ip4_bytes",
    "ip4_text",
    "ip6_bytes",
    "ip6_text",
    "mac_bytes",
    "mac_text",
    "read_capture",
    "read_pcap",
]
