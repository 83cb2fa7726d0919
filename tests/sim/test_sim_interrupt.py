"""Ctrl-C takes effect between two events."""

from __future__ import annotations

import signal
import threading

import pytest

from overlaysim.sim import Simulator
from overlaysim.sim.interrupt import interruptible


class Script:
    """Two events; Ctrl-C comes, so many times, in the middle of the first."""

    def __init__(self, presses: int = 1) -> None:
        self.simulator = Simulator()
        self.done: list[str] = []
        self._presses = presses
        self.simulator.call_at(10, self._first)
        self.simulator.call_at(20, lambda _: self.done.append("second event"))

    def _first(self, _: object) -> None:
        self.done.append("first half")
        for _press in range(self._presses):
            signal.raise_signal(signal.SIGINT)
        self.done.append("second half")


def test_the_event_in_hand_is_finished_and_no_other_begun() -> None:
    script = Script()
    with pytest.raises(KeyboardInterrupt), interruptible(script.simulator):
        script.simulator.run_to(100)
    assert script.done == ["first half", "second half"]
    assert 10 <= script.simulator.now <= 20


def test_the_simulation_can_go_on_afterwards() -> None:
    script = Script()
    with pytest.raises(KeyboardInterrupt), interruptible(script.simulator):
        script.simulator.run_to(100)
    with interruptible(script.simulator):
        script.simulator.run_to(100)
    assert script.done[-1] == "second event"
    assert script.simulator.now == 100


def test_a_second_one_comes_through_at_once() -> None:
    script = Script(presses=2)
    with pytest.raises(KeyboardInterrupt), interruptible(script.simulator):
        script.simulator.run_to(100)
    assert script.done == ["first half"]


def test_one_in_the_last_event_is_raised_at_the_end_and_only_once() -> None:
    script = Script()
    with pytest.raises(KeyboardInterrupt), interruptible(script.simulator):
        script.simulator.run_to(15)
    assert script.simulator.now == 15
    with interruptible(script.simulator):
        script.simulator.run_to(100)
    assert script.done[-1] == "second event"


def test_the_usual_handler_is_back_afterwards() -> None:
    with interruptible(Simulator()):
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_who_ignores_ctrl_c_goes_on_ignoring_it() -> None:
    script = Script()
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible(script.simulator):
            script.simulator.run_to(100)
    finally:
        signal.signal(signal.SIGINT, earlier)
    assert script.done == ["first half", "second half", "second event"]


def test_it_may_run_outside_the_main_thread() -> None:
    simulator = Simulator()

    def run() -> None:
        with interruptible(simulator):
            simulator.run_to(100)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert simulator.now == 100
