"""The adapter between a protocol machine and the clock."""

from __future__ import annotations

from typing import Any

from overlaysim.sim import Driver, Simulator


class Echo:
    """A machine that answers each message after a wait, and again that long after its answer."""

    def __init__(self, wait: int, repeats: int = 1) -> None:
        self.wait = wait
        self.repeats = repeats
        self.due: int | None = None
        self.calls: list[tuple[str, int]] = []
        self.outbox: list[Any] = []

    def receive(self, message: Any, now: int) -> None:
        self.calls.append((f"receive {message}", now))
        self.due = now + self.wait

    def on_timer(self, now: int) -> None:
        self.calls.append(("timer", now))
        self.outbox.append(f"answer at {now}")
        self.repeats -= 1
        self.due = now + self.wait if self.repeats else None

    def next_timer(self) -> int | None:
        return self.due

    def take_outbox(self) -> list[Any]:
        taken, self.outbox = self.outbox, []
        return taken


def test_messages_and_timers_reach_the_machine_with_the_time() -> None:
    simulator, sent = Simulator(), []
    machine = Echo(wait=10, repeats=2)
    driver = Driver(simulator, machine, lambda item: sent.append((simulator.now, item)))
    simulator.call_at(5, driver.receive, "hello")
    simulator.run_to(100)
    assert machine.calls == [("receive hello", 5), ("timer", 15), ("timer", 25)]
    assert sent == [(15, "answer at 15"), (25, "answer at 25")]


def test_a_later_due_time_replaces_the_earlier_one() -> None:
    simulator = Simulator()
    machine = Echo(wait=10)
    driver = Driver(simulator, machine, lambda _: None)
    for instant in (0, 4, 8):
        simulator.call_at(instant, driver.receive, "again")
    simulator.run_to(100)
    assert [call for call in machine.calls if call[0] == "timer"] == [("timer", 18)]


def test_what_is_sent_while_carrying_is_carried_as_well() -> None:
    simulator = Simulator()
    machine = Echo(wait=10)
    carried: list[str] = []

    def carry(item: str) -> None:
        carried.append(item)
        if item == "first":
            machine.outbox.append("second")

    driver = Driver(simulator, machine, carry)
    machine.outbox.append("first")
    driver.settle()
    assert carried == ["first", "second"]


def test_settled_is_called_with_an_empty_outbox() -> None:
    simulator = Simulator()
    machine = Echo(wait=10)
    outboxes: list[list[Any]] = []
    driver = Driver(
        simulator, machine, lambda _: None, lambda: outboxes.append(list(machine.outbox))
    )
    machine.outbox.append("something")
    driver.receive("hello")
    simulator.run_to(10)
    assert outboxes == [[], []]


def test_a_stopped_driver_is_silent() -> None:
    simulator, sent = Simulator(), []
    machine = Echo(wait=10)
    driver = Driver(simulator, machine, sent.append)
    driver.receive("hello")
    driver.stop()
    driver.receive("anybody?")
    simulator.run_to(100)
    assert machine.calls == [("receive hello", 0)]
    assert sent == []
