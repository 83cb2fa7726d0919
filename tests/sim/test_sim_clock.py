"""The clock: order of events, callbacks beside processes, timers, ways to run."""

from __future__ import annotations

from typing import Any

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.sim import Simulator, Steps


@given(st.lists(st.integers(0, 20), max_size=30))
def test_callbacks_run_in_order_of_time_then_of_scheduling(instants: list[int]) -> None:
    simulator = Simulator()
    ran: list[tuple[int, int]] = []
    for number, instant in enumerate(instants):
        simulator.call_at(instant, lambda arg: ran.append((simulator.now, arg)), number)
    simulator.run_to(20)
    assert ran == sorted((instant, number) for number, instant in enumerate(instants))


def test_call_in_counts_from_now() -> None:
    simulator = Simulator()
    seen: list[int] = []
    simulator.call_in(3, lambda _: simulator.call_in(4, lambda _: seen.append(simulator.now)))
    simulator.run_to(100)
    assert seen == [7]


def test_time_is_an_integer_of_any_size() -> None:
    simulator = Simulator()
    far = 10**18 + 1
    seen: list[int] = []
    simulator.call_at(far, lambda _: seen.append(simulator.now))
    simulator.run_to(far)
    assert seen == [far]


def test_processes_and_callbacks_share_one_queue() -> None:
    simulator = Simulator()
    log: list[tuple[int, str]] = []

    def process() -> Steps:
        for _ in range(2):
            yield simulator.sleep(10)
            log.append((simulator.now, "process"))

    simulator.call_at(10, lambda _: log.append((simulator.now, "before")))
    simulator.spawn(process())
    simulator.call_at(20, lambda _: log.append((simulator.now, "callback")))
    simulator.run_to(30)
    # The process scheduled its second waking at 10, after the callback for 20.
    assert log == [(10, "before"), (10, "process"), (20, "callback"), (20, "process")]


def test_a_process_can_wait_for_what_a_callback_gives() -> None:
    simulator = Simulator()
    answer = simulator.event()

    def process() -> Steps:
        value = yield answer
        return value, simulator.now

    simulator.call_at(5, answer.succeed, "yes")
    assert simulator.run_until(simulator.spawn(process())) == ("yes", 5)


def test_a_process_can_be_interrupted_before_anything_else_of_that_instant() -> None:
    simulator = Simulator()
    log: list[object] = []

    def process() -> Steps:
        try:
            yield simulator.sleep(100)
        except simpy.Interrupt as interrupt:
            log.append(interrupt.cause)

    sleeper = simulator.spawn(process())
    simulator.call_at(5, sleeper.interrupt, "stop")
    simulator.call_at(5, log.append, "callback")
    simulator.run_to(10)
    assert log == ["stop", "callback"]


def test_run_to_includes_its_instant_and_leaves_the_clock_there() -> None:
    simulator = Simulator()
    ran: list[int] = []
    for instant in (5, 6, 7):
        simulator.call_at(instant, ran.append, instant)
    simulator.run_to(6)
    assert (ran, simulator.now) == ([5, 6], 6)
    simulator.run_for(10)
    assert (ran, simulator.now) == ([5, 6, 7], 16)
    simulator.run_to(3)
    assert simulator.now == 16


def test_run_until_stops_at_the_event_and_gives_its_value() -> None:
    simulator = Simulator()
    later: list[int] = []
    simulator.call_at(9, later.append, 9)

    def process() -> Steps:
        yield simulator.sleep(4)
        return "done"

    ended = simulator.spawn(process())
    assert simulator.run_until(ended) == "done"
    assert (simulator.now, later) == (4, [])
    assert simulator.run_until(ended) == "done"


def test_run_until_something_that_cannot_happen() -> None:
    simulator = Simulator()
    with pytest.raises(RuntimeError, match=r"nothing left to simulate, but .* never happened"):
        simulator.run_until(simulator.event())


def test_an_exception_in_a_process_comes_out_of_the_run() -> None:
    simulator = Simulator()

    def process() -> Steps:
        yield simulator.sleep(1)
        raise KeyError("lost")

    simulator.spawn(process())
    with pytest.raises(KeyError, match="lost"):
        simulator.run_to(5)
    simulator.call_at(7, lambda _: None)
    simulator.run_to(7)
    assert simulator.now == 7


def test_an_exception_that_a_waiting_process_catches_does_not() -> None:
    simulator = Simulator()

    def failing() -> Steps:
        yield simulator.sleep(1)
        raise KeyError("lost")

    def waiting() -> Steps:
        try:
            yield simulator.spawn(failing())
        except KeyError:
            return "caught"

    assert simulator.run_until(simulator.spawn(waiting())) == "caught"


def test_simpys_own_ways_to_run_work_too() -> None:
    simulator = Simulator()

    def process() -> Steps:
        yield simulator.sleep(3) & simulator.sleep(8)
        return simulator.now

    assert simulator.run(until=simulator.spawn(process())) == 8
    simulator.call_in(2, lambda _: None)
    simulator.run(until=9)
    assert simulator.now == 9
    simulator.run()
    assert simulator.now == 10
    assert simulator.peek() == float("inf")


def test_what_waits_for_the_event_that_ends_a_run_still_hears_of_it() -> None:
    simulator = Simulator()
    event = simulator.event()
    heard: list[Any] = []
    simulator.call_at(3, event.succeed)
    simulator.call_at(1, lambda _: event.callbacks.append(heard.append))  # after the run's own
    simulator.run(until=event)
    assert heard == []
    simulator.run_for(0)
    assert heard == [event]


def test_timers_fire_once_unless_cancelled() -> None:
    simulator = Simulator()
    fired: list[str] = []
    simulator.timer(5, fired.append, "kept")
    cancelled = simulator.timer(5, fired.append, "cancelled")
    simulator.call_at(4, lambda _: cancelled.cancel())
    simulator.run_to(10)
    cancelled.cancel()
    assert fired == ["kept"]


def test_a_timer_may_cancel_itself_while_it_fires() -> None:
    simulator = Simulator()
    fired: list[int] = []

    def fire(_: object) -> None:
        timer.cancel()
        fired.append(simulator.now)

    timer = simulator.timer(5, fire)
    simulator.run_to(10)
    assert fired == [5]


def test_a_timer_for_an_instant_that_has_passed_fires_at_once() -> None:
    simulator = Simulator()
    simulator.run_to(10)
    fired: list[int] = []
    simulator.timer(3, lambda _: fired.append(simulator.now))
    simulator.run_for(0)
    assert (fired, simulator.now) == ([10], 10)


def test_at_one_instant_frames_come_first_and_by_number() -> None:
    simulator = Simulator()
    seen: list[str] = []
    simulator.call_at(5, lambda _: seen.append("timer"))
    simulator.frame_at(5, 9, seen.append, "frame 9")
    simulator.frame_at(5, 4, seen.append, "frame 4")
    simulator.run_to(5)
    assert seen == ["frame 4", "frame 9", "timer"]


def test_a_run_to_the_end_leaves_the_clock_at_the_last_thing_that_happened() -> None:
    simulator = Simulator()
    seen: list[int] = []
    simulator.call_at(5, lambda _: simulator.call_in(4, lambda _: seen.append(simulator.now)))
    simulator.run_dry()
    assert (seen, simulator.now) == ([9], 9)
    simulator.run_dry()
    assert simulator.now == 9
