"""What ends or crosses one by one, collected into arrays."""

from __future__ import annotations

import struct
from collections import defaultdict
from functools import partial

import numpy as np

from overlaysim.planes.records import Ends, Hops, Integers, OnEnds, OnHops
from overlaysim.planes.workload import place_of
from overlaysim.sim import Journey

_ROW = struct.Struct("=7q")
_MANY = 16_384 * _ROW.size


class EndedPackets:
    """Collects packets of bulk flows that ended, and hands them over many at a time."""

    def __init__(self, on_ends: OnEnds) -> None:
        self._on_ends = on_ends
        self._rows: dict[tuple[str, str], bytearray] = defaultdict(bytearray)
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
        place = place_of(journey.number)
        rows += _ROW.pack(place, flow, born, turned, ended, transmit, propagate)
        if len(rows) >= _MANY:
            self.flush()

    def flush(self) -> None:
        """Hand over what has been collected."""
        for (reason, where), rows in self._rows.items():
            if rows:
                columns = np.frombuffer(bytes(rows), np.int64).reshape(-1, 7).T
                numbers, flows, born, turned, ended, transmit, propagate = columns
                identify = partial(_given, (numbers, turned))
                self._on_ends(
                    Ends(flows, born, ended, transmit, propagate, identify, reason, where)
                )
                rows.clear()


def _given(identities: tuple[Integers, Integers]) -> tuple[Integers, Integers]:
    return identities


class HopLog:
    """Remembers packets, and hands over the hops that they have made, by link."""

    def __init__(self, on_hops: OnHops) -> None:
        self._on_hops = on_hops
        self._packets: list[tuple[int, Journey]] = []

    def add(self, flow: int, journey: Journey) -> None:
        """Remember a packet that is just made."""
        self._packets.append((flow, journey))

    def flush(self) -> None:
        """Hand over the hops of all packets."""
        rows: dict[str, list[tuple[int, int, bool, int, int, int]]] = defaultdict(list)
        for flow, journey in self._packets:
            answer = journey.message is not None
            for hop in journey.hops or ():
                rows[hop.link].append(
                    (
                        flow,
                        place_of(journey.number),
                        answer,
                        hop.arrived,
                        hop.started,
                        hop.delivered,
                    )
                )
        for link, crossings in rows.items():
            flows, numbers, answers, *times = map(np.array, zip(*crossings, strict=True))
            self._on_hops(Hops(link, flows, numbers, answers, *times))
        self._packets.clear()
