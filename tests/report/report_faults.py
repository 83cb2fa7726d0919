"""A run made by hand in which a host loses its link for ten seconds, with what follows from it."""

from __future__ import annotations

from typing import Any

from overlaysim.measure import Measurements, Recorder
from overlaysim.sim import Simulator
from overlaysim.sim.events import (
    BeliefAdded,
    BeliefRemoved,
    EndpointAdded,
    FaultBegan,
    FaultEnded,
    HostJoinedNetwork,
    MemberChanged,
    NameAdded,
    PathChanged,
    PeerAdded,
    PeerRemoved,
)
from overlaysim.units import MS, SECOND

NET = "app-overlay"
NAMES = ("web", "db", "cache", "queue", "client")
CUT, FORGOTTEN, HEALED, BACK, LATE, END = (s * SECOND for s in (20, 26, 30, 31, 45, 60))


def host(number: int) -> str:
    return f"host-{'abcde'[number]}" if number < 5 else f"host-{number + 1}"


def name(number: int) -> str:
    return NAMES[number] if number < 5 else f"app-{number + 1}"


def address(number: int) -> str:
    return f"10.0.1.{number + 2}"


def faulty_events(hosts: int = 5, cut: int = 3) -> list[Any]:
    """One container on every host; host ``cut`` is cut off, forgotten, healed, remembered.

    The first host remembers it last, at ``LATE``.
    """
    everyone = range(hosts)
    events: list[Any] = [HostJoinedNetwork(SECOND, host(n), NET) for n in everyone]
    for n in everyone:
        born = (2 + 10 * n // hosts) * SECOND
        events.append(EndpointAdded(born, NET, f"{name(n)}@{host(n)}", address(n), host(n)))
        for word in (name(n), f"{n:012x}"):
            events.append(NameAdded(born, NET, word, address(n), host(n)))
            events += [
                BeliefAdded(born + (n != k) * (90 + 7 * k) * MS, host(k), NET, word, address(n))
                for k in everyone
            ]
        events += [
            PeerAdded(born + 100 * MS, host(k), NET, address(n), host(n))
            for k in everyone
            if k != n
        ]
    events += [
        MemberChanged(SECOND, host(k), host(n), "active") for k in everyone for n in everyone
        if n != k
    ]  # fmt: skip
    events.append(FaultBegan(CUT, 1, f"link {host(cut)} switch down", (host(cut),)))
    events.append(FaultEnded(HEALED, 1, f"link {host(cut)} switch down"))
    for k in everyone:
        if k != cut:
            events += _cut_off(k, cut, FORGOTTEN + 50 * k * MS, LATE if k == 0 else BACK)
            events += _cut_off(cut, k, FORGOTTEN + SECOND * (1 + k % 3), BACK + SECOND)
    return sorted(events, key=lambda event: event.at)


def _cut_off(k: int, n: int, forgotten: int, back: int) -> list[Any]:
    """Host ``k`` cannot reach host ``n``, forgets what it knew of it, and is told again."""
    asks, about = host(k), host(n)
    words = (name(n), f"{n:012x}")
    return [
        PathChanged(CUT, asks, about, "link down"),
        PathChanged(HEALED, asks, about, ""),
        MemberChanged(forgotten, asks, about, "failed"),
        PeerRemoved(forgotten, asks, NET, address(n), about),
        *(BeliefRemoved(forgotten, asks, NET, word, address(n)) for word in words),
        MemberChanged(HEALED + 400 * MS, asks, about, "active"),
        PeerAdded(HEALED + 500 * MS, asks, NET, address(n), about),
        *(BeliefAdded(back, asks, NET, word, address(n)) for word in words),
    ]


def faulty_run(hosts: int = 5, cut: int = 3) -> Measurements:
    """The same as measurements, with packets of client that are lost and one that goes astray."""
    simulator = Simulator(7)
    recorder = Recorder(simulator)
    for number in range(30, 110):
        at = number * 500 * MS
        journey = simulator.ledger.create(
            "data", at, source="client@host-e", intended=f"{name(cut)}@{host(cut)}"
        )
        journey.propagate = 100 * MS
        if CUT <= at < HEALED:
            down = at < FORGOTTEN
            reason, where = (
                ("link down", "switch->host-d")
                if down
                else ("no forwarding entry", "vxlan0@host-e")
            )
            simulator.ledger.drop(journey, at + 100 * MS, reason, where)
        else:
            astray = number % 20 == 5
            reached = "db@host-b" if astray else journey.intended
            simulator.ledger.deliver(journey, at + 100 * MS, reached)
    for event in faulty_events(hosts, cut):
        simulator.bus.emit(event)
    simulator.run_to(END)
    meta = {"name": "link-cut", "version": "0.1.0"}
    return recorder.finish(links=[], in_flight=0, meta=meta)
