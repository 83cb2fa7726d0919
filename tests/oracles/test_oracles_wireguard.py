"""With the handshake before them, tshark decrypts our WireGuard packets."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_frames import MTU, Sample, sample_frames, ways
from tshark_oracle import (
    CHECKSUMS,
    ask,
    expected_fields,
    expected_protocols,
    same,
    shown,
    write_capture,
)
from wireguard_handshake import handshake

from overlaysim.overlay.encapsulation import Tunnel
from overlaysim.overlay.encapsulation.keys import WireGuardKey
from overlaysim.overlay.encapsulation.sealing import seal
from overlaysim.wire import UDP, Ethernet, IPv4, OpenWireGuard, Packet

INITIATOR, RESPONDER = 0x01020304, 0x0A0B0C0D
"""What the two peers call the session."""

HERE, THERE = "02:00:00:00:00:01", "02:00:00:00:00:02"
FORTH = Ethernet(THERE, HERE), IPv4("10.77.0.1", "10.77.0.2"), UDP(51_820, 51_820)
BACK = Ethernet(HERE, THERE), IPv4("10.77.0.2", "10.77.0.1"), UDP(51_820, 51_820)
MESSAGE = 3
"""Which layer the message of WireGuard is."""


@pytest.mark.parametrize("name", ["wireguard", "vxlan-over-wireguard"])
def test_tshark_decrypts_our_packets(name: str, tmp_path: Path) -> None:
    session = handshake(INITIATOR, RESPONDER)
    samples = [s for s in sample_frames(3, 8 * len(ways())) if s.encapsulation.name == name]
    clear = [outer(sample, number) for number, sample in enumerate(samples)]
    sealed = [seal(packet, WireGuardKey(session.key)) for packet in clear]
    greeting = Packet(FORTH, session.initiation), Packet(BACK, session.response)
    capture, log = tmp_path / "wireguard.pcapng", tmp_path / "keys"
    write_capture(capture, (packet.pack() for packet in (*greeting, *sealed)))
    log.write_text(session.log, encoding="ascii")
    rows = ask(capture, "-o", f"wg.keylog_file:{log}")[len(greeting) :]
    assert len(rows) == len(clear) >= 90
    for closed, opened, row in zip(sealed, clear, rows, strict=True):
        packet = shown(closed, opened, MESSAGE)
        assert row["_ws.malformed"] == "", packet
        assert row["frame.protocols"] == expected_protocols(packet, closed=()), packet
        for field, ours in expected_fields(packet, closed=()).items():
            assert same(row[field], ours), (field, row[field], packet)
        assert {"0", "4"}.isdisjoint(s for c in CHECKSUMS for s in row[c].split("|")), packet
    print(f"\ntshark decrypted {len(rows)} packets of {name}")


def outer(sample: Sample, number: int) -> Packet:
    """The sample's frame in the session between the two peers."""
    link, ip, _ = FORTH
    network = sample.encapsulation.identifier(RESPONDER)
    tunnel = Tunnel(
        ip.src, ip.dst, link.src, link.dst, network, sample.tunnel.flow, number, mtu=MTU
    )  # fmt: skip
    packet = sample.encapsulation.encapsulate(sample.inner, tunnel)
    message = packet.layer(MESSAGE, OpenWireGuard)
    return packet.replace(MESSAGE, message.replace(receiver=RESPONDER))
