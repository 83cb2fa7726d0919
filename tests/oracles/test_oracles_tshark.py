"""Over ten thousand frames of all encapsulations, as Wireshark's dissectors read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest
from sample_frames import OURS, Sample, addresses, networks, sample_frames, ways
from tshark_oracle import (
    ALL_FIELDS,
    CHECKSUMS,
    ask,
    expected_fields,
    expected_protocols,
    same,
    shown,
    write_capture,
)

from overlaysim.overlay.encapsulation import Carries, Encapsulation, encapsulation
from overlaysim.overlay.encapsulation.ciphers import docker_spi
from overlaysim.overlay.encapsulation.keys import (
    EspCbc,
    EspGcm,
    Keys,
    QuicKeys,
    WireGuardKey,
    docker_keys,
)
from overlaysim.overlay.encapsulation.sealing import seal
from overlaysim.wire import TCP, Packet

SEED, ROUNDS = 4, 20
"""So many frames of each way through each encapsulation."""

GCM, CBC = EspGcm(b"sixteen byte key", b"salt"), EspCbc(b"a key for blocks", bytes(range(32)))
DOCKER_KEY = b"a network's key!"
QUIC = QuicKeys(b"quic's own key..", b"twelve bytes", b"header's own key")
KEYS: dict[str, Keys] = {
    "esp-transport-aes-gcm16": GCM, "esp-tunnel-aes-gcm16": GCM, "esp-udp-tunnel-aes-gcm16": GCM,
    "vxlan-esp-gcm16": GCM, "esp-transport-aes-cbc-sha256": CBC, "esp-tunnel-aes-cbc-sha256": CBC,
    "wireguard": WireGuardKey(bytes(32)), "vxlan-over-wireguard": WireGuardKey(bytes(32)),
    "masque-connect-ip": QUIC, "masque-connect-udp": QUIC,
}  # fmt: skip
PSEUDOWIRE, COOKIE = "mpls-over-udp-eth-pw", "l2tpv3-ip-l2spec-cookie8"

STT_GOOD = "Bad checksum [should be 0x0000]"
"""What tshark says of STT's good checksums.

It sums up the whole segment with its checksum, which gives 0 if that is right, and then compares
the 0 with the checksum itself; see :func:`test_a_wrong_checksum_of_stt_would_show`.
"""

HARMLESS = (
    '"Time To Live" only 1',
    '"Hop Limit" only 1',
    "Possible traceroute: hop #",
    "Unknown QUIC connection. Missing Initial Packet or migrated connection?",
    STT_GOOD,
)
"""Remarks that are no mistake of ours.

Some samples have an outer TTL of 1, some a source port as traceroute's destination ports; there is
no handshake that would tell a QUIC connection's keys; what STT is said to have is good.
"""


class Case(NamedTuple):
    """A sample, the bytes that tshark gets, and the headers it should see in them."""

    sample: Sample
    data: bytes
    shown: Packet


def case(sample: Sample) -> Case:
    """Seal the sample if its encapsulation is a cipher."""
    keys = KEYS.get(sample.encapsulation.name)
    if sample.encapsulation.name == "vxlan-esp-docker":
        spi = docker_spi(sample.tunnel.source, sample.tunnel.target)
        keys = docker_keys(DOCKER_KEY, spi)
    clear = sample.outer
    if keys is None:
        return Case(sample, clear.pack(), clear.resolved())
    sealed = seal(clear, keys)
    start = next(i for i, layer in enumerate(clear.layers) if isinstance(layer, keys.OPEN))
    return Case(sample, sealed.pack(), shown(sealed, clear, start))


def associations() -> list[str]:
    """tshark's options for the security associations of all samples."""
    rows = []
    for known in OURS:
        keys = KEYS.get(known.name)
        if isinstance(keys, EspGcm | EspCbc):
            rows += [association(known, keys, "*", "*", "*", family) for family in known.families]
    docker = encapsulation("vxlan-esp-docker")
    for family in docker.families:
        for source in addresses(docker, family):
            for target in addresses(docker, family):
                spi = docker_spi(source, target)
                keys = docker_keys(DOCKER_KEY, spi)
                rows.append(association(docker, keys, source, target, f"0x{spi:08x}", family))
    return [option for row in rows for option in ("-o", f"uat:esp_sa:{row}")]


def association(
    known: Encapsulation, keys: EspGcm | EspCbc, source: str, target: str, spi: str, family: int
) -> str:
    """One row of tshark's table of associations."""
    place = OURS.index(known)
    inside = known.carries is Carries.SEGMENT
    if source == "*" and family == 4:
        source = target = f"10.{0 if inside else 77}.{place}.*"
    elif source == "*":
        source = target = f"fd{'00' if inside else '77'}:{place:04x}:0000:0000:0000:0000:0000:****"
    if isinstance(keys, EspGcm):
        cipher, key = f"AES-GCM with {keys.icv} octet ICV [RFC4106]", keys.key + keys.salt
        check, integrity = "NULL", b""
    else:
        cipher, key = "AES-CBC [RFC3602]", keys.key
        check, integrity = "HMAC-SHA-256-128 [RFC4868]", keys.integrity
    fields = (f"IPv{family}", source, target, spi, cipher, f"0x{key.hex()}", check,
              f"0x{integrity.hex()}" if integrity else "", "32-bit", "")  # fmt: skip
    return ",".join(f'"{field}"' for field in fields)


def compare(case: Case, row: dict[str, str]) -> Iterator[str]:
    """Yield what tshark sees differently."""
    packet = case.shown
    if row["_ws.malformed"]:
        yield "malformed"
    for remark in filter(None, row["_ws.expert.message"].split("|")):
        if not remark.startswith(HARMLESS):
            yield remark
    protocols = expected_protocols(packet)
    if row["frame.protocols"] != protocols:
        yield f"{row['frame.protocols']}, not {protocols}"
    for field, ours in expected_fields(packet).items():
        if not same(row[field], ours):
            yield f"{field}: {row[field]}, not {ours}"
    for checksum in CHECKSUMS:
        for status in filter(None, row[checksum].split("|")):
            if status not in GOOD[checksum]:
                yield f"{checksum}: {status}"


GOOD = {checksum: ("1",) for checksum in CHECKSUMS}
GOOD |= {"udp.checksum.status": ("1", "3"), "stt.checksum.status": ("0",)}
"""A UDP checksum may be absent, nothing else; for STT's see :data:`STT_GOOD`."""


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [case(sample) for sample in sample_frames(SEED, ROUNDS * len(ways()))]


@pytest.mark.slow
def test_tshark_reads_every_frame_as_it_was_built(cases: list[Case], tmp_path: Path) -> None:
    """Protocol stack, checksums, lengths and every field that it has a name for."""
    labels = [f"-dmpls.label=={label},pwethnocw" for label in networks(encapsulation(PSEUDOWIRE))]
    sized = {
        False: ("-o", "l2tp.cookie_size:None", "-o", "l2tp.l2_specific:None"),
        True: ("-o", "l2tp.cookie_size:8 Byte Cookie",
               "-o", "l2tp.l2_specific:Default L2-Specific"),
    }  # fmt: skip
    rows: list[tuple[Case, dict[str, str]]] = []
    for cookie, options in sized.items():
        part = [c for c in cases if (c.sample.encapsulation.name == COOKIE) is cookie]
        capture = tmp_path / f"{cookie}.pcapng"
        write_capture(capture, [c.data for c in part])
        rows += zip(part, ask(capture, *options, *labels, *associations()), strict=True)
    assert len(rows) == len(cases) > 10_000
    wrong = {f"{c.sample.encapsulation.name}: {text} in {c.shown!r}": None
             for c, row in rows for text in compare(c, row)}  # fmt: skip
    assert not wrong, "\n".join(islice(wrong, 20))
    report(rows)


def test_a_wrong_checksum_of_stt_would_show(tmp_path: Path) -> None:
    """One more than the right checksum: tshark's sum is then no longer 0."""
    known = encapsulation("stt-single-segment")
    outer = next(s.outer for s in sample_frames(SEED, len(ways())) if s.encapsulation is known)
    tcp = outer.resolved().layer(2, TCP)
    remarks = []
    for wrong in (0, 1):
        data = outer.replace(2, tcp.replace(checksum=tcp.checksum + wrong)).pack()
        write_capture(tmp_path / "stt.pcapng", [data])
        remarks.append(ask(tmp_path / "stt.pcapng")[0]["_ws.expert.message"])
    assert STT_GOOD in remarks[0]
    assert STT_GOOD not in remarks[1]
    assert "Bad checksum [should be 0x" in remarks[1]


def report(rows: Sequence[tuple[Case, dict[str, str]]]) -> None:
    """Say what was compared."""
    names = {c.sample.encapsulation.name for c, _ in rows}
    fields = sum(row[name].count("|") + 1 for _, row in rows for name in ALL_FIELDS if row[name])
    good = Counter(name.split(".")[0] for _, row in rows for name in CHECKSUMS
                   for status in row[name].split("|") if status == "1")  # fmt: skip
    print(f"\ntshark: {len(rows)} frames of {len(names)} encapsulations, none malformed")
    print(f"equal fields: {fields}")
    print("good checksums:", ", ".join(f"{count} {name}" for name, count in good.items()))
