"""The tables of a VXLAN device, and what missing or stale entries do.

The situations are those measured with three VXLAN hosts in network namespaces, set up as Docker's
overlay driver does it.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from overlaysim.overlay import PeerRecord, Vtep, mac_for
from overlaysim.overlay.vtep import AGEING
from overlaysim.units import SECOND

A, B, C = "10.77.0.11", "10.77.0.12", "10.77.0.13"
IP = "10.0.1.4"
MAC = mac_for(IP)


def record(vtep: str = B, ip: str = IP, mac: str | None = None) -> PeerRecord:
    return PeerRecord(ip, 24, mac or mac_for(ip), vtep)


def test_a_record_is_protobuf() -> None:
    encoded = b"\n\x0b10.0.1.4/24\x12\x1102:42:0a:00:01:04\x1a\n10.77.0.12"
    assert record().encode() == encoded


def test_a_record_gives_a_neighbour_and_a_forwarding_entry() -> None:
    vtep = Vtep(4097, A)
    assert vtep.neighbour(IP) is None
    assert vtep.forward(MAC, 0) is None
    vtep.add_peer("endpoint", record(), 0)
    assert vtep.neighbour(IP) == MAC
    assert vtep.forward(MAC, 10**6 * SECOND) == B
    vtep.remove_peer("endpoint", 1)
    assert vtep.neighbour(IP) is None
    assert vtep.forward(MAC, 1) is None


def test_tables_are_shown_sorted() -> None:
    vtep = Vtep(4097, A)
    for last in (10, 9, 2):
        vtep.add_peer(f"endpoint-{last}", record(ip=f"10.0.1.{last}"), 0)
    vtep.admit(mac_for("10.0.1.77"), C, 0)
    assert [ip for ip, _ in vtep.neighbours()] == ["10.0.1.2", "10.0.1.9", "10.0.1.10"]
    assert vtep.forwarding(0) == [
        ("02:42:0a:00:01:02", B, "permanent"),
        ("02:42:0a:00:01:09", B, "permanent"),
        ("02:42:0a:00:01:0a", B, "permanent"),
        ("02:42:0a:00:01:4d", C, "learned"),
    ]
    assert len(vtep.forwarding(AGEING)) == 3


def test_without_a_record_the_peer_is_learned_but_arp_stays_silent() -> None:
    vtep = Vtep(4097, A)
    assert vtep.admit(MAC, B, 0)
    assert vtep.forward(MAC, 1) == B
    assert vtep.neighbour(IP) is None


def test_a_learned_entry_lasts_300_seconds_after_its_last_use() -> None:
    vtep = Vtep(4097, A)
    vtep.admit(MAC, B, 0)
    assert vtep.forward(MAC, AGEING - 1) == B  # sending counts as use
    assert vtep.forwarding(2 * AGEING - 2) == [(MAC, B, "learned")]
    assert vtep.admit(MAC, B, 2 * AGEING - 2)  # and so does receiving; looking does not
    assert vtep.forwarding(3 * AGEING - 3) == [(MAC, B, "learned")]
    assert vtep.forward(MAC, 3 * AGEING - 2) is None


def test_a_learned_entry_moves_with_the_frames() -> None:
    vtep = Vtep(4097, A)
    vtep.admit(MAC, B, 0)
    assert vtep.admit(MAC, C, 1)
    assert vtep.forward(MAC, 2) == C


def test_source_check_drops_frames_from_elsewhere_than_the_record_says() -> None:
    # B moved to another host and the old record remains: its frames are dropped.
    vtep = Vtep(4097, A)
    vtep.add_peer("endpoint", record(B), 0)
    assert vtep.admit(MAC, B, 1)
    assert not vtep.admit(MAC, C, 1)
    assert vtep.forward(MAC, 1) == B
    vtep.remove_peer("endpoint", 2)
    vtep.add_peer("moved", record(C), 3)
    assert vtep.admit(MAC, C, 4)
    assert vtep.forward(MAC, 4) == C


def test_multicast_sources_are_dropped_and_not_learned() -> None:
    vtep = Vtep(4097, A)
    assert not vtep.admit("01:00:5e:00:00:01", B, 0)
    assert vtep.forwarding(0) == []


def test_a_frame_before_the_record_blocks_the_permanent_entry() -> None:
    # "File exists": the learned entry serves until 300 s of silence, then nothing is left.
    vtep = Vtep(4097, A)
    vtep.admit(MAC, B, 0)
    vtep.add_peer("endpoint", record(), 1)
    assert vtep.neighbour(IP) == MAC
    assert vtep.forwarding(1) == [(MAC, B, "learned")]
    assert vtep.forward(MAC, 2) == B
    assert vtep.forward(MAC, 2 + AGEING) is None
    assert vtep.admit(MAC, B, 3 + AGEING)  # until B speaks again
    assert vtep.forward(MAC, 4 + AGEING) == B


def test_a_record_may_replace_what_was_learned() -> None:
    vtep = Vtep(4097, A, replaces=True)
    vtep.admit(MAC, C, 0)
    vtep.add_peer("endpoint", record(B), 1)
    assert vtep.forwarding(1) == [(MAC, B, "permanent")]
    assert vtep.forward(MAC, 2 * AGEING) == B
    assert not vtep.admit(MAC, C, 2 * AGEING)


def test_the_way_to_an_address_ends_with_its_learned_entry() -> None:
    vtep = Vtep(4097, A)
    vtep.admit(MAC, B, 0)
    assert vtep.way_ends(IP, 0) is None  # no neighbour, no way
    vtep.add_peer("endpoint", record(), 1)
    assert vtep.way_ends(IP, 1) == AGEING
    vtep.forward(MAC, 5)
    assert vtep.way_ends(IP, 5) == AGEING + 5
    assert vtep.way(IP, AGEING + 4) == B
    assert vtep.way(IP, AGEING + 5) is None
    vtep.remove_peer("endpoint", AGEING + 6)
    vtep.add_peer("endpoint", record(), AGEING + 7)
    assert vtep.way_ends(IP, AGEING + 7) is None  # permanent


def test_news_of_where_a_known_container_is_are_told_and_nothing_else() -> None:
    vtep = Vtep(4097, A)
    told: list[str] = []
    vtep.on_learned = told.append
    vtep.admit(MAC, B, 0)  # nobody's record
    vtep.add_peer("endpoint", record(), 1)
    vtep.admit(MAC, B, 2)  # known already
    assert told == []
    vtep.admit(MAC, C, 3)
    assert told == [IP]
    vtep.admit(MAC, C, 4 + AGEING)
    assert told == [IP, IP]


def test_removing_a_blocked_record_removes_the_learned_entry_too() -> None:
    vtep = Vtep(4097, A)
    vtep.admit(MAC, B, 0)
    vtep.add_peer("endpoint", record(), 1)
    vtep.remove_peer("endpoint", 2)
    assert vtep.forward(MAC, 3) is None


def test_removing_a_blocked_record_leaves_what_was_learned_from_elsewhere() -> None:
    vtep = Vtep(4097, A)
    vtep.admit(MAC, C, 0)
    vtep.add_peer("endpoint", record(B), 1)
    vtep.remove_peer("endpoint", 2)
    assert vtep.forward(MAC, 3) == C


def test_of_two_records_for_one_address_the_first_serves_until_it_goes() -> None:
    vtep = Vtep(4097, A)
    vtep.add_peer("old", record(B), 0)
    vtep.add_peer("new", record(C, mac="02:00:00:00:00:01"), 1)
    assert vtep.neighbour(IP) == MAC
    vtep.remove_peer("old", 2)
    assert vtep.neighbour(IP) == "02:00:00:00:00:01"
    assert vtep.forward("02:00:00:00:00:01", 2) == C
    assert vtep.forward(MAC, 2) is None


def test_removing_the_one_that_waits_changes_nothing() -> None:
    vtep = Vtep(4097, A)
    vtep.add_peer("old", record(B), 0)
    vtep.add_peer("new", record(C), 1)
    vtep.remove_peer("new", 2)
    assert vtep.forward(MAC, 2) == B
    vtep.remove_peer("never was", 2)


def test_the_same_record_again_keeps_its_place() -> None:
    vtep = Vtep(4097, A)
    vtep.add_peer("old", record(B), 0)
    vtep.add_peer("new", record(C), 1)
    vtep.add_peer("old", record(B), 2)
    assert vtep.forward(MAC, 2) == B


def test_a_changed_record_replaces_the_one_under_its_key() -> None:
    vtep = Vtep(4097, A)
    vtep.add_peer("endpoint", record(B), 0)
    vtep.add_peer("endpoint", record(C), 1)
    assert vtep.forward(MAC, 1) == C


KEYS = st.sampled_from(["k1", "k2", "k3", "k4"])
RECORDS = st.builds(record, st.sampled_from([A, B, C]), st.sampled_from([IP, "10.0.1.5"]))


@given(st.lists(st.tuples(KEYS, st.none() | RECORDS), max_size=12))
def test_every_address_with_a_record_is_served_by_one_of_its_records(
    steps: list[tuple[str, PeerRecord | None]],
) -> None:
    vtep = Vtep(4097, A)
    held: dict[str, PeerRecord] = {}
    for now, (key, change) in enumerate(steps):
        if change is None:
            vtep.remove_peer(key, now)
            held.pop(key, None)
        else:
            vtep.add_peer(key, change, now)
            held[key] = change
        assert {ip for ip, _ in vtep.neighbours()} == {r.endpoint_ip for r in held.values()}
        for ip, mac in vtep.neighbours():
            assert vtep.forward(mac, now) in {r.vtep for r in held.values() if r.endpoint_ip == ip}
