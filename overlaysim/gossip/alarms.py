"""What a node has to do, and when."""

from __future__ import annotations

import heapq
from collections.abc import Callable

Action = Callable[[int], None]
"""Takes the present instant."""


class Alarm:
    """Something to do at an instant, unless it is called off."""

    __slots__ = ("action", "when")

    def __init__(self, when: int, action: Action) -> None:
        self.when = when
        self.action: Action | None = action

    def cancel(self) -> None:
        """Call it off."""
        self.action = None


class Alarms:
    """The alarms of one node; those due at the same instant ring in the order they were set."""

    __slots__ = ("_heap", "_serial")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Alarm]] = []
        self._serial = 0

    def set(self, when: int, action: Action) -> Alarm:
        """Do something at an instant."""
        alarm = Alarm(when, action)
        self._serial += 1
        heapq.heappush(self._heap, (when, self._serial, alarm))
        return alarm

    def next(self) -> int | None:
        """The instant of the first alarm."""
        heap = self._heap
        while heap:
            when, _, alarm = heap[0]
            if alarm.action is not None:
                return when
            heapq.heappop(heap)
        return None

    def ring(self, now: int) -> None:
        """Do what is due, also what that brings about for the same instant."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            action = heapq.heappop(heap)[2].action
            if action is not None:
                action(now)
