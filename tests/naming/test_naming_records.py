"""What is registered for whom, and a record's bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.naming import EndpointRecord

STANDALONE = EndpointRecord("container-on-host-a", "10.0.1.2", task_aliases=("web", "0123456789ab"))
TASK = EndpointRecord(
    "api.2.k4p0z1", "10.0.1.8", service_name="api", service_id="s" * 25, virtual_ip="10.0.1.6",
    aliases=("backend",), task_aliases=("0123456789ab",),
)  # fmt: skip


def test_standalone_container() -> None:
    assert list(STANDALONE.answers()) == [
        ("container-on-host-a", "10.0.1.2"),
        ("web", "10.0.1.2"),
        ("0123456789ab", "10.0.1.2"),
    ]


def test_task_of_a_service_with_a_virtual_address() -> None:
    assert list(TASK.answers()) == [
        ("api.2.k4p0z1", "10.0.1.8"),
        ("0123456789ab", "10.0.1.8"),
        ("api", "10.0.1.6"),
        ("tasks.api", "10.0.1.8"),
        ("backend", "10.0.1.6"),
        ("tasks.backend", "10.0.1.8"),
    ]


def test_task_of_a_service_in_dnsrr_mode() -> None:
    answers = dict(replace(TASK, virtual_ip="").answers())
    assert set(answers) == {
        "api.2.k4p0z1", "0123456789ab", "api", "tasks.api", "backend", "tasks.backend",
    }  # fmt: skip
    assert set(answers.values()) == {"10.0.1.8"}


def test_disabled_tasks_keep_the_virtual_address_only() -> None:
    assert list(replace(TASK, disabled=True).answers()) == [
        ("api", "10.0.1.6"), ("backend", "10.0.1.6"),
    ]  # fmt: skip
    assert list(replace(TASK, disabled=True, virtual_ip="").answers()) == []


def test_bytes_of_a_standalone_container() -> None:
    assert STANDALONE.encode() == (
        b"\n\x13container-on-host-a" b"\x22\x05<nil>" b"\x2a\x0810.0.1.2"
        b"\x42\x03web" b"\x42\x0c0123456789ab"
    )  # fmt: skip


def test_bytes_of_a_task() -> None:
    encoded = (
        b"\n\x0capi.2.k4p0z1" b"\x12\x03api" b"\x1a\x19" + b"s" * 25 + b"\x22\x0810.0.1.6"
        b"\x2a\x0810.0.1.8" b"\x3a\x07backend" b"\x42\x0c0123456789ab"
    )  # fmt: skip
    assert TASK.encode() == encoded
    assert replace(TASK, disabled=True).encode() == encoded + b"\x48\x01"


@pytest.mark.parametrize(
    ("length", "prefix"), [(1, 2), (127, 2), (128, 3), (16_383, 3), (16_384, 4)]
)
def test_long_names_need_more_bytes_for_their_length(length: int, prefix: int) -> None:
    empty = EndpointRecord("", "10.0.1.2").encode()
    assert len(EndpointRecord("n" * length, "10.0.1.2").encode()) == len(empty) + prefix + length


@given(st.lists(st.text(max_size=300), max_size=4), st.booleans())
def test_encoding_of_any_record(aliases: list[str], disabled: bool) -> None:
    def field(number: int, text: str) -> bytes:
        data = text.encode()
        length, out = len(data), bytearray([number << 3 | 2])
        while length > 127:
            out.append(length & 127 | 128)
            length >>= 7
        return bytes([*out, length]) + data

    record = replace(TASK, aliases=tuple(aliases), disabled=disabled)
    encoded = b"".join(
        field(number, text)
        for number, texts in (
            (1, [record.name]), (2, [record.service_name]), (3, [record.service_id]),
            (4, [record.virtual_ip]), (5, [record.endpoint_ip]), (7, record.aliases),
            (8, record.task_aliases),
        )
        for text in texts
    ) + (b"\x48\x01" if disabled else b"")  # fmt: skip
    assert record.encode() == encoded
