"""A small run made by hand, with something in every part of a report."""

from __future__ import annotations

from overlaysim.measure import LinkUse, Measurements, Recorder
from overlaysim.report import LinkView, TopologyView
from overlaysim.sim import Simulator, composition
from overlaysim.sim.events import (
    BeliefAdded,
    BeliefRemoved,
    CommandEnded,
    HostJoinedNetwork,
    LookedUp,
    NameAdded,
    NameRemoved,
)
from overlaysim.units import MS, SECOND, US, transmission_time

HOSTS = ("host-a", "host-b", "host-c")
RATE = 1_000_000_000
DELAY = 50 * US
PING = composition("data", 56, 42, 8, 42)
GOSSIP = composition("table", 180, 0, 0, 42)


def send_ping(simulator: Simulator, sequence: int, at: int, queue: int = 0) -> None:
    """One echo request of client and its reply, over two links each way."""
    sent = 2 * transmission_time(PING.length + 24, RATE)
    ends = [("client@host-b", "web@host-a", "request"), ("web@host-a", "client@host-b", "reply")]
    for source, intended, kind in ends:
        journey = simulator.ledger.create(
            "data", at, source=source, intended=intended, protocol="icmp",
            message=("ping", "client@host-b", 1, sequence, kind),
        )  # fmt: skip
        journey.length, journey.composition = PING.length, PING
        journey.look_up = 300 * US if sequence == 0 and kind == "request" else 0
        journey.queue, journey.transmit, journey.propagate = queue, sent, 2 * DELAY
        at += sum(journey.parts)
        simulator.ledger.deliver(journey, at, intended)


def send_datagram(simulator: Simulator, at: int, queue: int, reason: str | None = None) -> None:
    """One UDP datagram of client to db, lost for ``reason`` if given."""
    journey = simulator.ledger.create(
        "data", at, source="client@host-b", intended="db@host-c", protocol="udp"
    )
    journey.length = 1092
    journey.queue, journey.transmit, journey.propagate = queue, 17_856_000, 2 * DELAY
    if reason:
        simulator.ledger.drop(journey, at + 5 * US, reason, "host-b->switch")
    else:
        simulator.ledger.deliver(journey, at + sum(journey.parts), "db@host-c")


def names(web: str = "web") -> list[object]:
    """The name web is born on host-a, heard of elsewhere, moves, and one host is slow."""
    spread = (("host-a", 0), ("host-c", 122 * MS), ("host-b", 240 * MS))
    events: list[object] = [HostJoinedNetwork(800 * MS, h, "app-overlay") for h in HOSTS]
    for name in (web, "9f1c0a7b2d3e"):
        events.append(NameAdded(SECOND, "app-overlay", name, "10.0.1.2", "host-a"))
        for host, delay in spread:
            events.append(BeliefAdded(SECOND + delay, host, "app-overlay", name, "10.0.1.2"))
    for address, at in (("10.0.1.7", 2), ("10.0.1.8", 3)):
        events.append(NameAdded(at * SECOND, "app-overlay", "tasks.api", address, "host-c"))
        for host, delay in spread:
            when = at * SECOND + 2 * delay
            events.append(BeliefAdded(when, host, "app-overlay", "tasks.api", address))
    moved = 6 * SECOND
    events.append(NameRemoved(moved, "app-overlay", web, "10.0.1.2", "host-a"))
    events.append(NameAdded(moved + 700 * MS, "app-overlay", web, "10.0.1.9", "host-c"))
    events.append(NameAdded(moved + 900 * MS, "app-overlay", "other", "10.0.1.2", "host-a"))
    for host, delay in (("host-a", 0), ("host-c", 900 * MS), ("host-b", 2 * SECOND)):
        events.append(BeliefRemoved(moved + delay, host, "app-overlay", web, "10.0.1.2"))
        when = moved + 700 * MS + delay
        events.append(BeliefAdded(when, host, "app-overlay", web, "10.0.1.9"))
        events.append(BeliefAdded(when + 200 * MS, host, "app-overlay", "other", "10.0.1.2"))
    events += [
        LookedUp(2 * SECOND, 100 * US, "host-b", "client@host-b", ("app-overlay",), "app-overlay",
                 web, "A", "NOERROR", ("10.0.1.2",), False),
        LookedUp(7 * SECOND, 100 * US, "host-b", "client@host-b", ("app-overlay",), "app-overlay",
                 web, "A", "NOERROR", ("10.0.1.2",), False),
        LookedUp(8 * SECOND, 90 * US, "host-b", "client@host-b", ("app-overlay",), "",
                 "example.org", "A", "SERVFAIL", (), True),
    ]  # fmt: skip
    return sorted(events, key=lambda event: event.at)  # type: ignore[attr-defined]


def fake_links() -> list[LinkUse]:
    """Both directions of three links, busier towards host-a."""
    return [
        LinkUse(name, RATE, {PING: 12 * n, GOSSIP: 40 + n}, {"queue full": n} if n > 4 else {},
                n * n * n * 4_000_000_000, n, 24)
        for n, name in enumerate(
            [f"{a}->{b}" for h in HOSTS for a, b in ((h, "switch"), ("switch", h))]
        )
    ]  # fmt: skip


def fake_run(web: str = "web", seed: int = 7) -> Measurements:
    """Measurements of twelve simulated seconds; ``web`` is the name of one container."""
    simulator = Simulator(seed)
    recorder = Recorder(simulator)
    for sequence in range(20):
        send_ping(simulator, sequence, (2 + sequence) * 100 * MS, queue=sequence % 4 * US)
    for number in range(50):
        send_datagram(simulator, number * MS, (number % 25) * 9 * US,
                      "queue full" if number % 10 == 9 else None)  # fmt: skip
    for event in names(web):
        simulator.bus.emit(event)
    simulator.bus.emit(
        CommandEnded(9 * SECOND, "host-b", "docker run --network nowhere alpine", 125, 40 * MS,
                     "docker: Error response from daemon: network nowhere not found.\n")
    )  # fmt: skip
    simulator.run_to(12 * SECOND)
    meta = {"name": "tutorial", "version": "0.1.0", "scenario_sha256": "ab" * 32}
    return recorder.finish(links=fake_links(), in_flight=0, meta=meta)


def fake_topology() -> TopologyView:
    """The star that the run was on."""
    return TopologyView(
        HOSTS, ("switch",), tuple(LinkView(h, "switch", RATE, DELAY) for h in HOSTS),
        {"host-a": ("web", "api.1.k3xw0dtvbn6mqh1yz2c4f5g7j"), "host-b": ("client",),
         "host-c": ("db",)},
    )  # fmt: skip
