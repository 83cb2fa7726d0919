"""What the two data planes are given: bulk traffic, and what changes while it runs.

Bulk traffic is open loop: a packet leaves at its time whatever became of those before it. Frames
are known by their lengths and by the hash of their flow, names are resolved once per flow, and
nothing that arrives makes anybody send anything but the echo of a ping.

**Order at one instant.** What happens at the same picosecond happens in this order: frames of
everybody else arrive, by the numbers that the ledger gave them; bulk packets are born or arrive, by
flow and then by their place in it, an answer having the place of what it answers; then everything
else happens, changes of links and routes included. For that the event plane numbers bulk packets by
:func:`first_number`, which no ledger reaches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from overlaysim.errors import ModelError
from overlaysim.sim import DROP_REASONS, Composition
from overlaysim.traffic.schedule import Schedule
from overlaysim.underlay import Topology, Underlay

Timeline = tuple[tuple[int, str], ...]
"""A word and the instant since when it holds (picoseconds, ascending; the first one is 0)."""

ALWAYS: Timeline = ((0, ""),)

KIND = "bulk"
"""The kind of bulk packets in ledgers and compositions."""

_PLACE_BITS = 40


def first_number(flow: int) -> int:
    """The number that the first packet of a flow has on the event plane's queue."""
    return (flow + 1 << _PLACE_BITS) + 1


def place_of(number: int) -> int:
    """The place in its flow, from 1, of a packet with such a number."""
    return number & (1 << _PLACE_BITS) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkFlow:
    """Frames of one sender for one receiver.

    Attributes:
        name: names its random streams, and who it is in records.
        source: the host whose link its frames take first.
        peers: the host that the sender's overlay state names as the receiver's, by the birth of a
            packet; instead of a host a reason from :data:`overlaysim.sim.DROP_REASONS` if it knows
            of none.
        accepts: what becomes of a frame that reaches that host, by its arrival: empty if the
            receiver takes it, else a reason.
        schedule: when packets are born, and their payload sizes.
        frames: what a frame is made of, for each of the schedule's sizes in their order.
        flow_hash: 32-bit hash of the outer headers, by which switches choose among equal paths.
        echo_hash: that of the answer, if the receiver sends each frame back at once; else None.
        protocol: how records call it.
        packets: the frames themselves, if somebody may want to look into them (a packet filter, a
            capture), likewise; only the event plane has a use for them.
        answers: those of the answers.
    """

    name: str
    source: str
    peers: Timeline
    schedule: Schedule
    frames: tuple[Composition, ...]
    flow_hash: int = 0
    echo_hash: int | None = None
    accepts: Timeline = ALWAYS
    protocol: str = "udp"
    packets: tuple[Any, ...] = ()
    answers: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        for timeline in (self.peers, self.accepts):
            instants = [since for since, _ in timeline]
            if instants != sorted(set(instants)) or instants[:1] != [0]:
                raise ModelError(f"{self.name}: instants {instants} do not ascend from 0")
        if any(host == self.source for _, host in self.peers):
            raise ModelError(f"{self.name}: {self.source} does not send to itself on the underlay")
        if any(reason and reason not in DROP_REASONS for _, reason in self.accepts):
            raise ModelError(f"{self.name}: unknown reasons among {self.accepts}")
        if len(self.frames) != len(self.schedule.sizes.payloads):
            raise ModelError(f"{self.name}: {len(self.frames)} frames for other sizes than that")


@dataclass(frozen=True, slots=True)
class LinkUpDown:
    """Both directions of the link between ``a`` and ``b`` go down or up at an instant."""

    at: int
    a: str
    b: str
    up: bool

    def apply(self, underlay: Underlay) -> None:
        """Let it happen now."""
        underlay.set_link_state(self.a, self.b, self.up)


@dataclass(frozen=True, slots=True)
class LinkTurns:
    """Both directions of a link get other properties: fields of ``underlay.LinkSpec``."""

    at: int
    a: str
    b: str
    fields: Mapping[str, Any]

    def apply(self, underlay: Underlay) -> None:
        """Let it happen now."""
        underlay.change_link(self.a, self.b, **self.fields)


Change = LinkUpDown | LinkTurns


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Bulk traffic over an underlay of its own.

    Attributes:
        underlay: further arguments of :class:`overlaysim.underlay.Underlay`, such as ``framing``.
        changes: what happens to links, in the order of their instants.
        until: the last instant, picoseconds; None for until nothing is under way any more.
    """

    topology: Topology
    flows: tuple[BulkFlow, ...]
    underlay: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    until: int | None = None
