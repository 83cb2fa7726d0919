from __future__ import annotations

import pytest
from measure_fakes import ended_journey, table

from overlaysim.errors import ModelError
from overlaysim.measure import PacketTable
from overlaysim.sim import Journey


def test_a_row_gives_back_what_the_journey_held() -> None:
    (row,) = table(
        ended_journey(9, source="a@h", intended="b@h", born=2**60, parts=(1, 2, 3, 4, 5, 6, 7),
                      message=("udp", "a@h", 3), kind="data")
    )  # fmt: skip
    assert (row.number, row.source, row.intended, row.reached) == (9, "a@h", "b@h", "b@h")
    assert (row.born, row.ended, row.parts) == (2**60, 2**60 + 28, (1, 2, 3, 4, 5, 6, 7))
    assert row.message == ("udp", "a@h", 3)
    assert row.delivered


def test_a_dropped_packet_keeps_reason_and_place_and_no_receiver() -> None:
    (row,) = table(ended_journey(reason="link down"))
    assert (row.reason, row.where, row.reached, row.delivered) == (
        "link down", "somewhere", "", False,
    )  # fmt: skip


def test_parts_that_do_not_add_up_are_a_bug_of_the_model() -> None:
    journey = ended_journey(4, parts=(0, 0, 0, 1, 2, 3, 0))
    journey.queue += 1
    with pytest.raises(ModelError, match=r"packet 4 \(data, a@host-a to b@host-b\) took 6 ps.*7"):
        table(journey)


def test_a_journey_that_has_not_ended_is_refused() -> None:
    with pytest.raises(ModelError, match="before its end"):
        PacketTable().append(Journey(1, "data", 0, source="a", intended="b"))


def test_a_row_costs_120_bytes() -> None:
    packets = table(*(ended_journey(n) for n in range(50)))
    assert len(packets) == 50
    assert len(packets._buffer) == 50 * 120


def test_a_snapshot_does_not_grow() -> None:
    packets = table(ended_journey(1))
    before = packets.snapshot()
    packets.append(ended_journey(2, source="new@host"))
    assert [row.number for row in before] == [1]
    assert [row.source for row in packets] == ["a@host-a", "new@host"]
