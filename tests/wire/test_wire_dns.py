"""DNS messages: both ways, compressed, hostile, and in the eyes of another implementation."""

from __future__ import annotations

import string
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.wire import DnsMessage, MalformedPacket, Question, Record
from overlaysim.wire.dns_names import name_labels, name_text, read_name

LABEL = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=20)
NAME = st.lists(LABEL, min_size=0, max_size=4).map(lambda labels: ".".join(labels) or ".")
ODD_LABELS = st.lists(st.binary(min_size=1, max_size=12), max_size=6).map(tuple)
U16, U32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFF_FFFF)
DATA = st.one_of(
    st.tuples(st.just("A"), st.binary(min_size=4, max_size=4).map(lambda b: str(IPv4Address(b)))),
    st.tuples(
        st.just("AAAA"), st.binary(min_size=16, max_size=16).map(lambda b: str(IPv6Address(b)))
    ),
    st.tuples(st.sampled_from(["PTR", "CNAME", "NS"]), NAME),
    st.tuples(st.just("MX"), st.builds(lambda n, name: f"{n} {name}", U16, NAME)),
    st.tuples(st.just("SRV"), st.builds(lambda n, name: f"1 {n} 80 {name}", U16, NAME)),
    st.tuples(st.just("SOA"), st.builds(lambda a, b, n: f"{a} {b} {n} 1 2 3 4", NAME, NAME, U32)),
    st.tuples(
        st.sampled_from(["TXT", "TYPE4711", "OPT"]),
        st.binary(max_size=30).map(lambda b: f"\\# {len(b)} {b.hex()}".rstrip()),
    ),
)
RECORDS = st.lists(
    st.builds(lambda name, ttl, data: Record(name, data[0], ttl, data[1]), NAME, U32, DATA),
    max_size=4,
).map(tuple)
MESSAGES = st.builds(
    DnsMessage,
    ident=U16,
    questions=st.lists(
        st.builds(Question, NAME, st.sampled_from(["A", "AAAA", "PTR", "TYPE99"])), max_size=2
    ).map(tuple),
    answers=RECORDS,
    authority=RECORDS,
    additional=RECORDS,
    rcode=st.sampled_from(["NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED", "RCODE11"]),
    opcode=st.integers(0, 15),
    **dict.fromkeys(
        ("response", "authoritative", "truncated", "recursion_desired", "recursion_available",
         "authentic_data", "checking_disabled", "reserved"),
        st.booleans(),
    ),
)  # fmt: skip

ANSWER = DnsMessage(
    0x1234,
    (Question("tasks.api"),),
    tuple(Record("tasks.api", "A", 600, f"10.0.1.{last}") for last in (5, 3, 4)),
    response=True,
    recursion_available=True,
)


@given(MESSAGES, st.booleans())
def test_unpack_is_the_inverse_of_pack(message: DnsMessage, compress: bool) -> None:
    assert DnsMessage.unpack(message.pack(compress=compress)) == message


@given(ODD_LABELS)
def test_names_of_any_bytes_survive_as_text(labels: tuple[bytes, ...]) -> None:
    assert name_labels(name_text(labels)) == labels
    assert name_text(labels).isascii()


def test_repeated_names_become_pointers() -> None:
    """RFC 1035 section 4.1.4: two bytes that hold the place of the first occurrence."""
    packed = ANSWER.pack()
    assert len(packed) == 12 + 11 + 4 + 3 * (2 + 10 + 4)
    assert packed.count(b"\xc0\x0c") == 3
    assert len(ANSWER.pack(compress=False)) == len(packed) + 3 * 9


def test_a_suffix_is_shared() -> None:
    data = b"\x03api\x07overlay\x00" + b"\x05tasks\xc0\x00" + b"\xc0\x04"
    assert read_name(data, 0) == ("api.overlay", 13)
    assert read_name(data, 13) == ("tasks.api.overlay", 21)
    assert read_name(data, 21) == ("overlay", 23)


@pytest.mark.parametrize(
    ("data", "start"),
    [
        (b"\xc0\x00", 0),  # to itself
        (b"\x01a\xc0\x00", 0),  # into its own labels
        (b"\xc0\x02\x01a\x00", 0),  # forward
        (b"\xc0", 0),
        (b"\x05abc", 0),
        (b"\x40a\x00", 0),  # a label type that never came into use
        (b"", 0),
        (b"\x3f" + bytes(63) + b"\x3f" + bytes(63) + b"\x3f" + bytes(63) + b"\x3f" + bytes(64), 0),
    ],
)
def test_hostile_names_end(data: bytes, start: int) -> None:
    with pytest.raises(MalformedPacket):
        read_name(data, start)


def test_long_chains_of_pointers_end() -> None:
    chain = b"\x00\x00" + b"".join((2 * n).to_bytes(2, "big") for n in range(0x6000, 0x6100))
    assert read_name(chain, 2 * 100) == (".", 202)
    with pytest.raises(MalformedPacket, match="pointers lead nowhere"):
        read_name(chain, 2 * 200)


def test_names_beyond_the_reach_of_a_pointer_are_written_out() -> None:
    """A pointer has 14 bits, so what first stands after 16 KiB cannot be pointed to."""
    text = Record("text", "TXT", 1, f"\\# 16384 {bytes(16384).hex()}")
    far = (Record("far", "A", 1, "10.0.1.2"), Record("far", "A", 1, "10.0.1.3"))
    message = DnsMessage(1, answers=(text, *far))
    assert message.pack().count(b"\x03far\x00") == 2
    assert DnsMessage.unpack(message.pack()) == message


@pytest.mark.parametrize("compress", [True, False])
def test_the_target_of_a_service_record_is_never_a_pointer(compress: bool) -> None:
    """RFC 2782."""
    message = DnsMessage(1, answers=(Record("web", "SRV", 1, "0 1 80 web"),))
    assert message.pack(compress=compress).count(b"\x03web\x00") == 2


@pytest.mark.parametrize("length", [3, 5])
@pytest.mark.parametrize(("rtype", "value", "size"), [("A", "10.0.1.2", 4), ("AAAA", "::1", 16)])
def test_data_of_the_wrong_length_are_refused(
    rtype: str, value: str, size: int, length: int
) -> None:
    packed = DnsMessage(1, answers=(Record("a", rtype, 1, value),)).pack()
    data = packed[: -size - 2] + length.to_bytes(2, "big") + bytes(length)
    with pytest.raises(MalformedPacket, match=f"{rtype} record: its data do not end"):
        DnsMessage.unpack(data)


@given(st.binary(max_size=80), st.integers(0, 80))
def test_mutated_messages(noise: bytes, place: int) -> None:
    packed = ANSWER.pack()
    data = packed[:place] + noise + packed[place + len(noise) :]
    for candidate in (data, noise):
        try:
            message = DnsMessage.unpack(candidate)
        except MalformedPacket:
            continue
        assert DnsMessage.unpack(message.pack()) == message


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (DnsMessage(1, (Question("a" * 64),)), "a label has 64 bytes, allowed are 63"),
        (DnsMessage(1, (Question(".".join(["a" * 60] * 5)),)), "takes 306 bytes, allowed are 255"),
        (DnsMessage(1, (Question("a..b"),)), "a label is empty"),
        (DnsMessage(1, (Question("naïve☃"),)), "use ASCII letters"),
        (DnsMessage(1, (Question("a", "AAA"),)), "did you mean AAAA"),
        (DnsMessage(1, rcode="NXDOMIAN"), "did you mean NXDOMAIN"),
        (DnsMessage(65536), "DnsMessage.ident: 65536 does not fit"),
        (DnsMessage(1, answers=(Record("a", "A", 1, "10.0.0.300"),)), "not an IPv4 address"),
        (DnsMessage(1, answers=(Record("a", "A", 1, ""),)), "should have 1 parts"),
        (DnsMessage(1, answers=(Record("a", "A", -1, "10.0.0.3"),)), "Record.*ttl=-1"),
        (DnsMessage(1, answers=(Record("a", "MX", 1, "70000 b"),)), "not a number of 16 bits"),
        (DnsMessage(1, answers=(Record("a", "TXT", 1, "hello"),)), r"write its data as \\# length"),
    ],
)
def test_impossible_messages_are_explained(message: DnsMessage, problem: str) -> None:
    with pytest.raises(MalformedPacket, match=problem):
        message.pack()


def test_names_ignore_a_final_dot() -> None:
    assert name_labels("web.app-overlay.") == name_labels("web.app-overlay")
    assert name_labels(".") == ()


def test_another_implementation_reads_the_same() -> None:
    scapy = pytest.importorskip("scapy.layers.dns")
    theirs = scapy.DNS(ANSWER.pack())
    assert (theirs.id, theirs.qr, theirs.rd, theirs.ra, theirs.aa, theirs.rcode) == (
        0x1234, 1, 1, 1, 0, 0,
    )  # fmt: skip
    assert theirs.qd[0].qname == b"tasks.api."
    assert [(answer.rrname, answer.ttl, answer.rdata) for answer in theirs.an] == [
        (b"tasks.api.", 600, f"10.0.1.{last}") for last in (5, 3, 4)
    ]


def test_another_implementation_writes_the_same() -> None:
    scapy = pytest.importorskip("scapy.layers.dns")
    name = "tasks.api"
    theirs = scapy.DNS(
        id=0x1234, qr=1, rd=1, ra=1, qd=[scapy.DNSQR(qname=name)],
        an=[scapy.DNSRR(rrname=name, ttl=600, rdata=f"10.0.1.{last}") for last in (5, 3, 4)],
    )  # fmt: skip
    assert bytes(theirs) == ANSWER.pack(compress=False)
    assert DnsMessage.unpack(bytes(scapy.dns_compress(theirs))) == ANSWER
