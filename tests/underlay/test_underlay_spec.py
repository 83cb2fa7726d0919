"""Properties of links: their ranges, how they are written, how they are said."""

from __future__ import annotations

import pytest

from overlaysim.errors import InputError
from overlaysim.underlay.spec import LinkSpec, describe, read_property
from overlaysim.units import MS, US


@pytest.mark.parametrize(
    ("name", "text", "fields"),
    [
        ("rate", "10 Gbit/s", {"rate": 10**10}),
        ("delay", "5 us", {"delay": 5 * US}),
        ("jitter", "1 ms", {"jitter": MS}),
        ("loss", "1.5 %", {"loss": 0.015}),
        ("mtu", "9000 B", {"mtu": 9000}),
        ("queue", "100 packets", {"queue_packets": 100, "queue_bytes": None}),
        ("queue", "1 packet", {"queue_packets": 1, "queue_bytes": None}),
        ("queue", "64 kB", {"queue_packets": None, "queue_bytes": 64_000}),
        ("queue", "unlimited", {"queue_packets": None, "queue_bytes": None}),
    ],
)
def test_each_property_is_read_from_text(name: str, text: str, fields: dict[str, object]) -> None:
    assert read_property(name, text) == fields


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("rat", "1 Gbit/s", r'no property "rat"; it has rate, delay, queue, .*did you mean rate\?'),
        ("rate", "10 Gb", '"10 Gb" is not a rate'),
        ("queue", "many", '"many" is not a queue limit; write a number of packets, a size, or unl'),
        ("loss", "101 %", '"101 %" is not a share'),
    ],
)
def test_mistakes_say_what_is_allowed(name: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_property(name, text)


def test_some_properties_change_and_the_others_stay() -> None:
    spec = LinkSpec(rate=5, delay=7).changed({"delay": "1 us", "queue": "2 kB"})
    assert spec == LinkSpec(rate=5, delay=US, queue_packets=None, queue_bytes=2000)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rate": 0}, "rate is more than 0"),
        ({"delay": -1}, "delay is 0 or more, not -1"),
        ({"queue_bytes": -5}, "queue_bytes is 0 or more, not -5"),
        ({"loss": 1.01}, "loss is from 0 % to 100 %, not 101 %"),
        ({"mtu": 67}, "mtu is from 68 B to 65535 B, not 67 B"),
    ],
)
def test_values_out_of_range_are_refused(fields: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        LinkSpec(**fields)


def test_properties_in_words() -> None:
    fields = {"rate": 10**9, "delay": 5 * US, "queue_bytes": 64_000, "mtu": 1450, "loss": 0.01}
    assert describe(fields) == (
        "rate 1 Gbit/s, delay 5.000 us, queue 64000 bytes, mtu 1450 B, loss 1 %"
    )
