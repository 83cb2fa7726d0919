from __future__ import annotations

import pytest
from measure_fakes import ended_journey

from overlaysim.errors import ModelError
from overlaysim.measure import conserve
from overlaysim.sim import Ledger


def ledger() -> Ledger:
    """Five created: two delivered, two dropped, one in flight."""
    books = Ledger()
    journeys = [books.create(k, 0, source="a", intended="b")
                for k in ("data", "data", "data", "table", "table")]  # fmt: skip
    books.deliver(journeys[0], 1, "b")
    books.deliver(journeys[3], 1, "b")
    books.drop(journeys[1], 1, "queue full", "a->s")
    books.drop(journeys[4], 1, "link down", "a->s")
    return books


def test_the_books_of_a_run() -> None:
    found = conserve(ledger(), in_flight=1, recorded=4)
    assert (found.created["data"], found.delivered["data"], found.in_flight["data"]) == (3, 1, 1)
    assert found.in_flight["table"] == 0
    assert found.drops() == 2
    assert found.drops("queue full") == found.drops(kind="table") == 1
    assert found.drops("queue full", "table") == 0
    assert found.by_reason() == {"link down": 1, "queue full": 1}


@pytest.mark.parametrize("held", [0, 2])
def test_an_independent_count_that_differs_is_a_bug(held: int) -> None:
    with pytest.raises(ModelError, match=f"1 should be in flight, but links and hosts hold {held}"):
        conserve(ledger(), in_flight=held, recorded=4)


def test_an_end_that_was_not_recorded_is_a_bug() -> None:
    with pytest.raises(ModelError, match="3 ends of packets were recorded, but 4"):
        conserve(ledger(), in_flight=1, recorded=3)


def test_a_packet_that_ends_twice_is_a_bug() -> None:
    books = Ledger()
    journey = books.create("data", 0, source="a", intended="b")
    books.deliver(journey, 1, "b")
    books.drop(journey, 2, "loss", "a->s")
    with pytest.raises(ModelError, match="data: 2 packets ended, but only 1 were created"):
        conserve(books, in_flight=0, recorded=2)


def test_a_packet_that_was_never_created_is_a_bug() -> None:
    books = Ledger()
    ended_journey(ledger=books)
    with pytest.raises(ModelError, match="1 packets ended, but only 0"):
        conserve(books, in_flight=0, recorded=1)
