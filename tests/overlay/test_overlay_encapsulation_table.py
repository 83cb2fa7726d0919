"""Every row of the reference table, and the efficiencies worked out from it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from overlaysim.overlay.encapsulation import CannotCarry, Carries, encapsulation, encapsulations

DATA = Path(__file__).parents[1] / "data" / "encapsulation"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


TABLE = rows("table.csv")
EFFICIENCY = rows("efficiency.csv")


def test_the_registry_has_the_rows_of_the_table_in_their_order() -> None:
    assert [known.name for known in encapsulations()][: len(TABLE)] == [r["name"] for r in TABLE]
    assert len(TABLE) == 46


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["name"])
def test_a_row_of_the_table(row: dict[str, str]) -> None:
    known = encapsulation(row["name"])
    assert (known.layer, known.entropy, known.spec) == (row["layer"], row["entropy"], row["source"])
    for family in (4, 6):
        expected = row[f"added_bytes_ipv{family}"]
        if not expected:
            with pytest.raises(CannotCarry, match=f"{known.name} is specified over IPv. only"):
                known.added(100, family)
            continue
        # Below the device's MTU a cipher's padding takes every value that it can have.
        added = {known.added(length, family, 9000) for length in range(60, 1400)}
        first, _, last = expected.partition("-")
        assert added == set(range(int(first), int(last or first) + 1))
    family = 4 if 4 in known.families else 6
    assert known.inner_mtu(1500, family) == int(row["inner_mtu_1500"])
    assert known.inner_mtu(9000, family) == int(row["inner_mtu_9000"])


@pytest.mark.parametrize("row", EFFICIENCY, ids=lambda r: f"{r['encapsulation']}-ipv{r['family']}")
def test_a_row_of_the_efficiencies(row: dict[str, str]) -> None:
    known, family = encapsulation(row["encapsulation"]), int(row["family"])
    inner = 6 if known.inner == (6,) or (known.carries is Carries.SEGMENT and family == 6) else 4
    headers = 28 if inner == 4 else 48

    def efficiency(payload: int) -> float:
        length = payload + headers
        frame = max(14 + length + known.added(length, family), 60)
        return 100 * payload / (frame + 24)

    limit = known.inner_mtu(1500, family) - headers
    assert limit == int(row["limited_payload"])
    assert efficiency(limit) == pytest.approx(float(row["limited_efficiency"]), abs=0.005001)
    for size in (18, 64, 128, 256, 512, 1024, 1400):
        if row[str(size)] == ">MTU":
            assert size > limit
        else:
            assert efficiency(size) == pytest.approx(float(row[str(size)]), abs=0.005001)


def test_the_largest_inner_packet_of_any_underlay() -> None:
    """What fits, fits, and one byte more does not, whatever the underlay's MTU."""
    for known in encapsulations():
        for family in known.families:
            for mtu in (576, 1280, 1400, 1499, 1500, 1501, 4096, 9000, 9001):
                largest = known.inner_mtu(mtu, family)
                assert largest + known.added(largest, family, mtu) - known.tag <= mtu
                more = largest + 1
                assert more + known.added(more, family, mtu) - known.tag > mtu
