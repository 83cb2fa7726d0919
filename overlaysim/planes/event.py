"""The event plane: bulk traffic packet by packet on the simulated clock."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from overlaysim.errors import ModelError
from overlaysim.planes.collect import EndedPackets, HopLog
from overlaysim.planes.records import OnEnds, OnHops
from overlaysim.planes.workload import ALWAYS, KIND, BulkFlow, Timeline, first_number
from overlaysim.sim import Composition, Journey, Simulator
from overlaysim.sim.events import FrameSeen
from overlaysim.underlay import Underlay


class EventPlane:
    """Sends bulk flows over an underlay that others may use as well.

    Args:
        simulator: clock, random streams and ledger.
        underlay: the links. What comes to a host and is not bulk traffic goes on to whoever was
            attached there before.
        flows: the bulk flows.
        on_ends: takes all packets that ended, many at a time; the last of them when a run ends.
        on_hops: takes the frames that cross each link at the end of a run, if the underlay traces.
    """

    def __init__(
        self,
        simulator: Simulator,
        underlay: Underlay,
        flows: Sequence[BulkFlow],
        on_ends: OnEnds,
        on_hops: OnHops | None = None,
    ) -> None:
        self._simulator = simulator
        self._underlay = underlay
        self._ended = EndedPackets(on_ends)
        self._hops = None if on_hops is None else HopLog(on_hops)
        for host in underlay.topology.hosts:
            _Door(underlay, host)
        for rank, flow in enumerate(flows):
            Source(simulator, underlay, flow, rank, self._hops)
        simulator.ledger.on_end.append(self._note_end)

    @property
    def in_flight(self) -> int:
        """Frames that the links hold at present."""
        return self._underlay.in_flight

    def run(self, until: int | None = None) -> None:
        """Run up to and including an instant, or until nothing is under way any more."""
        try:
            if until is not None:
                self._simulator.run_to(until)
            else:
                self._simulator.run_dry()
        finally:  # an interrupted run hands over what it has as well
            self._ended.flush()
            if self._hops is not None:
                self._hops.flush()

    def _note_end(self, journey: Journey) -> None:
        source = journey.content
        if isinstance(source, Source) and (
            not source.answered or journey.message is not None or journey.reason is not None
        ):
            self._ended.add(journey, source.rank)


class _Door:
    """Takes frames at a host: those of bulk traffic to their flows, others to who took them before.

    Args:
        underlay: where it is put in front of whoever is attached to the host.
    """

    def __init__(self, underlay: Underlay, host: str) -> None:
        self._others = underlay.attach(host, self._take)

    def _take(self, journey: Journey) -> None:
        if journey.kind == KIND:
            journey.content.receive(journey)
        elif self._others is not None:
            self._others(journey)
        else:
            raise ModelError(f"nobody takes the {journey.kind} packets of {journey.destination}")


class Source:
    """One bulk flow: makes its packets, takes them at their receivers, and answers them.

    Args:
        rank: the flow's number.
        hops: remembers all packets, if somebody wants to know what links they cross.

    Attributes:
        rank: as given.
        answered: whether its packets are.
    """

    def __init__(
        self,
        simulator: Simulator,
        underlay: Underlay,
        flow: BulkFlow,
        rank: int,
        hops: HopLog | None,
    ) -> None:
        self.rank = rank
        self.answered = flow.echo_hash is not None
        self._simulator, self._underlay, self._flow = simulator, underlay, flow
        self._number = first_number(rank) - 1
        self._hops = hops
        self._hosts = frozenset(underlay.topology.hosts)
        self._peer = flow.peers[0][1] if len(flow.peers) == 1 else None
        self._packets = flow.schedule.emissions(simulator.streams, flow.name).one_by_one()
        self._size = 0
        self._next: Callable[[None], None] = self._emit
        self._wait()

    def _wait(self) -> None:
        packet = next(self._packets, None)
        if packet is not None:
            born, self._size = packet
            self._number += 1
            # A birth has its place among what arrives at its instant, as if it came from a link.
            self._simulator.frame_at(born, self._number, self._next, None)

    def _emit(self, _: None) -> None:
        simulator, flow = self._simulator, self._flow
        now = simulator.now
        peer = self._peer or _at(flow.peers, now)
        journey = simulator.ledger.create(KIND, now, flow.source, peer, flow.protocol)
        journey.number = self._number
        frame = flow.frames[self._size]
        if flow.packets:
            journey.packet = flow.packets[self._size]
        self._send(journey, frame, flow.flow_hash, flow.source, peer)
        self._wait()

    def _send(
        self, journey: Journey, frame: Composition, flow_hash: int, host: str, peer: str
    ) -> None:
        if self._hops is not None:
            self._hops.add(self.rank, journey)
        journey.content = self
        journey.composition, journey.length = frame, frame.length
        journey.flow_hash = flow_hash
        if peer in self._hosts:
            journey.destination = peer
            if journey.packet is not None:
                self._show(journey, host, outgoing=True)
            self._underlay.send(journey, host)
        else:
            self._simulator.ledger.drop(journey, self._simulator.now, peer, host)

    def receive(self, journey: Journey) -> None:
        """A packet of this flow, or the answer to one, has come to where it was sent."""
        simulator, flow = self._simulator, self._flow
        now, host = simulator.now, journey.destination
        if journey.packet is not None:
            self._show(journey, host, outgoing=False)
        if journey.message is not None:
            simulator.ledger.deliver(journey, now, host)
        elif flow.accepts is not ALWAYS and (reason := _at(flow.accepts, now)):
            simulator.ledger.drop(journey, now, reason, host)
        else:
            simulator.ledger.deliver(journey, now, host)
            if flow.echo_hash is not None:
                self._answer(journey, flow.echo_hash)

    def _answer(self, request: Journey, echo_hash: int) -> None:
        """Send a packet back at once. The answer has its number, since it takes its place."""
        flow, host = self._flow, request.destination
        answer = self._simulator.ledger.create(
            KIND, self._simulator.now, host, flow.source, flow.protocol, request
        )
        answer.number = request.number
        if flow.answers:
            answer.packet = flow.answers[flow.frames.index(request.composition)]
        self._send(answer, request.composition, echo_hash, host, flow.source)

    def _show(self, journey: Journey, host: str, *, outgoing: bool) -> None:
        """Show a frame at a host's interface to whoever captures there."""
        bus = self._simulator.bus
        if bus.wants(FrameSeen):
            bus.emit(FrameSeen(self._simulator.now, host, outgoing, journey, journey.packet))


def _at(timeline: Timeline, instant: int) -> str:
    """What holds at an instant."""
    return timeline[bisect_right(timeline, instant, key=lambda entry: entry[0]) - 1][1]
