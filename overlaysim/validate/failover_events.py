"""What the trace events of a failed host's swarm tell: instants as metrics, and nothing assumed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from overlaysim.measure.audit import audit
from overlaysim.sim import Simulator
from overlaysim.sim.events import (
    BeliefAdded,
    BeliefRemoved,
    EndpointAdded,
    NodeChanged,
    PathChanged,
    PeerRemoved,
    TaskChanged,
)
from overlaysim.units import SECOND

SERVICE, BOX = "rr", "box-"
"""The service whose answers are watched, and what the standalone containers' names begin with."""
REPLICAS = 5
"""Tasks of the service."""

Value = tuple[str, float]
"""A metric and one value of it, in seconds."""
_Event = TypeVar("_Event")


class Story:
    """Keeps the trace events of a run, and finds in them what was observed in the real swarm.

    Args:
        watched: the hosts that are asked.
        victim: the host that fails.
    """

    def __init__(self, simulator: Simulator, watched: Sequence[str], victim: str) -> None:
        self._simulator = simulator
        self._watched = watched
        self._victim = victim
        self._events: list[Any] = []
        self._began = self._healed = 0
        simulator.bus.subscribe_all(self._events.append)

    def measure(self, began: int, healed: int) -> list[Value]:
        """Everything that happened since the fault began, from the two instants (picoseconds).

        What did not happen has no value.
        """
        self._events.sort(key=lambda event: event.at)  # stable; answers come dated
        self._began, self._healed = began, healed
        dead = self._address_on_victim()
        values = list(self._fault(dead))
        values += self._replacement(dead)
        values += self._return(dead)
        values += self._standalone()
        return values

    # ---- the pieces -----------------------------------------------------------------------

    def _fault(self, dead: str) -> Iterator[Value]:
        """The failed host vanishes: its task's address, the way to it, the node."""
        for host in self._watched:
            yield from self._first("name_gone_s", (
                event for event in self._since(self._began, BeliefRemoved)
                if event.host == host and event.name == SERVICE and event.address == dead
            ))  # fmt: skip
            cut = [e for e in self._since(self._began, PathChanged)
                   if (e.source, e.target) == (host, self._victim) and e.obstacle]  # fmt: skip
            forgotten = [e for e in self._since(self._began, PeerRemoved)
                         if e.host == host and e.address == dead]  # fmt: skip
            yield from self._first("ping_fails_s", sorted(cut + forgotten, key=lambda e: e.at))
        yield from self._first("node_down_s", (
            event for event in self._since(self._began, NodeChanged)
            if event.host == self._victim and event.state == "down"
        ))  # fmt: skip

    def _replacement(self, dead: str) -> Iterator[Value]:
        """Another task takes the place of the one on the failed host."""
        steps = {"assigned": "assigned_s", "starting": "left_ready_s", "running": "new_running_s"}
        changes = [e for e in self._since(self._began, TaskChanged)
                   if e.service == SERVICE and e.host != self._victim]  # fmt: skip
        for state, metric in steps.items():
            yield from self._first(metric, (e for e in changes if e.state == state))
        for host in self._watched:
            yield from self._first("new_name_s", (
                event for event in self._since(self._began, BeliefAdded)
                if event.host == host and event.name == SERVICE and event.address != dead
            ))  # fmt: skip

    def _return(self, dead: str) -> Iterator[Value]:
        """The old task is still there when the host is back, until it has been told to go."""
        for host in self._watched:
            before, answers = self._healed, set[str]()
            back = crowded = 0
            for event in self._beliefs(host):
                if before < event.at:
                    back += (event.at - before) * (dead in answers)
                    crowded += (event.at - before) * (len(answers) > REPLICAS)
                    before = event.at
                act = answers.add if isinstance(event, BeliefAdded) else answers.discard
                act(event.address)
                if event.at > self._healed and event.address == dead and dead in answers:
                    yield "old_back_s", self._seconds(event.at, self._healed)
            if back:
                yield "old_back_for_s", back / SECOND
            if crowded:
                yield "six_addresses_s", crowded / SECOND
        yield from self._first("old_shut_down_s", (
            event for event in self._since(self._healed, TaskChanged)
            if event.service == SERVICE and event.host == self._victim and event.state == "shutdown"
        ))  # fmt: skip

    def _standalone(self) -> Iterator[Value]:
        """The audit of the standalone containers' names, which no manager touches."""
        end, merged = self._simulator.now, dict[str, int]()
        for span in audit(self._events, end).spans:
            if not span.name.startswith(BOX) or span.end <= self._began:
                continue
            owner = span.name.removeprefix(BOX)
            merged.setdefault(span.host, self._healed)
            if "missing" not in span.verdict:
                continue
            merged[span.host] = max(merged[span.host], span.end)
            if span.host == self._victim and span.start < self._healed:
                yield "own_stale_s", self._seconds(span.start, self._began)
            if self._victim not in (span.host, owner):
                yield "healthy_lacked_s", self._seconds(span.end, span.start)
        for instant in merged.values():
            yield "merged_s", self._seconds(instant, self._healed)

    # ---- reading events -------------------------------------------------------------------

    def _address_on_victim(self) -> str:
        """The address of the service's task on the host that is about to fail."""
        return next(
            event.address for event in self._events
            if isinstance(event, EndpointAdded) and event.host == self._victim
            and event.endpoint.startswith(f"{SERVICE}.")
        )  # fmt: skip

    def _beliefs(self, host: str) -> Iterator[BeliefAdded | BeliefRemoved]:
        """How a host's answer for the service changed, from the beginning."""
        for event in self._events:
            if (
                isinstance(event, BeliefAdded | BeliefRemoved)
                and event.host == host
                and event.name == SERVICE
            ):
                yield event

    def _since(self, instant: int, kind: type[_Event]) -> Iterator[_Event]:
        return (e for e in self._events if e.at >= instant and isinstance(e, kind))

    def _first(self, metric: str, events: Iterable[Any]) -> Iterator[Value]:
        """When the first of the events happened, if there is one."""
        for event in events:
            yield metric, self._seconds(event.at, self._began)
            return

    @staticmethod
    def _seconds(instant: int, since: int) -> float:
        return (instant - since) / SECOND
