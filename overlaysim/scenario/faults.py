"""The keys of a fault as what the cluster can break, checked against the topology."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from overlaysim.cluster.faults import (
    BlockPort,
    BrokenOffload,
    Churn,
    CrashHost,
    DegradeLink,
    Fault,
    FreezeDaemon,
    JoinSwarm,
    LeaveSwarm,
    LinkState,
    Partition,
    SlowHost,
    StopDaemon,
)
from overlaysim.scenario.fault_keys import ALL, FAULT
from overlaysim.scenario.fields import Record
from overlaysim.scenario.link_keys import LINK_CHANGES
from overlaysim.scenario.model import Break, Heal
from overlaysim.scenario.nodes import ProblemLog
from overlaysim.scenario.places import Places

HOST_FAULTS: Mapping[str, Callable[[str], Fault]] = {
    "crashed": CrashHost,
    "frozen": FreezeDaemon,
    "stopped": StopDaemon,
    "left": LeaveSwarm,
    "joined": JoinSwarm,
}
"""What a host's state is called, each with its fault; ``running`` heals."""

FAULT_KINDS: Mapping[str, tuple[type[Fault], ...]] = {
    "link": (LinkState, DegradeLink),
    "partition": (Partition,),
    "host": (CrashHost, FreezeDaemon, StopDaemon, LeaveSwarm, JoinSwarm, SlowHost, BrokenOffload),
    "block": (BlockPort,),
    "churn": (Churn,),
}
"""The faults by the key that each is written with."""


CHURN_EVENTS = ("joins", "leaves", "starts", "stops")


class FaultReader:
    """Makes orders of the records that the field table read.

    Args:
        places: the hosts and links there are.
        log: gets what is wrong.
    """

    def __init__(self, places: Places, log: ProblemLog) -> None:
        self._places = places
        self._log = log
        self._readers: Mapping[str, Callable[[Record], Break | Heal | None]] = {
            "link": self._link,
            "partition": self._partition,
            "host": self._host,
            "block": self._block,
            "churn": self._churn,
            "heal": self._heal,
        }

    def read(self, record: Record) -> Break | Heal | None:
        """Return what is to be done; None if the record does not say it, which is reported."""
        before = len(self._log)
        order = self._readers[FAULT.variant(record)](record)
        return order if len(self._log) == before else None

    def _report(self, record: Record, key: str, message: str) -> None:
        if message:
            record.report(key, message, self._log)

    def _link(self, record: Record) -> Break | Heal | None:
        if record["link"] is None:
            return None
        a, b = record["link"]
        self._report(record, "link", self._places.wrong_link(a, b))
        written = [field.key for field in LINK_CHANGES if record.written(field.key)]
        if record.written("state"):
            for key in written:
                self._report(record, key, "not together with state; write two faults")
            if record["state"] == "up":
                return self._for_good(record, Heal("link", (a, b)))
            return Break((LinkState(a, b, up=False),), record["for"])
        if not written:
            properties = ", ".join(field.key for field in LINK_CHANGES)
            self._report(record, "link", f"write state: down, or what changes: {properties}")
        changes: dict[str, Any] = {}
        for key in written:
            changes |= record[key] or {}
        return Break((DegradeLink(a, b, changes),), record["for"]) if changes else None

    def _partition(self, record: Record) -> Break | None:
        groups: tuple[tuple[str, ...], ...] | None = record["partition"]
        if groups is None:
            return None
        named = [host for group in groups for host in group]
        for host in dict.fromkeys(named):
            self._report(record, "partition", self._places.wrong_host(host))
            if named.count(host) > 1:
                self._report(record, "partition", f"{host} is there twice")
        others = [host for host in self._places.hosts if host not in named]
        filled = tuple(filter(None, groups))
        if self._places.hosts and len(filled) + bool(others) < 2:
            self._report(record, "partition", "one group has all hosts; write at least two groups")
        return Break((Partition(filled),), record["for"])

    def _host(self, record: Record) -> Break | Heal | None:
        host, state = record["host"], record["state"]
        if host is None:
            return None
        self._report(record, "host", self._places.wrong_host(host))
        if state == "running":
            return self._for_good(record, Heal("host", (host,)))
        if state is not None:
            return Break((HOST_FAULTS[state](host),), record["for"])
        if record["delay"] is not None:
            return Break((SlowHost(host, record["delay"]),), record["for"])
        return Break((BrokenOffload(host),), record["for"]) if record["offload"] else None

    def _for_good(self, record: Record, heal: Heal) -> Heal:
        """Refuse a duration where a state ends faults."""
        if record.written("for"):
            self._report(record, "for", f"{record['state']} ends faults for good; leave it out")
        return heal

    def _block(self, record: Record) -> Break | None:
        where, ports = record["at"], record["block"]
        if isinstance(where, tuple):
            self._report(record, "at", self._places.wrong_link(*where))
        elif where is not None:
            self._report(record, "at", self._places.wrong_host(where))
        if ports == ():
            self._report(record, "block", "no port is named; write for example 7946/udp")
        if where is None or not ports:
            return None
        pairs = ports if isinstance(ports[0], tuple) else (ports,)
        return Break(tuple(BlockPort(where, *pair) for pair in pairs), record["for"])

    def _churn(self, record: Record) -> Break | None:
        churn: Record | None = record["churn"]
        if churn is None:
            return None
        for host in churn["hosts"] or ():
            self._report(churn, "hosts", self._places.wrong_host(host))
        rates = {f"{event}_per_s": churn[event] for event in CHURN_EVENTS if churn.written(event)}
        if not rates:
            self._report(record, "churn", f"write one of {', '.join(CHURN_EVENTS)}")
        hosts = churn["hosts"] or self._places.hosts
        if None in rates.values():
            return None
        return Break((Churn(hosts, network=churn["network"] or "", **rates),), record["for"])

    def _heal(self, record: Record) -> Heal | None:
        what = record["heal"]
        if isinstance(what, tuple):
            self._report(record, "heal", self._places.wrong_link(*what))
            return Heal(nodes=what)
        if what is None or what == ALL:
            return Heal() if what else None
        if what in FAULT_KINDS:
            return Heal(kind=what)
        self._report(record, "heal", self._places.wrong_node(what, [ALL, *FAULT_KINDS]))
        return Heal(nodes=(what,))
