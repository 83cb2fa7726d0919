"""Listens to a running simulation and hands over what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from overlaysim.measure.audit import audit
from overlaysim.measure.bulk import BulkUse
from overlaysim.measure.conservation import conserve
from overlaysim.measure.latency import measure_latencies
from overlaysim.measure.measurements import Measurements, RunMeta
from overlaysim.measure.overhead import BULK_KIND, LinkUse, measure_overhead
from overlaysim.measure.packets import PacketTable
from overlaysim.sim import Journey, Simulator


class Recorder:
    """Keeps a row of every packet that ends, and every trace event except frames.

    Bulk packets have no rows: who carries them keeps account of them.

    Make it before the first packet: conservation is checked against all that ever ended.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._packets = PacketTable()
        self._events: list[Any] = []
        simulator.ledger.on_end.append(self._note_end)
        simulator.bus.subscribe_all(self._events.append)

    def _note_end(self, journey: Journey) -> None:
        if journey.kind != BULK_KIND:
            self._packets.append(journey)

    def events(self) -> list[Any]:
        """All trace events so far, in time order; answers come dated."""
        return sorted(self._events, key=lambda event: event.at)  # stable

    def finish(
        self,
        *,
        links: Sequence[LinkUse],
        in_flight: int,
        meta: Mapping[str, Any],
        bulk: Sequence[BulkUse] = (),
    ) -> Measurements:
        """Measure what happened up to now; the simulation may go on and be measured again.

        Args:
            links: one for each direction of each link.
            in_flight: packets that links and hosts hold now, counted by them.
            meta: ``name`` and ``version``, and any other field of :class:`RunMeta` but those
                that the simulator knows (seed, simulated, packets).
            bulk: what became of bulk traffic.

        Raises:
            ModelError: if packets, parts of latencies or the order of events do not add up.
        """
        simulator = self._simulator
        events = self.events()
        packets = self._packets.snapshot()
        return Measurements(
            meta=RunMeta(
                seed=simulator.seed,
                simulated=simulator.now,
                packets=simulator.ledger.created.total(),
                **meta,
            ),
            packets=packets,
            latencies=measure_latencies(packets),
            overhead=measure_overhead(links),
            audit=audit(events, simulator.now),
            conservation=conserve(simulator.ledger, in_flight, len(packets)),
            links=tuple(links),
            events=tuple(events),
            bulk=tuple(bulk),
        )
