"""Which message goes into which packet, and how often."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.gossip.queue import TransmitQueue, transmit_limit


@dataclass(frozen=True)
class Message:
    length: int
    label: str = ""


def nothing() -> None:
    """Nobody has to be told that there is something to send."""


@pytest.mark.parametrize(
    ("nodes", "limit"), [(0, 0), (1, 4), (9, 4), (10, 8), (99, 8), (100, 12), (999, 12)]
)
def test_the_transmit_limit_is_a_step_function(nodes: int, limit: int) -> None:
    assert transmit_limit(4, nodes) == limit


@given(st.integers(1, 10**6))
def test_the_transmit_limit_follows_the_formula(nodes: int) -> None:
    assert transmit_limit(3, nodes) == 3 * math.ceil(math.log10(nodes + 1))


def test_fewest_transmissions_then_longest_then_newest() -> None:
    queue = TransmitQueue[Message](4, lambda: 9, nothing)
    queue.put("sent", Message(50, "sent"))
    assert [m.label for m in queue.drain(0, 1000)] == ["sent"]
    for label, length in (("short", 5), ("old", 10), ("new", 10), ("long", 20)):
        queue.put(label, Message(length, label))
    assert [m.label for m in queue.drain(0, 1000)] == ["long", "new", "old", "short", "sent"]


def test_what_does_not_fit_is_passed_over() -> None:
    queue = TransmitQueue[Message](4, lambda: 9, nothing)
    for label, length in (("huge", 90), ("big", 60), ("small", 20), ("tiny", 6)):
        queue.put(label, Message(length, label))
    # 4 bytes each on top: big 64, small 24, and 12 are left, enough for tiny.
    assert [m.label for m in queue.drain(4, 90)] == ["big", "small"]
    assert [m.label for m in queue.drain(4, 94)] == ["huge"]
    # tiny is the only one never sent; of those sent once the longest that fits comes next.
    assert [m.label for m in queue.drain(4, 100)] == ["tiny", "big", "small"]


def test_a_message_leaves_after_its_limit() -> None:
    nodes = 9
    queue = TransmitQueue[Message](4, lambda: nodes, nothing)
    queue.put("a", Message(10))
    assert [len(queue.drain(0, 100)) for _ in range(5)] == [1, 1, 1, 1, 0]
    queue.put("a", Message(10))
    assert len(queue.drain(0, 100)) == 1
    nodes = 10  # read at the drain: the limit has doubled meanwhile
    assert [len(queue.drain(0, 100)) for _ in range(8)] == [1] * 7 + [0]
    assert len(queue) == 0


def test_who_queues_a_message_hears_when_it_is_over() -> None:
    told: list[str] = []
    queue = TransmitQueue[Message](2, lambda: 1, lambda: told.append("filled"))
    queue.put("a", Message(10), lambda: told.append("a sent"))
    queue.put("b", Message(9, "old"), lambda: told.append("b replaced"))
    queue.put("b", Message(9, "new"))
    assert told == ["filled", "filled", "b replaced", "filled"]
    told.clear()
    queue.drain(0, 10)
    assert told == []
    queue.drain(0, 9)  # the other one's turn
    queue.drain(0, 19)
    assert told == ["a sent"]
    assert len(queue) == 0


def test_a_newer_message_replaces_the_one_with_its_key() -> None:
    queue = TransmitQueue[Message](4, lambda: 9, nothing)
    queue.put("a", Message(10, "first"))
    queue.drain(0, 100)
    queue.put("a", Message(10, "second"))
    assert len(queue) == 1
    assert [m.label for m in queue.drain(0, 100)] == ["second"]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 60)), max_size=30),
    st.integers(1, 200),
    st.integers(0, 9),
)
def test_every_message_is_sent_exactly_its_limit_of_times(
    puts: list[tuple[int, int]], budget: int, overhead: int
) -> None:
    queue = TransmitQueue[Message](2, lambda: 1, nothing)
    last = {}
    for key, length in puts:
        last[key] = Message(length, str(key))
        queue.put(key, last[key])
    sent = []
    while packet := queue.drain(overhead, budget):
        assert sum(overhead + message.length for message in packet) <= budget
        sent += packet
    fitting = [message for message in last.values() if overhead + message.length <= budget]
    assert sorted(m.label for m in sent) == sorted(m.label for m in fitting * 2)
    assert len(queue) == len(last) - len(fitting)
