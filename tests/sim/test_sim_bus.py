"""Trace events reach those who asked for them."""

from __future__ import annotations

from overlaysim.sim.events import Bus, FrameSeen, LinkChanged, NodeChanged

DOWN = LinkChanged(1, "a", "b", "down")
JOINED = NodeChanged(2, "a", "joined")
FRAME = FrameSeen(3, "a", True, None, None)


def test_listeners_get_events_of_their_type_in_order_of_subscription() -> None:
    bus = Bus()
    heard: list[tuple[str, object]] = []
    bus.subscribe(LinkChanged, lambda event: heard.append(("first", event)))
    bus.subscribe(NodeChanged, lambda event: heard.append(("node", event)))
    bus.subscribe(LinkChanged, lambda event: heard.append(("second", event)))
    bus.emit(DOWN)
    assert heard == [("first", DOWN), ("second", DOWN)]


def test_subscribers_to_everything_are_spared_the_frames() -> None:
    bus = Bus()
    everything: list[object] = []
    frames: list[object] = []
    bus.subscribe_all(everything.append)
    bus.subscribe(FrameSeen, frames.append)
    for event in (DOWN, FRAME, JOINED):
        bus.emit(event)
    assert everything == [DOWN, JOINED]
    assert frames == [FRAME]


def test_a_hot_path_can_ask_whether_anybody_listens() -> None:
    bus = Bus()
    bus.subscribe_all(print)
    assert not bus.wants(FrameSeen)
    bus.subscribe(FrameSeen, print)
    assert bus.wants(FrameSeen)
