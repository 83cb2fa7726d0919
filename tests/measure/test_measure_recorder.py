from __future__ import annotations

import pytest

from overlaysim.errors import ModelError
from overlaysim.measure import Recorder
from overlaysim.sim import Simulator
from overlaysim.sim.events import FrameSeen, LookedUp, NameAdded

META = {"name": "t", "version": "1", "settings": {"plane": "x"}}


def asked(at: int) -> LookedUp:
    return LookedUp(at, 1, "h", "c@h", ("net",), "", "web", "A", "NXDOMAIN", (), False)


def test_a_recorder_keeps_packets_events_and_provenance() -> None:
    simulator = Simulator(3)
    recorder = Recorder(simulator)
    journey = simulator.ledger.create("data", 0, source="a@h", intended="b@h")
    simulator.ledger.create("data", 0, source="a@h", intended="b@h")
    simulator.ledger.deliver(journey, 0, "b@h")
    simulator.bus.emit(NameAdded(0, "net", "web", "10.0.1.2", "h"))
    simulator.run_to(50)
    found = recorder.finish(links=[], in_flight=1, meta=META)
    assert [row.number for row in found.packets] == [1]
    assert found.conservation.in_flight["data"] == 1
    assert (found.meta.seed, found.meta.simulated, found.meta.packets) == (3, 50, 2)
    assert found.meta.settings == {"plane": "x"}
    assert len(found.audit.changes) == 1


def test_answers_that_are_told_early_are_put_into_time_order() -> None:
    simulator = Simulator()
    recorder = Recorder(simulator)
    for event in (asked(40), NameAdded(30, "net", "web", "10.0.1.2", "h"), asked(20)):
        simulator.bus.emit(event)
    simulator.run_to(50)
    found = recorder.finish(links=[], in_flight=0, meta=META)
    assert [event.at for event in found.events] == [20, 30, 40]
    assert [lookup.verdict[0] for lookup in found.audit.lookups] == ["correct", "missing"]


def test_measuring_does_not_end_the_recording() -> None:
    simulator = Simulator()
    recorder = Recorder(simulator)
    first = recorder.finish(links=[], in_flight=0, meta=META)
    journey = simulator.ledger.create("data", 0, source="a", intended="b")
    simulator.ledger.deliver(journey, 0, "b")
    second = recorder.finish(links=[], in_flight=0, meta=META)
    assert (len(first.packets), len(second.packets)) == (0, 1)


def test_frames_are_not_recorded_and_nobody_makes_them_for_it() -> None:
    simulator = Simulator()
    recorder = Recorder(simulator)
    assert not simulator.bus.wants(FrameSeen)
    assert recorder.finish(links=[], in_flight=0, meta=META).events == ()


def test_packets_that_do_not_add_up_end_the_measurement() -> None:
    simulator = Simulator()
    recorder = Recorder(simulator)
    with pytest.raises(ModelError, match="links and hosts hold 1"):
        recorder.finish(links=[], in_flight=1, meta=META)


def test_bulk_packets_have_no_rows_but_count() -> None:
    simulator = Simulator()
    recorder = Recorder(simulator)
    for kind in ("bulk", "data"):
        journey = simulator.ledger.create(kind, 0, source="a", intended="b")
        simulator.ledger.deliver(journey, 0, "b")
    found = recorder.finish(links=[], in_flight=0, meta=META)
    assert [row.kind for row in found.packets] == ["data"]
    assert found.conservation.delivered["bulk"] == 1
