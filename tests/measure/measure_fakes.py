"""Journeys and events made by hand."""

from __future__ import annotations

from typing import Any

from overlaysim.measure import PacketTable
from overlaysim.sim import Journey, Ledger

NET = "net"


def ended_journey(
    number: int = 1,
    *,
    source: str = "a@host-a",
    intended: str = "b@host-b",
    reached: str | None = None,
    parts: tuple[int, ...] = (0, 0, 0, 1, 2, 3, 0),
    born: int = 0,
    message: Any = None,
    reason: str | None = None,
    kind: str = "data",
    protocol: str = "udp",
    ledger: Ledger | None = None,
) -> Journey:
    """A journey that ended; delivered to ``intended`` unless told otherwise."""
    journey = Journey(
        number, kind, born, source=source, intended=intended, protocol=protocol, message=message
    )
    (
        journey.look_up, journey.resolve, journey.encapsulate, journey.queue, journey.transmit,
        journey.propagate, journey.decapsulate,
    ) = parts  # fmt: skip
    journey.length = 100
    ledger = ledger or Ledger()
    if reason:
        ledger.drop(journey, born + sum(parts), reason, "somewhere")
    else:
        ledger.deliver(journey, born + sum(parts), reached or intended)
    return journey


def table(*journeys: Journey) -> PacketTable:
    """A packet table with these journeys."""
    packets = PacketTable()
    for journey in journeys:
        packets.append(journey)
    return packets


def echo(sequence: int, direction: str, born: int, latency: int, **changes: Any) -> Journey:
    """One direction of a ping of a@host-a to b@host-b."""
    source, intended = ("a@host-a", "b@host-b")[:: 1 if direction == "request" else -1]
    return ended_journey(
        source=source, intended=intended, born=born, parts=(0, 0, 0, 0, 0, latency, 0),
        protocol="icmp", message=("ping", "a@host-a", 7, sequence, direction), **changes,
    )  # fmt: skip
