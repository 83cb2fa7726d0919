"""What names mean on one network as records come and go."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from overlaysim.naming import EndpointRecord, NameView

VIP = "10.0.1.6"


def task(last: int, *, virtual_ip: str = VIP, disabled: bool = False) -> EndpointRecord:
    return EndpointRecord(
        f"api.{last}.id", f"10.0.1.{last}", service_name="api", service_id="s1",
        virtual_ip=virtual_ip, disabled=disabled,
    )  # fmt: skip


def test_a_container_brings_its_names_and_takes_them_away() -> None:
    view = NameView()
    record = EndpointRecord("Web", "10.0.1.2", task_aliases=("www",))
    assert view.add("e1", record) == [("added", "web", "10.0.1.2"), ("added", "www", "10.0.1.2")]
    assert view.lookup("WEB") == view.lookup("www") == ("10.0.1.2",)
    assert view.knows("wWw")
    assert view.reverse("10.0.1.2") == "Web"
    assert view.names() == {"web": ("10.0.1.2",), "www": ("10.0.1.2",)}
    assert view.remove("e1") == [("removed", "web", "10.0.1.2"), ("removed", "www", "10.0.1.2")]
    assert not view.knows("web")
    assert view.lookup("web") == ()
    assert view.reverse("10.0.1.2") is None
    assert view.remove("e1") == []


def test_the_same_record_again_changes_nothing() -> None:
    view = NameView()
    view.add("e1", task(7))
    assert view.add("e1", task(7)) == []


def test_one_name_on_two_hosts_has_both_addresses() -> None:
    view = NameView()
    view.add("e1", EndpointRecord("web", "10.0.1.2"))
    assert view.add("e2", EndpointRecord("web", "10.0.1.4")) == [("added", "web", "10.0.1.4")]
    assert view.lookup("web") == ("10.0.1.2", "10.0.1.4")
    view.remove("e1")
    assert view.lookup("web") == ("10.0.1.4",)


def test_a_service_and_a_container_called_alike_merge() -> None:
    view = NameView()
    view.add("e1", EndpointRecord("api", "10.0.1.2"))
    view.add("e2", task(7))
    assert view.lookup("api") == ("10.0.1.2", VIP)


def test_service_with_a_virtual_address() -> None:
    view = NameView()
    assert ("added", "api", VIP) in view.add("e1", task(7))
    assert view.add("e2", task(8)) == [
        ("added", "api.8.id", "10.0.1.8"), ("added", "tasks.api", "10.0.1.8"),
    ]  # fmt: skip
    assert view.lookup("api") == (VIP,)
    assert view.lookup("tasks.api") == ("10.0.1.7", "10.0.1.8")
    assert view.reverse(VIP) is None


def test_the_virtual_address_stays_until_the_last_task_is_gone() -> None:
    view = NameView()
    view.add("e1", task(7))
    view.add("e2", task(8))
    assert view.remove("e1") == [
        ("removed", "api.7.id", "10.0.1.7"), ("removed", "tasks.api", "10.0.1.7"),
    ]  # fmt: skip
    assert view.add("e2", task(8, disabled=True)) == [
        ("removed", "api.8.id", "10.0.1.8"), ("removed", "tasks.api", "10.0.1.8"),
    ]  # fmt: skip
    assert view.lookup("api") == (VIP,)
    assert not view.knows("tasks.api")
    assert view.reverse("10.0.1.8") is None
    assert view.remove("e2") == [("removed", "api", VIP)]
    assert view.names() == {}


def test_service_in_dnsrr_mode_answers_with_its_enabled_tasks() -> None:
    view = NameView()
    for last in (7, 8, 9):
        view.add(f"e{last}", task(last, virtual_ip=""))
    view.add("e8", task(8, virtual_ip="", disabled=True))
    assert view.lookup("api") == view.lookup("tasks.api") == ("10.0.1.7", "10.0.1.9")


def test_two_records_with_one_address_answer_once_and_hold_it_together() -> None:
    # For a moment the old and the new task of a service may have the same address.
    view = NameView()
    view.add("old", task(7))
    assert view.add("new", task(7)) == []
    assert view.lookup("tasks.api") == ("10.0.1.7",)
    assert view.remove("old") == []
    assert view.lookup("tasks.api") == ("10.0.1.7",)


def test_a_record_that_changes_its_address() -> None:
    view = NameView()
    view.add("e1", EndpointRecord("web", "10.0.1.2"))
    assert view.add("e1", EndpointRecord("web", "10.0.1.9")) == [
        ("removed", "web", "10.0.1.2"), ("added", "web", "10.0.1.9"),
    ]  # fmt: skip


NAMES = st.sampled_from(["web", "Web", "api", "tasks.api", "db"])
RECORDS = st.builds(
    EndpointRecord,
    name=NAMES,
    endpoint_ip=st.sampled_from(["10.0.1.2", "10.0.1.3", "10.0.1.4"]),
    service_name=st.sampled_from(["", "api", "db"]),
    service_id=st.just("s"),
    virtual_ip=st.sampled_from(["", VIP]),
    aliases=st.lists(NAMES, max_size=2).map(tuple),
    task_aliases=st.lists(NAMES, max_size=2).map(tuple),
    disabled=st.booleans(),
)
STEPS = st.lists(st.tuples(st.sampled_from(["k1", "k2", "k3"]), st.none() | RECORDS), max_size=10)


@given(STEPS)
def test_a_view_is_what_its_records_make_it(
    steps: list[tuple[str, EndpointRecord | None]],
) -> None:
    view = NameView()
    held: dict[str, EndpointRecord] = {}
    answered: set[tuple[str, str]] = set()
    for key, record in steps:
        changes = view.remove(key) if record is None else view.add(key, record)
        if record != held.get(key):
            held.pop(key, None)
            if record is not None:
                held[key] = record
        rebuilt = NameView()
        for other, present in held.items():
            rebuilt.add(other, present)
        assert view.names() == rebuilt.names()
        assert [view.reverse(f"10.0.1.{n}") for n in (2, 3, 4)] == [
            rebuilt.reverse(f"10.0.1.{n}") for n in (2, 3, 4)
        ]
        for what, name, address in changes:
            assert ((name, address) in answered) is (what == "removed")
            (answered.remove if what == "removed" else answered.add)((name, address))
        assert answered == {(name, a) for name, all_ in view.names().items() for a in all_}


@given(RECORDS)
def test_nothing_remains_of_a_record(record: EndpointRecord) -> None:
    view = NameView()
    view.add("k1", record)
    view.add("k1", replace(record, disabled=not record.disabled))
    view.remove("k1")
    assert view.names() == {}
