"""Packets as data, and the ledger that counts them."""

from __future__ import annotations

import pytest

from overlaysim.sim import DROP_REASONS, KINDS, PARTS, Journey, Ledger, composition


def test_a_composition_adds_up_and_there_is_one_of_each() -> None:
    parts = composition("data", payload=1000, inner_headers=42, encapsulation=8, outer_headers=42)
    assert parts.length == 1092
    assert parts is composition(
        "data", payload=1000, inner_headers=42, encapsulation=8, outer_headers=42
    )
    assert parts is not composition("arp", 1000, 42, 8, 42)
    assert len({parts, composition("data", 1000, 42, 8, 43)}) == 2


def test_parts_come_in_the_order_of_their_names() -> None:
    journey = Journey(1, "data", 0, source="a", intended="b")
    for value, name in enumerate(
        ("look_up", "resolve", "encapsulate", "queue", "transmit", "propagate", "decapsulate"), 1
    ):
        setattr(journey, name, value)
    assert dict(zip(PARTS, journey.parts, strict=True)) == {
        "look-up": 1, "arp": 2, "encap": 3, "queue": 4, "transmit": 5, "propagate": 6, "decap": 7,
    }  # fmt: skip


def test_every_kind_can_be_made_and_no_other() -> None:
    ledger = Ledger()
    for kind in KINDS:
        assert ledger.create(kind, 0, source="a", intended="b").composition.kind == kind
    with pytest.raises(KeyError):
        ledger.create("datum", 0, source="a", intended="b")


def test_the_ledger_follows_a_packet_to_its_end() -> None:
    ledger = Ledger()
    ended: list[Journey] = []
    ledger.on_end.append(ended.append)
    first = ledger.create("data", 5, source="web@a", intended="db@b", protocol="tcp", message="m")
    second = ledger.create("arp", 6, source="web@a", intended="db@b")
    assert (first.number, second.number, ledger.in_flight) == (1, 2, 2)
    assert (first.born, first.protocol, first.message) == (5, "tcp", "m")
    ledger.deliver(first, 9, "db@b")
    assert (first.ended, first.outcome, first.reached) == (9, "delivered", "db@b")
    assert ledger.in_flight == 1
    ledger.drop(second, 11, "no neighbour", "a")
    assert (second.ended, second.outcome, second.reason, second.where) == (
        11, "dropped", "no neighbour", "a",
    )  # fmt: skip
    assert ledger.in_flight == 0
    assert ended == [first, second]
    assert ledger.created == {"data": 1, "arp": 1}
    assert ledger.delivered == {"data": 1}
    assert ledger.dropped == {("arp", "no neighbour"): 1}


def test_drop_reasons_are_explained() -> None:
    assert all(len(text) > 10 for text in DROP_REASONS.values())
