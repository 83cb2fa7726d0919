"""What became of each packet of the containers: delivered right, mis-delivered or black-holed.

Whom a sender meant is more than who had the address when the packet left. A container that asked
for ``web`` and keeps sending to the address it was told means ``web``, even when that address has
since gone to somebody else. So: the last name that the sending container was answered with this
address decides; if that name no longer has the address, the packet is meant for whoever the name
now stands for (for the name itself, if that is nobody). Without such a look-up the packet is meant
for the owner of its address.

- *right*: it reached an endpoint that its sender meant.
- *mis-delivered*: it reached another one.
- *black-holed*: it was dropped, for one reason at one place.

Packets still in flight at the end of a run have no fate yet.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from overlaysim.measure.intervals import Intervals
from overlaysim.measure.latency import Flow
from overlaysim.measure.packets import PacketRow
from overlaysim.measure.truth import candidates, canonical
from overlaysim.sim.events import (
    EndpointAdded,
    EndpointRemoved,
    LookedUp,
    NameAdded,
    NameRemoved,
)


class Fate(NamedTuple):
    """A packet that did not reach whom its sender meant.

    ``at`` is the instant of its end (picoseconds). A mis-delivered one has ``reached``, a
    black-holed one ``reason`` and ``where``.
    """

    at: int
    source: str
    meant: str
    protocol: str
    reached: str
    reason: str
    where: str


@dataclass
class FlowFates:
    """Packets of one flow by what became of them."""

    right: int = 0
    misdelivered: Counter[str] = field(default_factory=Counter)
    """Whom they reached instead -> packets."""
    blackholed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Reason and place of the drop -> packets."""

    @property
    def total(self) -> int:
        """Packets of the flow that ended."""
        return self.right + self.misdelivered.total() + self.blackholed.total()


@dataclass(frozen=True)
class Fates:
    """What became of the containers' packets.

    Attributes:
        flows: by sender, whom it meant, and protocol; sorted.
        failures: every packet that was mis-delivered or black-holed, in the order of their ends.
    """

    flows: Mapping[Flow, FlowFates]
    failures: tuple[Fate, ...]


def judge_packets(packets: Iterable[PacketRow], events: Iterable[Any]) -> Fates:
    """Judge the data packets of a run.

    Args:
        packets: rows in the order in which the packets ended; other kinds are passed over.
        events: trace events in time order.
    """
    intentions = _Intentions(events)
    flows: dict[Flow, FlowFates] = {}
    failures: list[Fate] = []
    for row in packets:
        if row.kind != "data":
            continue
        meant = intentions.meant(row)
        flow = flows.setdefault(Flow(row.source, meant, row.protocol), FlowFates())
        if row.delivered and row.reached == meant:
            flow.right += 1
            continue
        if row.delivered:
            flow.misdelivered[row.reached] += 1
        else:
            flow.blackholed[row.reason, row.where] += 1
        failures.append(
            Fate(row.ended, row.source, meant, row.protocol, row.reached, row.reason, row.where)
        )
    return Fates(dict(sorted(flows.items())), tuple(failures))


class _Intentions:
    """Which names containers asked for, and who had which name and address when."""

    def __init__(self, events: Iterable[Any]) -> None:
        # container -> address -> instants of look-ups that gave it, and what was asked
        self._asked: dict[str, dict[str, tuple[list[int], list[tuple[str, str]]]]] = {}
        self._named: Intervals[tuple[str, str, str]] = Intervals()
        self._owned: Intervals[tuple[str, str, str]] = Intervals()
        self._addresses: dict[tuple[str, str], dict[str, None]] = {}
        self._owners: dict[tuple[str, str], dict[str, None]] = {}
        self._places: dict[str, dict[str, None]] = {}
        for event in events:
            if isinstance(event, NameAdded | NameRemoved):
                self._name_changed(event)
            elif isinstance(event, EndpointAdded | EndpointRemoved):
                self._endpoint_changed(event)
            elif isinstance(event, LookedUp):
                self._looked_up(event)

    def meant(self, row: PacketRow) -> str:
        """Whom the sender of a packet meant: an endpoint, a name without one, or an address."""
        asked = self._asked.get(row.source)
        if asked is None:
            return row.intended
        sent = row.born + row.parts[0]  # a packet is born when its name look-up begins
        latest = -1
        for address in self._places.get(row.intended, {row.intended: None}):
            instants, questions = asked.get(address, ([], []))
            index = bisect_right(instants, sent) - 1
            if index >= 0 and instants[index] > latest:
                latest, (network, name), asked_for = instants[index], questions[index], address
        if latest < 0 or self._named.holds((network, name, asked_for), sent):
            return row.intended
        return self._owner(network, name, sent)

    def _owner(self, network: str, name: str, at: int) -> str:
        """The first endpoint that a name stands for at an instant, else the name."""
        for address in self._addresses.get((network, name), ()):
            if self._named.holds((network, name, address), at):
                for owner in self._owners.get((network, address), ()):
                    if self._owned.holds((network, address, owner), at):
                        return owner
        return name

    def _name_changed(self, event: NameAdded | NameRemoved) -> None:
        name = canonical(event.name)
        turn = self._named.begin if isinstance(event, NameAdded) else self._named.end
        turn(event.at, (event.network, name, event.address))
        self._addresses.setdefault((event.network, name), {})[event.address] = None

    def _endpoint_changed(self, event: EndpointAdded | EndpointRemoved) -> None:
        turn = self._owned.begin if isinstance(event, EndpointAdded) else self._owned.end
        turn(event.at, (event.network, event.address, event.endpoint))
        self._owners.setdefault((event.network, event.address), {})[event.endpoint] = None
        self._places.setdefault(event.endpoint, {})[event.address] = None

    def _looked_up(self, event: LookedUp) -> None:
        if event.qtype != "A" or not event.network:
            return
        names = [name for network, name in candidates(event.networks, event.name)
                 if network == event.network]  # fmt: skip
        name = next((n for n in names if (event.network, n) in self._addresses), None)
        if name is None:
            return
        told = self._asked.setdefault(event.container, {})
        for address in event.answers:
            instants, questions = told.setdefault(address, ([], []))
            instants.append(event.at)
            questions.append((event.network, name))
