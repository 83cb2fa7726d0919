"""Whatever happens on the way: both streams arrive whole and in order, and all falls silent."""

from __future__ import annotations

from itertools import chain, repeat

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tcp_rig import DELAY, A, B, Path

from overlaysim.traffic.tcp import Closed, Established, PeerClosed, Received, TcpSettings
from overlaysim.traffic.tcp.events import Event
from overlaysim.units import MS, SECOND

FATES = st.lists(
    st.one_of(
        st.just([DELAY]),
        st.just([DELAY]),
        st.just([]),
        st.lists(st.integers(1, 120).map(lambda ms: ms * MS), min_size=1, max_size=3),
    ),
    max_size=120,
)  # fmt: skip
"""Of each segment the delays at which copies of it arrive; those behind the list just arrive."""

SETTINGS = st.builds(
    TcpSettings,
    congestion_control=st.sampled_from(["cubic", "newreno"]),
    sack=st.booleans(),
    time_stamps=st.booleans(),
    window_scaling=st.booleans(),
    rack=st.booleans(),
    tail_loss_probe=st.booleans(),
    nagle=st.booleans(),
    ack_every=st.integers(1, 3),
    delayed_ack=st.sampled_from([0, 40 * MS]),
    quick_acks=st.sampled_from([0, 16]),
    initial_window=st.integers(1, 10),
    receive_buffer=st.sampled_from([3000, 20_000, 6_291_456]),
    auto_read=st.booleans(),
    time_wait=st.just(240 * SECOND),
)
WRITES = st.lists(st.integers(1, 9000), max_size=8)


class Talk:
    """Both ends write, and close when they have written; what comes in is read at once."""

    def __init__(self, path: Path, writes: dict[str, list[int]], *, wait: bool) -> None:
        self.path, self.writes, self.wait = path, writes, wait
        self.got: dict[str, list[object]] = {A: [], B: []}
        self.bytes = {A: 0, B: 0}
        path.on_event = self.take
        path.connect()

    def take(self, host: str, event: Event) -> None:
        path = self.path
        stack = path.stacks[host]
        if isinstance(event, Established):
            for number, length in enumerate(self.writes[host]):
                stack.write(event.connection, length, path.now, number)
            if not (self.wait and host == B):
                stack.close(event.connection, path.now)
        elif isinstance(event, Received):
            self.bytes[host] += event.length
            self.got[host] += event.contents
            if not path.settings.auto_read:
                stack.read(event.connection, event.length, path.now)
        elif isinstance(event, PeerClosed):
            stack.close(event.connection, path.now)


@given(FATES, SETTINGS, WRITES, WRITES, st.booleans(), st.integers(0, 2**32))
@hypothesis_settings(max_examples=100, deadline=None)
def test_streams_arrive_whole_and_in_order(
    fates: list[list[int]], settings: TcpSettings, there: list[int], back: list[int], wait: bool,
    seed: int,
) -> None:  # fmt: skip
    fate = chain(fates, repeat([DELAY]))
    path = Path(lambda segment: next(fate), settings, seed=seed)
    talk = Talk(path, {A: there, B: back}, wait=wait)
    path.run()
    assert talk.bytes == {A: sum(back), B: sum(there)}
    assert talk.got == {A: list(range(len(back))), B: list(range(len(there)))}
    for host in (A, B):
        assert [type(event) for event in path.events(host) if not isinstance(event, Received)][
            -1
        ] is Closed
        assert len(path.events(host, Closed)) == len(path.events(host, PeerClosed)) == 1
    assert all(segment.length + 20 + segment.header_length <= 1450 for _, segment in path.sent)
    assert all(stack.next_timer() is None for stack in path.stacks.values())
    assert all(not stack._by_ends and not stack._by_number for stack in path.stacks.values())
