"""DNS messages (RFC 1035 section 4)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from overlaysim.errors import nearest
from overlaysim.wire.dns_data import read_data, write_data
from overlaysim.wire.dns_names import NameWriter, read_name
from overlaysim.wire.layout import compile_layout
from overlaysim.wire.malformed import MalformedPacket

QTYPES = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33,
    "OPT": 41, "HTTPS": 65, "ANY": 255,
}  # fmt: skip
"""Record types by name; others are written ``TYPE<number>`` (RFC 3597 section 5)."""

RCODES = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
"""Response codes by name; others are written ``RCODE<number>``."""

INTERNET = 1
"""The class of every ordinary question and record."""

_QTYPE_NAMES = {number: name for name, number in QTYPES.items()}
_RCODE_NAMES = {number: name for name, number in RCODES.items()}
_FLAGS = (
    "response", "authoritative", "truncated", "recursion_desired", "recursion_available",
    "authentic_data", "checking_disabled",
)  # fmt: skip
_COUNTS = ("question_count", "answer_count", "authority_count", "additional_count")
_HEADER = compile_layout(
    "DnsMessage",
    "ident:16 response:flag opcode:4 authoritative:flag truncated:flag recursion_desired:flag "
    "recursion_available:flag reserved:flag authentic_data:flag checking_disabled:flag rcode:4 "
    "question_count:16 answer_count:16 authority_count:16 additional_count:16",
    ("ident", "opcode", "rcode", "reserved", *_FLAGS, *_COUNTS),
)
_QUESTION = struct.Struct(">HH")
_RECORD = struct.Struct(">HHIH")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a name (no final dot) and a type from :data:`QTYPES`."""

    name: str
    qtype: str = "A"
    qclass: int = INTERNET


@dataclass(frozen=True, slots=True)
class Record:
    """A resource record; ``ttl`` in seconds, ``value`` as text (see ``wire.dns_data``)."""

    name: str
    rtype: str
    ttl: int
    value: str
    rclass: int = INTERNET


@dataclass(frozen=True, slots=True)
class DnsMessage:
    """A query or, with ``response`` set, an answer."""

    ident: int
    questions: tuple[Question, ...] = ()
    answers: tuple[Record, ...] = ()
    rcode: str = "NOERROR"
    response: bool = False
    authoritative: bool = False
    truncated: bool = False
    recursion_desired: bool = True
    recursion_available: bool = False
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    opcode: int = 0
    authentic_data: bool = False
    checking_disabled: bool = False
    reserved: bool = False

    def pack(self, *, compress: bool = True) -> bytes:
        """Return the bytes of the message; raises :class:`MalformedPacket` for impossible values.

        With ``compress`` a repeated name is a pointer to its first place (section 4.1.4).
        """
        sections = (self.answers, self.authority, self.additional)
        message = bytearray(
            _HEADER.pack(
                self.ident, self.opcode, _number(self.rcode, RCODES, "RCODE"), self.reserved,
                *(getattr(self, flag) for flag in _FLAGS),
                len(self.questions), *map(len, sections),
            )
        )  # fmt: skip
        names = NameWriter(compress)
        for question in self.questions:
            names.write(message, question.name)
            qtype = _number(question.qtype, QTYPES, "TYPE")
            message += _fixed(_QUESTION, question, qtype, question.qclass)
        for section in sections:
            for record in section:
                _write_record(message, record, names)
        return bytes(message)

    @classmethod
    def unpack(cls, data: bytes) -> DnsMessage:
        """Read a message; raises :class:`MalformedPacket`, and nothing else, for bad bytes."""
        if len(data) < _HEADER.length:
            raise MalformedPacket(f"DNS message: {len(data)} bytes are less than a header")
        header = dict(zip(_HEADER.names, _HEADER.unpack(data, 0), strict=True))
        counts = [header.pop(name) for name in _COUNTS]
        header["rcode"] = _RCODE_NAMES.get(header["rcode"], f"RCODE{header['rcode']}")
        place = _HEADER.length
        questions = []
        for _ in range(counts[0]):
            question, place = _read_question(data, place)
            questions.append(question)
        sections: list[tuple[Record, ...]] = []
        for count in counts[1:]:
            records = []
            for _ in range(count):
                record, place = _read_record(data, place)
                records.append(record)
            sections.append(tuple(records))
        if place != len(data):
            raise MalformedPacket(f"DNS message: {len(data) - place} bytes too many")
        answers, authority, additional = sections
        return cls(
            questions=tuple(questions), answers=answers, authority=authority,
            additional=additional, **header,
        )  # fmt: skip


def _number(name: str, table: dict[str, int], prefix: str) -> int:
    if name in table:
        return table[name]
    if match := re.fullmatch(rf"{prefix}([0-9]{{1,5}})", name):
        return int(match.group(1))
    raise MalformedPacket(
        f'"{name}" is not known; use {", ".join(table)} or {prefix}<number>{nearest(name, table)}'
    )


def _fixed(layout: struct.Struct, of: Question | Record, *values: int) -> bytes:
    try:
        return layout.pack(*values)
    except struct.error as error:
        raise MalformedPacket(f"{of}: {error}") from None


def _write_record(message: bytearray, record: Record, names: NameWriter) -> None:
    names.write(message, record.name)
    start = len(message) + _RECORD.size
    rtype = _number(record.rtype, QTYPES, "TYPE")
    message += _fixed(_RECORD, record, rtype, record.rclass, record.ttl, 0)
    write_data(message, record.rtype, record.value, names)
    length = len(message) - start
    if length > 0xFFFF:
        raise MalformedPacket(f"{record.rtype} record: {length} bytes of data, allowed are 65535")
    message[start - 2 : start] = length.to_bytes(2, "big")


def _read_question(data: bytes, place: int) -> tuple[Question, int]:
    name, place = read_name(data, place)
    if place + _QUESTION.size > len(data):
        raise MalformedPacket("DNS message: ends inside a question")
    qtype, qclass = _QUESTION.unpack_from(data, place)
    return Question(name, _QTYPE_NAMES.get(qtype, f"TYPE{qtype}"), qclass), place + _QUESTION.size


def _read_record(data: bytes, place: int) -> tuple[Record, int]:
    name, place = read_name(data, place)
    start = place + _RECORD.size
    if start > len(data):
        raise MalformedPacket("DNS message: ends inside a record")
    number, rclass, ttl, length = _RECORD.unpack_from(data, place)
    if start + length > len(data):
        raise MalformedPacket("DNS message: ends inside the data of a record")
    rtype = _QTYPE_NAMES.get(number, f"TYPE{number}")
    value = read_data(data, start, start + length, rtype)
    return Record(name, rtype, ttl, value, rclass), start + length
