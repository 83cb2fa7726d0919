"""Ciphertext: what was sealed comes back, and the bytes are those of the specifications."""

from __future__ import annotations

import subprocess
import sys

import pytest

from overlaysim.errors import InputError
from overlaysim.overlay.encapsulation import (
    Encapsulation,
    NotDelivered,
    Tunnel,
    encapsulation,
    encapsulations,
)
from overlaysim.overlay.encapsulation.keys import (
    EspCbc,
    EspGcm,
    Keys,
    QuicKeys,
    WireGuardKey,
    docker_keys,
    header_mask,
)
from overlaysim.overlay.encapsulation.sealing import seal, unseal
from overlaysim.wire import (
    ESP,
    UDP,
    EspCbcSha256,
    EspGcm8,
    EspGcm16,
    Ethernet,
    IPv4,
    IPv6,
    Opaque,
    OpenWireGuard,
    Packet,
    QuicDatagram,
    QuicIpDatagram,
    WireGuard,
    decode,
)

GCM = EspGcm(bytes(range(16)), b"salt")
QUIC = QuicKeys(bytes(range(16)), bytes(range(12)), bytes(range(16, 32)))
KEYS: dict[type, Keys] = {
    EspGcm16: GCM, EspGcm8: EspGcm(bytes(range(32)), b"salt", icv=8),
    EspCbcSha256: EspCbc(bytes(range(24)), bytes(range(32))),
    OpenWireGuard: WireGuardKey(bytes(range(32))), QuicDatagram: QUIC, QuicIpDatagram: QUIC,
}  # fmt: skip
SEALED = [
    (known, family, keys)
    for known in encapsulations()
    for family in known.families
    for kind, keys in KEYS.items()
    if kind in known._kinds
]
IDS = [f"{known.name}-ipv{family}" for known, family, _ in SEALED]
HERE, THERE = "02:42:0a:00:01:02", "02:42:0a:00:01:03"


def tunnel(family: int) -> Tunnel:
    source, target = ("10.77.0.1", "10.77.0.2") if family == 4 else ("fd77::1", "fd77::2")
    macs = "02:00:0a:4d:00:01", "02:00:0a:4d:00:02"
    return Tunnel(source, target, *macs, network=4097, flow=0x12345678, number=3, ident=9)


def frame(family: int, size: int) -> Packet:
    ip = IPv4("10.0.1.2", "10.0.1.3") if family == 4 else IPv6("fd00:1::2", "fd00:1::3")
    return Packet((Ethernet(THERE, HERE), ip, UDP(1111, 2222)), Opaque(size))


def built(known: Encapsulation, family: int, size: int) -> Packet:
    """A packet in the clear; ESP transport carries what its own outer header can."""
    inner = family if family in known.inner else known.inner[0]
    return known.encapsulate(frame(inner, size), tunnel(family))


@pytest.mark.parametrize(("known", "family", "keys"), SEALED, ids=IDS)
@pytest.mark.parametrize("size", [0, 1, 18, 64, 65, 1000])
def test_unseal_is_the_inverse_of_seal(
    known: Encapsulation, family: int, keys: Keys, size: int
) -> None:
    outer = built(known, family, size)
    sealed = seal(outer, keys)
    data = sealed.pack()
    assert len(data) == outer.length
    assert decode(data) == sealed
    assert sealed.recomputed().pack() == data  # outer lengths and checksums are right
    assert bytes(Opaque(size))[:16] not in data or size < 16
    assert unseal(decode(data), keys, known) == known.decode(outer.pack())


@pytest.mark.parametrize(("known", "family", "keys"), SEALED, ids=IDS)
def test_a_changed_bit_is_noticed(known: Encapsulation, family: int, keys: Keys) -> None:
    outer = built(known, family, 50)
    start = next(i for i, layer in enumerate(outer.layers) if isinstance(layer, keys.OPEN))
    nonce = sum(layer.header_length for layer in outer.layers[:start]) + 8
    data = seal(outer, keys).pack()
    for place in (-1, -40, nonce):  # tag, ciphertext, header
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(NotDelivered, match="the integrity check fails"):
            unseal(decode(bytes(changed)), keys, known)


def test_a_sealed_packet_shows_what_an_outsider_sees() -> None:
    kinds = {}
    for name, keys in (("esp-tunnel-aes-gcm16", GCM), ("wireguard", KEYS[OpenWireGuard]),
                       ("masque-connect-ip", QUIC)):  # fmt: skip
        sealed = seal(encapsulation(name).encapsulate(frame(4, 50), tunnel(4)), keys)
        kinds[name] = [type(layer) for layer in sealed.layers]
    assert kinds == {
        "esp-tunnel-aes-gcm16": [Ethernet, IPv4, ESP],
        "wireguard": [Ethernet, IPv4, UDP, WireGuard],
        "masque-connect-ip": [Ethernet, IPv4, UDP],
    }


def test_what_cannot_be_sealed() -> None:
    plain = encapsulation("vxlan").encapsulate(frame(4, 9), tunnel(4))
    with pytest.raises(InputError, match="EspGcm seals a packet with EspGcm16 or EspGcm8, not <"):
        seal(plain, GCM)
    with pytest.raises(NotDelivered, match="nothing in the packet is sealed"):
        unseal(plain, GCM, encapsulation("vxlan"))


def test_without_the_extra_the_message_says_what_to_install() -> None:
    """In a process of its own, where ``cryptography`` cannot be found."""
    code = (
        "import sys; sys.modules['cryptography'] = None\n"
        "import overlaysim.overlay.encapsulation\n"
        "from overlaysim.errors import InputError\n"
        "try:\n"
        "    import overlaysim.overlay.encapsulation.sealing\n"
        "except InputError as error:\n"
        "    print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == (
        "sealing packets needs the package cryptography; pip install 'overlaysim[crypto]'\n"
    )


# ---- test vectors -------------------------------------------------------------------------


def test_esp_with_aes_gcm() -> None:
    """draft-mcgrew-gcm-test-01 section 4: AES-256, SPI 4a2cbfe3, sequence number 2."""
    plain = (
        "4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee0000000007002400020bf0000"
        "020405b40101040201020201"
    )
    sealed = (
        "ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763748a637985771d34"
        "7f0545659f14e99def842d8eb335f4eecfdbf831824b4c4915956c96"
    )
    front = "4a2cbfe300000002" + "0102030405060708"
    key = bytes.fromhex("abbccddef00112233445566778899aababbccddef00112233445566778899aab")
    keys = EspGcm(key, bytes.fromhex("11223344"))
    clear = bytes.fromhex(front + plain) + bytes(16)
    assert keys.seal(clear) == bytes.fromhex(front + sealed)
    assert keys.unseal(bytes.fromhex(front + sealed)) == clear


def test_esp_with_aes_cbc() -> None:
    """RFC 3602 section 4, case 5: a ping in transport mode; it has no integrity check."""
    plain = (
        "08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        "202122232425262728292a2b2c2d2e2f3031323334353637" "0102030405060708090a0b0c0d0e0e01"
    )  # fmt: skip
    sealed = (
        "f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db08"
        "0b59ec3a8e4b7e52775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a6"
    )
    front = "0000432100000001" + "e96e8c08ab465763fd098d45dd3ff893"
    keys = EspCbc(bytes.fromhex("90d382b410eeba7ad938c46cec1a82bf"), bytes(32))
    message = keys.seal(bytes.fromhex(front + plain) + bytes(16))
    assert message[:-16] == bytes.fromhex(front + sealed)
    assert keys.unseal(message) == bytes.fromhex(front + plain) + bytes(16)


def test_hmac_sha_256_128() -> None:
    """RFC 4868 section 2.7.2.1, AUTH256-1: the key 0b … 0b and "Hi There"."""
    from overlaysim.overlay.encapsulation.aead import hmac_sha256

    assert hmac_sha256(bytes(32 * [0x0B]), b"Hi There").hex() == (
        "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7"
    )


def test_header_protection_of_quic() -> None:
    """RFC 9001 appendix A.2: the client's first packet."""
    key = bytes.fromhex("9f50449e04a0e810283a1e9933adedd2")
    sample = bytes.fromhex("d1b1c98dd7689fb8ec11d242b123dc9b")
    assert header_mask(key, sample).hex() == "437b9aec36"


def test_the_nonce_of_wireguard_is_the_counter() -> None:
    """White paper section 5.4.6: four zeros, then the counter, little-endian."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    key, counter = bytes(range(32)), 0x0102030405060708
    front = bytes.fromhex("04000000 01000000") + counter.to_bytes(8, "little")
    message = WireGuardKey(key).seal(front + b"sixteen bytes!!!" + bytes(16))
    nonce = bytes(4) + bytes.fromhex("0807060504030201")
    assert ChaCha20Poly1305(key).decrypt(nonce, message[16:], None) == b"sixteen bytes!!!"
    assert message[:16] == front


def test_docker_takes_the_spi_as_salt() -> None:
    assert docker_keys(bytes(16), 0x01020304) == EspGcm(bytes(16), b"\1\2\3\4", icv=8)
