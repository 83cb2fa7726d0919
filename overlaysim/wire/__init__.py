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
from overlaysim.wire.checksum import checksum
from overlaysim.wire.decode import HEADERS, decode
from overlaysim.wire.dns import QTYPES, RCODES, DnsMessage, Question, Record
from overlaysim.wire.ethernet import Ethernet
from overlaysim.wire.header import Header
from overlaysim.wire.icmp import ICMP, ICMPv6
from overlaysim.wire.ip import IPv4
from overlaysim.wire.ipv6 import HopByHop, IPv6
from overlaysim.wire.malformed import MalformedPacket
from overlaysim.wire.packet import Packet
from overlaysim.wire.payload import Opaque, Payload
from overlaysim.wire.pcap import read_pcap
from overlaysim.wire.pcapng import PcapngWriter
from overlaysim.wire.tcp import TCP
from overlaysim.wire.udp import UDP
from overlaysim.wire.vxlan import VXLAN, VXLAN_PORT

__all__ = [
    "ARP",
    "BROADCAST_MAC",
    "HEADERS",
    "ICMP",
    "QTYPES",
    "RCODES",
    "TCP",
    "UDP",
    "VXLAN",
    "VXLAN_PORT",
    "ZERO_MAC",
    "DnsMessage",
    "Ethernet",
    "Header",
    "HopByHop",
    "ICMPv6",
    "IPv4",
    "IPv6",
    "MalformedPacket",
    "Opaque",
    "Packet",
    "Payload",
    "PcapngWriter",
    "Question",
    "Record",
    "checksum",
    "decode",
    "ip4_bytes",
    "ip4_text",
    "ip6_bytes",
    "ip6_text",
    "mac_bytes",
    "mac_text",
    "read_pcap",
]
