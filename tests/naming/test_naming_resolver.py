"""What the embedded resolver answers, table by table as observed on a running swarm."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from overlaysim.naming import EndpointRecord, NameView, resolve
from overlaysim.wire.dns import Record

APP, OTHER = NameView(), NameView()
APP.add(
    "a", EndpointRecord("container-on-host-a", "10.0.1.2", task_aliases=("web", "0123456789ab"))
)
APP.add("b", EndpointRecord("container-on-host-b", "10.0.1.4"))
for last in range(7, 12):
    APP.add(
        f"t{last}",
        EndpointRecord(
            f"api.{last - 6}.k{last}", f"10.0.1.{last}", service_name="api", service_id="s1",
            virtual_ip="10.0.1.6",
        ),
    )  # fmt: skip
    APP.add(
        f"r{last}",
        EndpointRecord(f"rr.{last - 6}.k{last}", f"10.0.1.{last + 10}", service_name="rr"),
    )
OTHER.add("x", EndpointRecord("elsewhere", "10.0.2.2"))
OTHER.add("y", EndpointRecord("web2", "10.0.2.3", task_aliases=("web",)))
ATTACHED = [("app-overlay", APP)]


def addresses(name: str, qtype: str = "A") -> set[str]:
    result = resolve(name, qtype, ATTACHED, Random(1))
    assert not result.forward
    assert (result.rcode, result.network) == ("NOERROR", "app-overlay")
    return {record.value for record in result.records}


TASKS = {f"10.0.1.{n}" for n in range(7, 12)}
RR_TASKS = {f"10.0.1.{n}" for n in range(17, 22)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("container-on-host-a", {"10.0.1.2"}),
        ("CONTAINER-ON-HOST-A", {"10.0.1.2"}),
        ("container-on-host-a.", {"10.0.1.2"}),
        ("container-on-host-a.app-overlay", {"10.0.1.2"}),
        ("0123456789ab", {"10.0.1.2"}),
        ("web", {"10.0.1.2"}),
        ("api", {"10.0.1.6"}),
        ("api.app-overlay", {"10.0.1.6"}),
        ("tasks.api", TASKS),
        ("tasks.api.app-overlay", TASKS),
        ("api.2.k8", {"10.0.1.8"}),
        ("api.2.k8.app-overlay", {"10.0.1.8"}),
        ("rr", RR_TASKS),
        ("tasks.rr", RR_TASKS),
    ],
)
def test_names_that_are_known(name: str, expected: set[str]) -> None:
    assert addresses(name) == expected


def test_records_carry_the_name_as_asked_and_600_seconds() -> None:
    result = resolve("Web.app-overlay.", "A", ATTACHED, Random(1))
    assert result.records == (Record("Web.app-overlay", "A", 600, "10.0.1.2"),)


@pytest.mark.parametrize("qtype", ["AAAA", "MX"])
def test_known_names_have_no_other_records_and_are_not_forwarded(qtype: str) -> None:
    assert addresses("api", qtype) == set()


@pytest.mark.parametrize(
    ("name", "qtype"),
    [
        ("api.1", "A"),
        ("elsewhere", "A"),
        ("elsewhere.other-net", "A"),
        ("web.other-net", "A"),
        ("nowhere", "A"),
        ("nowhere", "AAAA"),
        ("web", "SRV"),
        ("web", "TXT"),
        ("6.1.0.10.in-addr.arpa", "PTR"),  # a VIP
        ("3.1.0.10.in-addr.arpa", "PTR"),  # a load-balancer endpoint
        ("1.0.10.in-addr.arpa", "PTR"),
        ("web", "PTR"),
    ],
)
def test_what_is_forwarded(name: str, qtype: str) -> None:
    result = resolve(name, qtype, ATTACHED, Random(1))
    assert result.forward
    assert (result.rcode, result.records, result.network) == ("SERVFAIL", (), "")


@pytest.mark.parametrize("name", ["2.1.0.10.in-addr.arpa", "2.1.0.10.IN-ADDR.ARPA."])
def test_addresses_of_containers_have_a_name(name: str) -> None:
    result = resolve(name, "PTR", ATTACHED, Random(1))
    (record,) = result.records
    assert (record.value, record.ttl) == ("container-on-host-a.app-overlay", 600)
    assert result.network == "app-overlay"


def test_the_first_network_that_knows_the_name_is_the_only_one_to_answer() -> None:
    both = [("app-overlay", APP), ("other-net", OTHER)]
    for networks, expected in ((both, "10.0.1.2"), (both[::-1], "10.0.2.3")):
        result = resolve("web", "A", networks, Random(1))
        assert [record.value for record in result.records] == [expected]
    named = resolve("web.other-net", "A", both, Random(1))
    assert ([record.value for record in named.records], named.network) == (
        ["10.0.2.3"],
        "other-net",
    )


def test_the_whole_name_comes_before_a_name_in_a_network() -> None:
    odd = NameView()
    odd.add("k", EndpointRecord("web.app-overlay", "10.0.3.2"))
    result = resolve("web.app-overlay", "A", [*ATTACHED, ("odd", odd)], Random(1))
    assert [record.value for record in result.records] == ["10.0.3.2"]


def test_network_names_may_hold_dots() -> None:
    result = resolve("web.app.example", "A", [("app.example", OTHER)], Random(1))
    assert [record.value for record in result.records] == ["10.0.2.3"]


def test_answers_are_shuffled_anew_for_every_question() -> None:
    rng = Random(1)
    first = Counter(resolve("tasks.api", "A", ATTACHED, rng).records[0].value for _ in range(1000))
    # Binomial with 1000 draws and p = 1/5: five standard deviations are 63.
    assert set(first) == TASKS
    assert all(abs(count - 200) < 63 for count in first.values())


def test_single_answers_draw_nothing_from_the_stream() -> None:
    rng = Random(1)
    before = rng.getstate()
    resolve("api", "A", ATTACHED, rng)
    resolve("nowhere", "A", ATTACHED, rng)
    assert rng.getstate() == before
