"""A container's ARP cache on a list of calls."""

from __future__ import annotations

from host_lab import tutorial

from overlaysim.overlay.neighbours import (
    QUEUE,
    REACHABLE,
    Answer,
    Ask,
    GivenUp,
    NeighbourCache,
    Ready,
)
from overlaysim.units import SECOND

IP, MAC = "10.0.1.2", "02:42:0a:00:01:02"


def test_an_unknown_address_is_asked_for_and_the_packet_waits() -> None:
    cache = NeighbourCache()
    assert cache.send(IP, "first", 0) is None
    assert cache.send(IP, "second", 5) is None
    assert cache.take_outbox() == [Ask(IP)]
    assert cache.waiting == 2
    assert cache.rows(5) == [(IP, None, "INCOMPLETE")]
    cache.receive(Answer(IP, MAC), 10)
    assert cache.take_outbox() == [Ready(MAC, ("first", "second"))]
    assert cache.waiting == 0
    assert cache.next_timer() is None
    assert cache.send(IP, "third", 20) == MAC
    assert cache.rows(20) == [(IP, MAC, "REACHABLE")]


def test_three_requests_a_second_apart_and_then_it_has_failed() -> None:
    cache = NeighbourCache()
    cache.send(IP, "packet", 0)
    for second in (1, 2, 3):
        assert cache.next_timer() == second * SECOND
        assert cache.take_outbox() == [Ask(IP)]
        cache.on_timer(second * SECOND)
    assert cache.take_outbox() == [GivenUp(IP, ("packet",))]
    assert cache.next_timer() is None
    assert cache.waiting == 0
    assert cache.rows(3 * SECOND) == [(IP, None, "FAILED")]


def test_after_a_failure_the_next_packet_asks_anew() -> None:
    cache = NeighbourCache()
    cache.send(IP, "packet", 0)
    for second in (1, 2, 3):
        cache.on_timer(second * SECOND)
    cache.take_outbox()
    assert cache.send(IP, "again", 10 * SECOND) is None
    assert cache.take_outbox() == [Ask(IP)]
    assert cache.next_timer() == 11 * SECOND


def test_an_old_entry_serves_while_it_is_asked_for_again() -> None:
    cache = NeighbourCache()
    cache.send(IP, "packet", 0)
    cache.receive(Answer(IP, MAC), 0)
    cache.take_outbox()
    late = REACHABLE + 1
    assert cache.rows(late) == [(IP, MAC, "STALE")]
    assert cache.send(IP, "packet", late) == MAC
    assert cache.take_outbox() == [Ask(IP)]
    assert cache.rows(late) == [(IP, MAC, "PROBE")]
    cache.receive(Answer(IP, "02:42:0a:00:01:99"), late + 1)
    assert cache.send(IP, "packet", late + 2) == "02:42:0a:00:01:99"
    assert cache.take_outbox() == []


def test_an_old_entry_that_nobody_confirms_fails() -> None:
    cache = NeighbourCache()
    cache.send(IP, "packet", 0)
    cache.receive(Answer(IP, MAC), 0)
    late = REACHABLE + 1
    cache.send(IP, "packet", late)
    for second in (1, 2, 3):
        cache.on_timer(late + second * SECOND)
    assert cache.rows(late + 3 * SECOND) == [(IP, None, "FAILED")]


def test_the_queue_is_bounded_and_the_oldest_gives_way() -> None:
    cache = NeighbourCache()
    for number in range(QUEUE + 1):
        cache.send(IP, number, 0)
    assert cache.waiting == QUEUE
    assert cache.take_outbox() == [Ask(IP), GivenUp(IP, (0,))]


def test_what_nobody_asked_for_is_ignored() -> None:
    cache = NeighbourCache()
    cache.receive(Answer(IP, MAC), 0)
    assert cache.rows(0) == []


def test_rows_are_in_the_order_of_addresses() -> None:
    cache = NeighbourCache()
    for ip in ("10.0.1.10", "10.0.1.9"):
        cache.send(ip, "packet", 0)
    assert [row[0] for row in cache.rows(0)] == ["10.0.1.9", "10.0.1.10"]


def test_flush_hands_back_what_waited() -> None:
    cache = NeighbourCache()
    cache.send(IP, "packet", 0)
    assert cache.flush() == ("packet",)
    assert (cache.waiting, cache.next_timer()) == (0, None)


def test_a_neighbour_is_known_while_there_is_nothing_to_ask() -> None:
    cache = NeighbourCache()
    assert cache.known(IP, 0) is None
    assert cache.rows(0) == []  # to look makes no entry
    cache.send(IP, "packet", 0)
    assert cache.known(IP, 1) is None
    cache.receive(Answer(IP, MAC), 10)
    cache.take_outbox()
    assert cache.known(IP, 10 + REACHABLE) == MAC
    assert cache.known(IP, 11 + REACHABLE) is None
    assert cache.send(IP, "packet", 11 + REACHABLE) == MAC
    assert cache.take_outbox() == [Ask(IP)]
    assert cache.known(IP, 12 + REACHABLE) == MAC  # it is being asked


def test_a_container_asks_again_for_a_neighbour_that_it_uses() -> None:
    lab = tutorial()
    for pause, asked in ((0, 1), (20, 0), (20, 1), (20, 0)):
        lab.wait(pause * SECOND)
        before = len(lab.ended)
        lab.exec("client", "ping -c 1 web")
        arp = [journey for journey in lab.ended[before:] if journey.source == "client@host-b"
               and journey.kind == "arp"]  # fmt: skip
        assert len(arp) == asked
