"""What ends or crosses one by one, collected into arrays."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from overlaysim.planes.records import Ends, Hops, OnEnds, OnHops
from overlaysim.sim import Journey

_MANY = 7 * 16_384
_FIELDS = 7


class EndedPackets:
    """Collects packets of bulk flows that ended, and hands them over many at a time."""

    def __init__(self, on_ends: OnEnds) -> None:
        self._on_ends = on_ends
        self._rows: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._arrived = self._rows["", ""]

    def add(self, journey: Journey, flow: int) -> None:
        """Take a packet, or the answer to one, that has ended."""
        ended = journey.ended
        assert ended is not None
        request = journey.message
        if request is None:
            born, turned = journey.born, -1
            transmit, propagate = journey.transmit, journey.propagate
        else:
            born, turned = request.born, request.ended
            transmit = request.transmit + journey.transmit
            propagate = request.propagate + journey.propagate
        rows = self._arrived
        if journey.reason is not None:
            rows = self._rows[journey.reason, journey.where or ""]
        rows.extend((journey.number, flow, born, turned, ended, transmit, propagate))
        if len(rows) >= _MANY:
            self.flush()

    def flush(self) -> None:
        """Hand over what has been collected."""
        for (reason, where), rows in self._rows.items():
            if rows:
                columns = np.fromiter(rows, np.int64, len(rows)).reshape(-1, _FIELDS).T
                self._on_ends(Ends(*columns, reason=reason, where=where))
                rows.clear()


class HopLog:
    """Remembers packets, and hands over the hops that they have made, by link."""

    def __init__(self, on_hops: OnHops) -> None:
        self._on_hops = on_hops
        self._journeys: list[Journey] = []

    def add(self, journey: Journey) -> None:
        """Remember a packet that is just made."""
        self._journeys.append(journey)

    def flush(self) -> None:
        """Hand over the hops of all packets."""
        rows: dict[str, list[tuple[int, bool, int, int, int]]] = defaultdict(list)
        for journey in self._journeys:
            answer = journey.message is not None
            for hop in journey.hops or ():
                rows[hop.link].append(
                    (journey.number, answer, hop.arrived, hop.started, hop.delivered)
                )
        for link, crossings in rows.items():
            numbers, answers, *times = (np.array(column) for column in zip(*crossings, strict=True))
            self._on_hops(Hops(link, numbers, answers, *times))
        self._journeys.clear()
