"""Frames as scapy reads them, and scapy's frames as we read them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sample_frames import HERE, THERE, sample_frames, ways
from scapy.contrib import geneve, gtp, mpls
from scapy.layers import inet, inet6, ipsec, l2, vxlan
from scapy_oracle import ScapyPacket, form_of, layers_of

from overlaysim.overlay.encapsulation import Encapsulation, Tunnel, encapsulation
from overlaysim.overlay.encapsulation.keys import EspCbc, EspGcm
from overlaysim.overlay.encapsulation.sealing import seal
from overlaysim.wire import ARP, UDP, Ethernet, IPv4, Opaque, OpenESP, OpenWireGuard, Packet, decode

CLOSED = (OpenESP, OpenWireGuard)
"""Behind these scapy sees ciphertext."""


def test_scapy_reads_every_field_as_it_was_built() -> None:
    """One frame of each way: all fields that scapy has, in the headers that it has."""
    seen: Counter[str] = Counter()
    for sample in sample_frames(11, len(ways())):
        theirs = layers_of(l2.Ether(sample.outer.pack()))
        for layer in sample.outer.resolved().layers:
            form = form_of(layer)
            if form is None:  # such as STT: what stands behind it is bytes to scapy
                break
            scapys = next(theirs)
            kinds, fields = form
            assert isinstance(scapys, kinds), f"{sample.encapsulation.name}: {layer!r}, {scapys!r}"
            for name, getter in fields.items():
                value = getattr(scapys, name)
                assert value == getter(layer), f"{type(layer).__name__}.{name}: {layer!r}"
            seen[type(layer).__name__] += 1
            if isinstance(layer, CLOSED) or is_fou(layer):
                break
    print(f"\nscapy: {sum(seen.values())} headers of {len(seen)} kinds, all fields equal")
    assert len(seen) >= 20


def is_fou(layer: object) -> bool:
    """FOU has no header, and scapy no name for its port."""
    return isinstance(layer, UDP) and layer.dst_port == 5555


# ---- the same frame built by both ---------------------------------------------------------

# 32 768 + 28 231 x FLOW / 2^32 is PORT; from the dynamic range it is 50 317.
NETWORK, FLOW, PORT = 0x01234, 0x12345678, 34_775
INNER = Packet(
    (Ethernet(THERE, HERE), IPv4("10.0.1.2", "10.0.1.3", ident=7), UDP(1111, 2222)), Opaque(33)
)
THEIR_PACKET = (
    inet.IP(src="10.0.1.2", dst="10.0.1.3", id=7)
    / inet.UDP(sport=1111, dport=2222)
    / bytes(range(33))
)  # fmt: skip
THEIR_FRAME = l2.Ether(dst=THERE, src=HERE) / THEIR_PACKET


def tunnel(family: int) -> Tunnel:
    source, target = ("10.77.0.1", "10.77.0.2") if family == 4 else ("fd77::1", "fd77::2")
    return Tunnel(
        source, target, "02:00:00:00:00:01", "02:00:00:00:00:02", NETWORK, FLOW, number=6, ident=9
    )


def udp(port: int, source: int = PORT) -> ScapyPacket:
    return inet.UDP(sport=source, dport=port)


OVN = geneve.GeneveOptions(classid=0x0102, type=0x80, data=bytes((0, 1, 0, 2)))
SESSION = gtp.GTPPDUSessionContainer(ExtHdrLen=1, type=1, QFI=1, NextExtHdr=0)
LIMIT = inet6.IPv6ExtHdrDestOpt(
    nh=4, options=[inet6.HBHOptUnknown(otype=4, optlen=1, optdata=b"\x04")]
)

SHIMS: dict[str, Any] = {
    "vxlan": lambda: udp(4789) / vxlan.VXLAN(flags=8, vni=NETWORK) / THEIR_FRAME,
    "vxlan-gbp": lambda: udp(4789) / vxlan.VXLAN(flags=0x88, gpid=1, vni=NETWORK) / THEIR_FRAME,
    "vxlan-gpe-eth": lambda: udp(4790) / vxlan.VXLAN(flags=0x0C, NextProtocol=3, vni=NETWORK)
                             / THEIR_FRAME,
    "vxlan-gpe-ip": lambda: udp(4790) / vxlan.VXLAN(flags=0x0C, NextProtocol=1, vni=NETWORK)
                            / THEIR_PACKET,
    "geneve-opt0": lambda: udp(6081) / geneve.GENEVE(vni=NETWORK, proto=0x6558) / THEIR_FRAME,
    "geneve-opt8": lambda: udp(6081)
                           / geneve.GENEVE(vni=NETWORK, proto=0x6558, critical=1, options=[OVN])
                           / THEIR_FRAME,
    "nvgre": lambda: l2.GRE(key_present=1, proto=0x6558, key=NETWORK << 8 | FLOW & 0xFF)
                     / THEIR_FRAME,
    "gre": lambda: l2.GRE() / THEIR_PACKET,
    "gre-key": lambda: l2.GRE(key_present=1, key=NETWORK) / THEIR_PACKET,
    "gre-key-seq": lambda: l2.GRE(key_present=1, seqnum_present=1, key=NETWORK,
                                    sequence_number=6) / THEIR_PACKET,
    "gre-csum-key-seq": lambda: l2.GRE(chksum_present=1, key_present=1, seqnum_present=1,
                                         key=NETWORK, sequence_number=6, offset=0) / THEIR_PACKET,
    "gretap": lambda: l2.GRE(proto=0x6558) / THEIR_FRAME,
    "gretap-key": lambda: l2.GRE(proto=0x6558, key_present=1, key=NETWORK) / THEIR_FRAME,
    "gre-in-udp": lambda: udp(4754) / l2.GRE() / THEIR_PACKET,
    "ipip": lambda: THEIR_PACKET,
    "ip-in-ipv6": lambda: THEIR_PACKET,
    "ip-in-ipv6-encaplimit": lambda: LIMIT / THEIR_PACKET,
    "fou-ipip": lambda: udp(5555) / THEIR_PACKET,
    "gtp-u": lambda: udp(2152, 2152) / gtp.GTP_U_Header(gtp_type=255, teid=NETWORK) / THEIR_PACKET,
    "gtp-u-pdu-session": lambda: udp(2152, 2152)
                                 / gtp.GTP_U_Header(gtp_type=255, teid=NETWORK, E=1, next_ex=0x85)
                                 / SESSION / THEIR_PACKET,
    "mpls-over-udp": lambda: udp(6635, 50_317) / mpls.MPLS(label=NETWORK, s=1, ttl=64)
                             / THEIR_PACKET,
    "mpls-over-udp-eth-pw": lambda: udp(6635, 50_317) / mpls.MPLS(label=NETWORK, s=1, ttl=64)
                                    / THEIR_FRAME,
    "evpn-vxlan": lambda: udp(4789) / vxlan.VXLAN(flags=8, vni=NETWORK) / THEIR_FRAME,
}  # fmt: skip
"""What stands behind the outer inet.IP header, as scapy builds it."""

LINKS: dict[str, Any] = {
    "none": lambda: LINK / THEIR_PACKET,
    "802.1q": lambda: LINK / l2.Dot1Q(vlan=NETWORK & 0xFFF) / THEIR_PACKET,
    "802.1ad-qinq": lambda: LINK / l2.Dot1AD(vlan=1) / l2.Dot1Q(vlan=0x234) / THEIR_PACKET,
    "mpls-1-label": lambda: LINK / mpls.MPLS(label=NETWORK, s=1, ttl=64) / THEIR_PACKET,
}
"""Whole frames without an outer inet.IP header."""


@pytest.mark.parametrize("name", SHIMS)
def test_scapy_builds_the_same_bytes(name: str) -> None:
    known = encapsulation(name)
    for family in known.families:
        ours = known.encapsulate(INNER, tunnel(family)).pack()
        theirs = bytes(outer(known, family) / SHIMS[name]())
        assert theirs == ours
        network, inner = known.decapsulate(known.decode(theirs))
        assert inner.pack() in (bytes(THEIR_FRAME), bytes(THEIR_PACKET))
        assert network in (None, NETWORK)
        assert decode(theirs).pack() == theirs


@pytest.mark.parametrize("name", LINKS)
def test_scapy_builds_the_same_frame_on_a_link(name: str) -> None:
    known = encapsulation(name)
    theirs = bytes(LINKS[name]())
    assert theirs == known.encapsulate(INNER, tunnel(4)).pack()
    assert known.decapsulate(known.decode(theirs))[1].pack() == bytes(THEIR_PACKET)


LINK = l2.Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")


def outer(known: Encapsulation, family: int) -> ScapyPacket:
    """Ethernet and inet.IP; what takes DF over from inside finds it clear there."""
    if family == 6:
        label = FLOW & 0xFFFFF if known.flow_label else 0
        return LINK / inet6.IPv6(src="fd77::1", dst="fd77::2", hlim=64, fl=label)
    return LINK / inet.IP(src="10.77.0.1", dst="10.77.0.2", id=9)


def test_arp_is_the_same_too() -> None:
    ours = Packet((Ethernet(THERE, HERE), ARP(1, HERE, "10.0.1.2", THERE, "10.0.1.3")))
    theirs = l2.Ether(dst=THERE, src=HERE) / l2.ARP(
        op=1, hwsrc=HERE, psrc="10.0.1.2", hwdst=THERE, pdst="10.0.1.3"
    )
    assert bytes(theirs) == ours.pack()


# ---- ciphers ------------------------------------------------------------------------------

ASSOCIATIONS = {
    "gcm16": (EspGcm(b"sixteen byte key", b"salt"),
              {"crypt_algo": "AES-GCM", "crypt_key": b"sixteen byte keysalt"}),
    "cbc-sha256": (EspCbc(b"a key for blocks", bytes(range(32))),
                   {"crypt_algo": "AES-CBC", "crypt_key": b"a key for blocks",
                    "auth_algo": "SHA2-256-128", "auth_key": bytes(range(32))}),
}  # fmt: skip


@pytest.mark.parametrize("cipher", ASSOCIATIONS)
@pytest.mark.parametrize("size", [0, 1, 2, 3, 64, 1000])
def test_scapy_encrypts_to_the_same_bytes(cipher: str, size: int) -> None:
    """ESP in tunnel mode over IPv4, and back."""
    keys, algorithm = ASSOCIATIONS[cipher]
    known = encapsulation(f"esp-tunnel-aes-{cipher}")
    inner = Packet(INNER.layers, Opaque(size))
    built = known.encapsulate(inner, tunnel(4))
    sealed = seal(built, keys).pack()
    header = inet.IP(src="10.77.0.1", dst="10.77.0.2", id=9)
    association = ipsec.SecurityAssociation(
        ipsec.ESP, spi=NETWORK, tunnel_header=header, **algorithm
    )
    iv = built.layers[2].iv
    theirs = association.encrypt(inet.IP(inner.inner(1).pack()), seq_num=7, iv=iv)
    assert sealed[14:] == bytes(theirs)
    assert bytes(association.decrypt(inet.IP(sealed[14:]), verify=True)) == inner.inner(1).pack()
