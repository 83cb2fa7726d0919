"""Streams between hosts: the exchange of segments, losses, refusals, and exactly-once delivery."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlaysim.traffic.connection import INITIAL_WINDOW
from overlaysim.traffic.segment import MSS, Segment
from overlaysim.traffic.stream import SegmentIn, StreamDelivered, StreamFailed, StreamStack
from overlaysim.units import MS, SECOND
from overlaysim.wire.tcp import ACK, FIN, PSH, RST, SYN

A, B = "10.77.0.11", "10.77.0.12"
PORT = 7946
DELAY = 5 * MS


@dataclass
class Channel:
    """Two stacks and what is between them; ``fate`` gives the delays at which copies arrive."""

    fate: Callable[[Segment], list[int]] = lambda segment: [DELAY]
    answer: int | None = None
    """Length of the reply that host B gives to whoever wants one."""
    now: int = 0
    seen: list[tuple[int, str, Segment]] = field(default_factory=list)
    news: list[tuple[int, str, StreamDelivered | StreamFailed]] = field(default_factory=list)
    mtus: dict[str, int] = field(default_factory=lambda: {A: 1500, B: 1500})
    """What each host knows of the path to the other."""

    def __post_init__(self) -> None:
        self.stacks = {
            host: StreamStack(host, Random(seed), mtu=lambda _, host=host: self.mtus[host])  # type: ignore[misc]
            for host, seed in ((A, 1), (B, 2))
        }
        self.queue: list[tuple[int, int, str, str, Segment]] = []
        self.sent = 0

    def settle(self) -> None:
        for host, stack in self.stacks.items():
            while items := stack.take_outbox():
                for item in items:
                    self.carry(host, stack, item)

    def carry(
        self, host: str, stack: StreamStack, item: Segment | StreamDelivered | StreamFailed
    ) -> None:
        if not isinstance(item, Segment):
            self.news.append((self.now, host, item))
            if isinstance(item, StreamDelivered) and item.wants_reply and self.answer:
                stack.reply(item.source, item.stream, "answer", self.answer, "manager", self.now)
            return
        self.seen.append((self.now, host, item))
        for delay in self.fate(item):
            self.sent += 1
            heapq.heappush(self.queue, (self.now + delay, self.sent, host, item.target, item))

    def run(self, until: int = 300 * SECOND) -> None:
        self.settle()
        while True:
            timers = [(stack.next_timer(), host) for host, stack in self.stacks.items()]
            due = min(((t, host) for t, host in timers if t is not None), default=None)
            arrival = self.queue[0][0] if self.queue else None
            instants = [t for t in (due and due[0], arrival) if t is not None]
            if not instants or min(instants) > until:
                return
            self.now = min(instants)
            if arrival == self.now:
                _, _, source, target, segment = heapq.heappop(self.queue)
                self.stacks[target].receive(SegmentIn(source, segment), self.now)
            else:
                assert due is not None
                self.stacks[due[1]].on_timer(self.now)
            self.settle()

    def flags(self) -> list[tuple[str, int, int]]:
        return [(host, segment.flags, segment.length) for _, host, segment in self.seen]


def test_one_way_message_is_seven_segments_on_a_quiet_path() -> None:
    channel = Channel()
    channel.stacks[B].listen(PORT)
    stream = channel.stacks[A].open(B, PORT, "push", 2000, "bulk-sync", 0)
    channel.run()
    assert channel.flags() == [
        (A, SYN, 0),
        (B, SYN | ACK, 0),
        (A, ACK, 0),
        (A, ACK, MSS),
        (A, ACK | PSH | FIN, 2000 - MSS),
        (B, ACK | FIN, 0),
        (A, ACK, 0),
    ]
    assert channel.news == [
        (3 * DELAY, B, StreamDelivered(A, PORT, stream, "push", 2000, False, False))
    ]
    assert {segment.kind for _, _, segment in channel.seen} == {"bulk-sync"}
    assert all(stack.next_timer() is None for stack in channel.stacks.values())


def test_reply_comes_back_on_the_same_connection() -> None:
    channel = Channel(answer=500)
    channel.stacks[B].listen(PORT)
    stream = channel.stacks[A].open(B, PORT, "call", 100, "manager", 0, wants_reply=True)
    channel.run()
    assert channel.flags() == [
        (A, SYN, 0),
        (B, SYN | ACK, 0),
        (A, ACK, 0),
        (A, ACK | PSH, 100),
        (B, ACK, 0),
        (B, ACK | PSH | FIN, 500),
        (A, ACK | FIN, 0),
        (B, ACK, 0),
    ]
    assert [news for _, _, news in channel.news] == [
        StreamDelivered(A, PORT, stream, "call", 100, False, True),
        StreamDelivered(B, PORT, stream, "answer", 500, True, False),
    ]


def test_sequence_numbers_count_syn_payload_and_fin() -> None:
    channel = Channel()
    channel.stacks[B].listen(PORT)
    channel.stacks[A].open(B, PORT, "push", 2000, "bulk-sync", 0)
    channel.run()
    mine = [segment for _, host, segment in channel.seen if host == A]
    theirs = [segment for _, host, segment in channel.seen if host == B]
    start = mine[0].seq
    assert [(segment.seq - start) % 2**32 for segment in mine] == [0, 1, 1, 1 + MSS, 2002]
    assert (theirs[-1].ack - start) % 2**32 == 2002
    assert (mine[-1].ack - theirs[0].seq) % 2**32 == 2


def test_headers_have_the_sizes_of_linux_segments() -> None:
    # A SYN carries MSS, SACK permitted, time stamps and window scale: 40 bytes in all; every
    # other segment time stamps only: 32. A reset has no options.
    channel = Channel()
    channel.stacks[B].listen(PORT)
    channel.stacks[A].open(B, PORT, "push", 10, "bulk-sync", 0)
    channel.stacks[A].open(B, 1, "push", 10, "bulk-sync", 0)
    channel.run()
    sizes = {
        (bool(segment.flags & SYN), bool(segment.flags & RST)): segment.header.header_length
        for _, _, segment in channel.seen
    }
    assert sizes == {(True, False): 40, (False, False): 32, (False, True): 20}
    assert all(
        segment.header_length == segment.header.header_length for _, _, segment in channel.seen
    )
    assert channel.seen[0][2].options[:4] == b"\x02\x04\x05\xb4"  # MSS 1460


@pytest.mark.parametrize(
    ("mine", "theirs", "length"), [(1400, 1500, 1348), (1500, 1400, 1348), (9000, 9000, 8948)]
)
def test_segments_are_as_long_as_both_ends_let_them_be(mine: int, theirs: int, length: int) -> None:
    channel = Channel(mtus={A: mine, B: theirs}, answer=20_000)
    channel.stacks[B].listen(PORT)
    channel.stacks[A].open(B, PORT, "push", 20_000, "bulk-sync", 0, wants_reply=True)
    channel.run()
    for host in (A, B):
        assert (
            max(segment.length for _, sender, segment in channel.seen if sender == host) == length
        )
    offers = [segment.mss for _, _, segment in channel.seen if segment.flags & SYN]
    assert offers == [mine - 40, theirs - 40]
    assert [news.length for _, _, news in channel.news] == [20_000] * 2  # type: ignore[union-attr]


@given(
    lengths=st.lists(st.integers(576, 1500), min_size=1, max_size=5), size=st.integers(1, 30_000)
)
def test_a_message_arrives_once_whatever_the_path_carries_meanwhile(
    lengths: list[int], size: int
) -> None:
    """The path narrows from time to time; what is too long then is lost, and the host learns."""
    channel = Channel()
    narrowest = iter(sorted(lengths, reverse=True))
    path = [1500]

    def fate(segment: Segment) -> list[int]:
        if len(channel.seen) % 7 == 0:
            path[0] = next(narrowest, path[0])
        if segment.length + segment.header_length + 20 > path[0]:
            channel.mtus = {A: path[0], B: path[0]}
            return []
        return [DELAY]

    channel.fate = fate
    channel.stacks[B].listen(PORT)
    channel.stacks[A].open(B, PORT, "push", size, "bulk-sync", 0)
    channel.run()
    assert [(host, news.length) for _, host, news in channel.news] == [(B, size)]  # type: ignore[union-attr]


def test_every_second_full_segment_is_acknowledged() -> None:
    channel = Channel()
    channel.stacks[B].listen(PORT)
    channel.stacks[A].open(B, PORT, "push", 8 * MSS, "bulk-sync", 0)
    channel.run()
    acknowledgements = [flags for host, flags, length in channel.flags() if host == B][1:]
    assert acknowledgements == [ACK, ACK, ACK, ACK | FIN]


def test_slow_start_sends_ten_segments_before_the_first_acknowledgement() -> None:
    channel = Channel()
    channel.stacks[B].listen(PORT)
    channel.stacks[A].open(B, PORT, "push", 40 * MSS, "bulk-sync", 0)
    channel.run(until=3 * DELAY - 1)
    assert sum(segment.length for _, host, segment in channel.seen if host == A) == INITIAL_WINDOW
    channel.run()
    assert channel.news[0][0] == 7 * DELAY  # 10, 20 and the last 10: three trips of data


def test_refused_when_nobody_listens() -> None:
    channel = Channel()
    stream = channel.stacks[A].open(B, PORT, "push", 10, "bulk-sync", 0)
    channel.run()
    assert channel.flags() == [(A, SYN, 0), (B, RST | ACK, 0)]
    assert channel.news == [(2 * DELAY, A, StreamFailed(stream, B, "refused"))]


def test_syn_is_repeated_after_1_2_and_4_seconds_until_the_dial_times_out() -> None:
    channel = Channel(fate=lambda segment: [])
    stream = channel.stacks[A].open(B, PORT, "push", 10, "push-pull", 0)
    channel.run()
    assert [at for at, _, _ in channel.seen] == [0, SECOND, 3 * SECOND, 7 * SECOND]
    assert channel.news == [(10 * SECOND, A, StreamFailed(stream, B, "dial timed out"))]
    assert channel.stacks[A].next_timer() is None


def test_data_is_repeated_after_200_ms_doubling() -> None:
    channel = Channel(fate=lambda segment: [] if segment.length else [DELAY])
    channel.stacks[B].listen(PORT)
    stream = channel.stacks[A].open(B, PORT, "push", 10, "push-pull", 0)
    channel.run()
    sent = [at - 2 * DELAY for at, _, segment in channel.seen if segment.length]
    assert sent == [0, *(MS * t for t in (200, 600, 1400, 3000, 6200))]
    assert channel.news == [
        (10 * SECOND + 2 * DELAY, A, StreamFailed(stream, B, "timed out")),
    ]
    assert channel.stacks[B].next_timer() is None  # the reset ended the other side too


def test_a_long_path_is_not_mistaken_for_a_loss() -> None:
    channel = Channel(fate=lambda segment: [400 * MS])
    channel.stacks[B].listen(PORT)
    channel.stacks[A].open(B, PORT, "push", 10, "push-pull", 0)
    channel.run()
    assert len([s for _, _, s in channel.seen if s.length]) == 1


def test_holes_are_filled_one_round_trip_apart() -> None:
    lost = {1 + 2 * MSS, 1 + 5 * MSS}

    def fate(segment: Segment) -> list[int]:
        place = (segment.seq - first.seq) % 2**32
        if segment.length and place in lost:
            lost.discard(place)
            return []
        return [DELAY]

    channel = Channel(fate=fate)
    channel.stacks[B].listen(PORT)
    channel.stacks[A].open(B, PORT, "push", 8 * MSS, "bulk-sync", 0)
    (first,) = channel.stacks[A].take_outbox()
    assert isinstance(first, Segment)
    channel.carry(A, channel.stacks[A], first)
    channel.run()
    repeats = [at for at, _, s in channel.seen if s.length and at > 100 * MS]
    assert len(repeats) == 2
    assert repeats[1] - repeats[0] == 2 * DELAY
    assert len(channel.news) == 1


def test_opener_gives_up_when_no_reply_comes() -> None:
    channel = Channel()
    channel.stacks[B].listen(PORT)
    stream = channel.stacks[A].open(
        B, PORT, "call", 100, "manager", 0, wants_reply=True, patience=20 * SECOND
    )
    channel.run()
    assert channel.news[-1] == (
        20 * SECOND + 4 * DELAY, A, StreamFailed(stream, B, "timed out"),
    )  # fmt: skip
    assert channel.stacks[B].reply(A, stream, "late", 10, "manager", channel.now) is False


def test_reply_to_an_unknown_stream_has_no_effect() -> None:
    stack = StreamStack(B, Random(2))
    assert stack.reply(A, 40000, "answer", 10, "manager", 0) is False
    assert stack.take_outbox() == []


def test_empty_messages_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        StreamStack(A, Random(1)).open(B, PORT, "", 0, "manager", 0)


def test_a_segment_of_an_earlier_connection_does_no_harm() -> None:
    channel = Channel()
    channel.stacks[B].listen(PORT)
    channel.stacks[A].open(B, PORT, "push", 10, "bulk-sync", 0)
    channel.run()
    old = [(host, segment) for _, host, segment in channel.seen]
    channel.seen.clear()
    for host, segment in old:
        channel.carry(host, channel.stacks[host], segment)
    channel.run()
    assert len(channel.news) == 1
    assert all(stack.next_timer() is None for stack in channel.stacks.values())


class SamePort(Random):
    """Always the same ephemeral port, but its own sequence numbers."""

    def randint(self, a: int, b: int) -> int:
        return 40_000


def test_a_host_that_starts_anew_on_the_same_port_gets_through() -> None:
    # The old connection answers the new SYN with an acknowledgement, is reset, and the SYN is
    # repeated a second later (RFC 9293 section 3.5.2).
    channel = Channel()
    channel.stacks = {A: StreamStack(A, SamePort(1)), B: StreamStack(B, Random(2))}
    channel.stacks[B].listen(PORT)
    channel.stacks[A].open(B, PORT, "call", 10, "manager", 0, wants_reply=True)
    channel.run(until=SECOND)
    channel.stacks[A] = StreamStack(A, SamePort(3))
    channel.now = 2 * SECOND
    channel.stacks[A].open(B, PORT, "again", 10, "manager", 2 * SECOND)
    channel.run()
    there = [(at, news) for at, host, news in channel.news if host == B]
    assert [(at, news.content) for at, news in there if isinstance(news, StreamDelivered)] == [
        (3 * DELAY, "call"),
        (3 * SECOND + 3 * DELAY, "again"),
    ]
    assert any(segment.flags & RST for _, host, segment in channel.seen if host == A)


def test_a_reply_that_has_come_is_no_failure_even_if_the_closing_is_lost() -> None:
    channel = Channel(answer=10)
    channel.fate = lambda segment: [] if segment.target == B and segment.flags & FIN else [DELAY]
    channel.stacks[B].listen(PORT)
    channel.stacks[A].open(B, PORT, "call", 10, "manager", 0, wants_reply=True)
    channel.run()
    assert [type(news) for _, _, news in channel.news] == [StreamDelivered, StreamDelivered]
    assert all(stack.next_timer() is None for stack in channel.stacks.values())


def half_way() -> tuple[Channel, Segment]:
    """A connection on which the first segment of two has arrived, and the second one."""
    channel = Channel()
    channel.stacks[B].listen(PORT)
    channel.stacks[A].open(B, PORT, "push", 2000, "bulk-sync", 0)
    channel.fate = lambda segment: [] if segment.flags & PSH else [DELAY]
    channel.run(until=3 * DELAY)
    return channel, next(segment for _, _, segment in channel.seen if segment.flags & PSH)


@pytest.mark.parametrize(("shift", "ends"), [(0, True), (-1, False), (1, False), (5000, False)])
def test_only_an_exact_reset_ends_a_connection(shift: int, ends: bool) -> None:
    channel, last = half_way()
    forged = replace(last, seq=(last.seq + shift) % 2**32, flags=RST, length=0)
    channel.stacks[B].receive(SegmentIn(A, forged), channel.now)
    channel.stacks[B].receive(SegmentIn(A, last), channel.now)
    channel.settle()
    assert bool(channel.news) is not ends


@pytest.mark.parametrize(("shift", "taken"), [(0, True), (1, False), (-5, False), (2**31, False)])
def test_data_that_acknowledge_what_was_never_said_are_not_taken(shift: int, taken: bool) -> None:
    channel, last = half_way()
    forged = replace(last, ack=(last.ack + shift) % 2**32)
    channel.stacks[B].receive(SegmentIn(A, forged), channel.now)
    channel.settle()
    assert bool(channel.news) is taken


def test_ports_are_ephemeral_and_not_used_twice_at_a_time() -> None:
    stack = StreamStack(A, Random(1))
    streams = [stack.open(B, PORT, "push", 10, "bulk-sync", 0) for _ in range(1000)]
    assert len(set(streams)) == 1000
    assert all(32768 <= stream <= 60999 for stream in streams)


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.1, 0.3]),
    lengths=st.lists(st.integers(0, 30).map(lambda n: n * MSS + 700), min_size=1, max_size=4),
    answer=st.sampled_from([None, 1, 5 * MSS]),
)
def test_exactly_once_over_a_channel_that_loses_repeats_and_reorders(
    seed: int, loss: float, lengths: list[int], answer: int | None
) -> None:
    chance = Random(seed)

    def fate(segment: Segment) -> list[int]:
        copies = 2 if chance.random() < 0.1 else 1
        return [DELAY + chance.randrange(50 * MS) for _ in range(copies) if chance.random() >= loss]

    channel = Channel(fate=fate, answer=answer)
    channel.stacks[B].listen(PORT)
    streams = [
        channel.stacks[A].open(
            B, PORT, number, length, "bulk-sync", 0,
            wants_reply=answer is not None, patience=3600 * SECOND,
        )
        for number, length in enumerate(lengths)
    ]  # fmt: skip
    channel.run(until=7200 * SECOND)
    failed = {news.stream for _, _, news in channel.news if isinstance(news, StreamFailed)}
    arrived = [news for _, _, news in channel.news if isinstance(news, StreamDelivered)]
    there = [news for news in arrived if not news.reply]
    back = [news for news in arrived if news.reply]
    assert len({news.stream for news in there}) == len(there)
    assert len({news.stream for news in back}) == len(back)
    for number, stream in enumerate(streams):
        said = [(n.content, n.length) for n in there if n.stream == stream]
        assert said in ([], [(number, lengths[number])])
        heard = [(n.content, n.length) for n in back if n.stream == stream]
        assert heard in ([], [("answer", answer)])
        if stream not in failed:
            assert said
            assert heard or answer is None
        elif answer is not None:
            assert not heard
    if loss == 0.0:
        assert not failed
    assert all(stack.next_timer() is None for stack in channel.stacks.values())


# ---- given up, closed --------------------------------------------------------------------------


@pytest.mark.parametrize("patience", [4 * SECOND, 20 * SECOND])
def test_patience_is_also_how_long_a_dial_may_take(patience: int) -> None:
    channel = Channel(fate=lambda segment: [])
    stream = channel.stacks[A].open(B, PORT, "call", 10, "manager", 0, patience=patience)
    channel.run()
    assert channel.news == [(patience, A, StreamFailed(stream, B, "dial timed out"))]
    assert max(at for at, _, _ in channel.seen) < patience


def test_an_aborted_dial_falls_silent_and_its_late_answer_is_reset() -> None:
    channel = Channel()
    channel.stacks[B].listen(PORT)
    stream = channel.stacks[A].open(B, PORT, "call", 10, "manager", 0)
    channel.settle()
    channel.stacks[A].abort(stream, 0)
    channel.run()
    assert channel.flags() == [(A, SYN, 0), (B, SYN | ACK, 0), (A, RST, 0)]
    assert channel.news == []
    assert all(stack.next_timer() is None for stack in channel.stacks.values())


def test_an_aborted_call_is_reset_and_cannot_be_answered_any_more() -> None:
    channel = Channel()
    channel.stacks[B].listen(PORT)
    stream = channel.stacks[A].open(
        B, PORT, "call", 10, "manager", 0, wants_reply=True, patience=60 * SECOND
    )
    channel.run(SECOND)
    channel.stacks[A].abort(stream, SECOND)
    channel.run(2 * SECOND)
    assert channel.flags()[-1] == (A, RST | ACK, 0)
    assert not channel.stacks[B].reply(A, stream, "answer", 10, "manager", 2 * SECOND)
    channel.stacks[A].abort(stream, 3 * SECOND)  # harmless
    assert [type(news) for _, _, news in channel.news] == [StreamDelivered]


def test_a_closed_port_resets_what_it_had_accepted_and_refuses_the_rest() -> None:
    channel = Channel()
    stack = channel.stacks[B]
    stack.listen(PORT)
    stack.listen(PORT + 1)
    open_call = channel.stacks[A].open(B, PORT, "call", 10, "manager", 0, wants_reply=True)
    other = channel.stacks[A].open(B, PORT + 1, "call", 10, "manager", 0, wants_reply=True)
    channel.run(SECOND)
    stack.close(PORT, SECOND)
    late = channel.stacks[A].open(B, PORT, "call", 10, "manager", SECOND)
    channel.run(2 * SECOND)
    failures = [news for _, _, news in channel.news if isinstance(news, StreamFailed)]
    assert [(f.stream, f.reason) for f in failures] == [
        (open_call, "reset by peer"), (late, "refused"),
    ]  # fmt: skip
    assert stack.reply(A, other, "answer", 10, "manager", 2 * SECOND)
