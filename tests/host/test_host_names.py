"""What containers hear from their resolver, and what stands in their files.

The rows are those of a real swarm's look-up tables (one, two and several networks).
"""

from __future__ import annotations

from random import Random

import pytest
from host_lab import Asker, HostLab, tutorial

from overlaysim.host.files import listed_address
from overlaysim.host.resolver import Upstream
from overlaysim.host.resolver import ask as ask_host
from overlaysim.sim.events import LookedUp
from overlaysim.units import MS, SECOND
from overlaysim.wire.dns import Record


@pytest.fixture(scope="module")
def lab() -> HostLab:
    lab = tutorial()
    lab.start("host-a", "aliased", "--network-alias db --hostname dbhost")
    lab.run(
        "host-a",
        "docker service create --name api --network app-overlay --replicas 3 myapi:1.0",
    )
    lab.run(
        "host-a",
        "docker service create --name rr --network app-overlay --replicas 3 "
        "--endpoint-mode dnsrr myapi:1.0",
    )
    lab.wait(SECOND)
    return lab


def ask(lab: HostLab, container: str, name: str, qtype: str = "A") -> LookedUp:
    """The trace of one question, asked with nslookup so that ``/etc/hosts`` has no part in it."""
    heard: list[LookedUp] = []
    lab.simulator.bus.subscribe(LookedUp, heard.append)
    host = lab.container(container).host
    lab.session.execute(host, f"docker exec {container} nslookup -type={qtype} {name}")
    return heard[0]


def tasks(lab: HostLab, service: str) -> set[str]:
    return {
        container.attachments[0].interface.address
        for host in lab.world.hosts.values()
        for container in host.containers.values()
        if container.service[0] == service
    }


@pytest.mark.parametrize(
    "name",
    ["web", "WEB", "Web.", "web.app-overlay", "web.app-overlay.", "WEB.app-overlay"],
)
def test_a_remote_container_has_one_address_however_it_is_spelt(lab: HostLab, name: str) -> None:
    event = ask(lab, "client", name)
    assert (event.rcode, event.answers) == ("NOERROR", ("10.0.1.2",))
    assert (event.network, event.forwarded) == ("app-overlay", False)


def test_answers_live_600_seconds(lab: HostLab) -> None:
    assert "Address: 10.0.1.2" in lab.exec("client", "nslookup web")
    asker = Asker("web", "A")
    lab.host("host-b").execute(lab.container("client"), asker)
    lab.wait(SECOND)
    assert asker.records == (Record("web", "A", 600, "10.0.1.2"),)


@pytest.mark.parametrize("name", ["client", "aliased", "db", "dbhost"])
def test_own_names_aliases_and_hostnames_are_known_everywhere(lab: HostLab, name: str) -> None:
    owner = "client" if name == "client" else "aliased"
    address = lab.container(owner).attachments[0].interface.address
    for asker in ("web", "client"):
        assert ask(lab, asker, name).answers == (address,)


def test_the_short_id_is_a_name(lab: HostLab) -> None:
    web = lab.container("web")
    assert len(web.short_id) == 12
    assert ask(lab, "client", web.short_id).answers == ("10.0.1.2",)


@pytest.mark.parametrize("qtype", ["AAAA", "MX"])
def test_other_types_of_a_known_name_are_answered_with_nothing(lab: HostLab, qtype: str) -> None:
    event = ask(lab, "client", "web", qtype)
    assert (event.rcode, event.answers, event.forwarded) == ("NOERROR", (), False)


def test_a_service_is_its_vip_and_tasks_are_behind_a_prefix(lab: HostLab) -> None:
    (vip,) = ask(lab, "client", "api").answers
    assert vip not in tasks(lab, "api")
    assert len(tasks(lab, "api")) == 3
    for name in ("tasks.api", "tasks.api.app-overlay"):
        assert set(ask(lab, "client", name).answers) == tasks(lab, "api")
    assert ask(lab, "client", "api.app-overlay").answers == (vip,)


@pytest.mark.parametrize("name", ["rr", "tasks.rr"])
def test_a_dnsrr_service_is_all_its_tasks(lab: HostLab, name: str) -> None:
    event = ask(lab, "client", name)
    assert set(event.answers) == tasks(lab, "rr")
    assert len(event.answers) == 3


def test_several_addresses_come_in_random_order(lab: HostLab) -> None:
    first = {ask(lab, "client", "rr").answers[0] for _ in range(24)}
    assert first == tasks(lab, "rr")


def test_a_tasks_full_name_is_known_and_its_slot_alone_is_not(lab: HostLab) -> None:
    task = next(
        c
        for host in lab.world.hosts.values()
        for c in host.containers.values()
        if c.name.startswith("api.2.")
    )
    address = task.attachments[0].interface.address
    assert ask(lab, "client", task.name).answers == (address,)
    event = ask(lab, "client", "api.2")
    assert (event.rcode, event.forwarded) == ("SERVFAIL", True)


@pytest.mark.parametrize("qtype", ["A", "AAAA", "MX"])
def test_an_unknown_name_is_forwarded_and_nobody_is_there(lab: HostLab, qtype: str) -> None:
    event = ask(lab, "client", "nowhere", qtype)
    assert (event.rcode, event.answers, event.forwarded) == ("SERVFAIL", (), True)
    assert "bad address" in lab.exec("client", "ping -c 1 nowhere", status=1)


def test_the_reverse_of_a_container_is_its_name_with_the_network(lab: HostLab) -> None:
    event = ask(lab, "client", "2.1.0.10.in-addr.arpa", "PTR")
    assert event.answers == ("web.app-overlay",)
    assert "web.app-overlay" in lab.exec("client", "nslookup 10.0.1.2")
    assert lab.exec("client", "getent hosts 10.0.1.2").split() == ["10.0.1.2", "web.app-overlay"]


def test_vips_balancers_gateway_and_unused_addresses_have_no_reverse(lab: HostLab) -> None:
    (vip,) = ask(lab, "client", "api").answers
    for address in (vip, "10.0.1.3", "10.0.1.1", "10.0.1.200"):
        reverse = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
        assert ask(lab, "client", reverse, "PTR").forwarded


def test_names_never_cross_the_underlay(lab: HostLab) -> None:
    with lab.watch() as seen:
        lab.exec("client", "nslookup web")
        lab.exec("client", "getent hosts web")
    assert seen.journeys == []


def test_an_answer_takes_the_resolvers_time(lab: HostLab) -> None:
    assert ask(lab, "client", "web").took == lab.host("host-b").around.costs.resolver > 0


# ---- upstream -------------------------------------------------------------------------------

WITH_UPSTREAM = """\
name: test
dns:
  upstream: answers
  delay: 3 ms
  records: {example.com: 192.0.2.7}
"""


@pytest.fixture(scope="module")
def outside() -> HostLab:
    lab = HostLab(WITH_UPSTREAM)
    lab.swarm("app-overlay")
    lab.start("host-a", "web")
    return lab


def test_upstream_records_are_heard_after_its_delay(outside: HostLab) -> None:
    event = ask(outside, "web", "Example.com")
    assert (event.rcode, event.answers, event.forwarded) == ("NOERROR", ("192.0.2.7",), True)
    assert event.took == outside.host("host-a").around.costs.resolver + 3 * MS
    assert ask(outside, "web", "example.com", "AAAA").answers == ()


def test_upstream_says_when_it_does_not_know_either(outside: HostLab) -> None:
    event = ask(outside, "web", "nowhere")
    assert (event.rcode, event.answers) == ("NXDOMAIN", ())
    assert "NXDOMAIN" in outside.exec("web", "nslookup nowhere", status=1)


def test_without_a_server_outside_there_is_nothing_to_wait_for() -> None:
    nobody, somebody = Upstream(None, delay=3 * MS), Upstream({}, delay=3 * MS)
    unknown = ask_host("nowhere", "A", [], nobody, Random(1))
    assert (unknown.rcode, nobody.wait(unknown), somebody.wait(unknown)) == ("SERVFAIL", 0, 3 * MS)


def test_own_names_do_not_wait_for_upstream(outside: HostLab) -> None:
    assert ask(outside, "web", "web").took == outside.host("host-a").around.costs.resolver


# ---- duplicates and several networks --------------------------------------------------------


@pytest.fixture(scope="module")
def networks() -> HostLab:
    """Names and aliases twice on ``red``, and once more on ``blue``."""
    lab = HostLab()
    lab.swarm("red", "blue")
    lab.start("host-a", "one", "--network-alias same", network="red")
    lab.start("host-b", "two", "--network-alias same", network="red")
    lab.start("host-a", "twin", network="red")
    lab.start("host-b", "twin", network="red")
    lab.start("host-b", "three", "--network-alias same", network="blue")
    lab.start("host-a", "both", network="red")
    lab.run("host-a", "docker network connect blue both")
    lab.wait(SECOND)
    return lab


def addresses(lab: HostLab, *names: str) -> set[str]:
    return {
        container.attachments[0].interface.address
        for host in lab.world.hosts.values()
        for container in host.containers.values()
        if container.name in names
    }


@pytest.mark.parametrize(("name", "owners"), [("same", ("one", "two")), ("twin", ("twin",))])
def test_a_name_held_twice_has_both_addresses_from_every_host(
    networks: HostLab, name: str, owners: tuple[str, ...]
) -> None:
    expected = addresses(networks, *owners)
    assert len(expected) == 2
    for asker in ("one", "two"):
        answers = [ask(networks, asker, name).answers for _ in range(12)]
        assert {frozenset(answer) for answer in answers} == {frozenset(expected)}
        assert {answer[0] for answer in answers} == expected


def test_an_alias_means_what_it_means_on_the_askers_network(networks: HostLab) -> None:
    assert set(ask(networks, "three", "same").answers) == addresses(networks, "three")


@pytest.mark.parametrize("name", ["three", "three.blue", "same.blue"])
def test_names_of_a_network_one_is_not_in_are_unknown(networks: HostLab, name: str) -> None:
    assert ask(networks, "one", name).forwarded


def test_of_two_networks_one_answers_and_they_are_not_merged(networks: HostLab) -> None:
    # blue comes before red in the alphabet, though red was attached first
    assert set(ask(networks, "both", "same").answers) == addresses(networks, "three")
    assert set(ask(networks, "both", "same.red").answers) == addresses(networks, "one", "two")
    assert ask(networks, "both", "three").networks == ("blue", "red")
    own = networks.container("both").attachments
    blue = next(a.interface.address for a in own if a.info.name == "blue")
    assert ask(networks, "both", "both").answers == (blue,)


def test_a_disconnected_network_is_forgotten_at_once(networks: HostLab) -> None:
    assert not ask(networks, "both", "three").forwarded
    networks.run("host-a", "docker network disconnect blue both")
    assert ask(networks, "both", "three").forwarded
    networks.run("host-a", "docker network connect blue both")
    networks.wait(SECOND)
    assert not ask(networks, "both", "three").forwarded


# ---- files ----------------------------------------------------------------------------------


def test_resolv_conf_points_to_the_embedded_server(lab: HostLab) -> None:
    assert lab.exec("client", "cat /etc/resolv.conf") == "nameserver 127.0.0.11\noptions ndots:0\n"


def test_etc_hosts_has_the_container_alone(lab: HostLab) -> None:
    lines = lab.exec("client", "cat /etc/hosts").splitlines()
    assert lines[0] == "127.0.0.1\tlocalhost"
    assert lines[-1] == f"10.0.1.4\t{lab.container('client').short_id}"
    assert not any("web" in line or line.startswith("172.") for line in lines)


def test_programs_read_etc_hosts_before_they_ask() -> None:
    lab = HostLab()
    lab.run("host-a", "docker network create local")
    lab.start("host-a", "web", "--add-host printer:172.18.0.1 --hostname front", network="local")
    heard: list[LookedUp] = []
    lab.simulator.bus.subscribe(LookedUp, heard.append)
    assert "172.18.0.1" in lab.exec("web", "ping -c 1 Printer")
    assert lab.exec("web", "getent hosts front").split() == ["172.18.0.2", "front"]
    assert heard == []
    # nslookup asks the server, which knows the hostname and has never heard of the printer
    lab.session.execute("host-a", "docker exec web nslookup printer")
    assert [(event.qtype, event.forwarded) for event in heard[:2]] == [("A", True), ("AAAA", True)]
    assert listed_address(lab.container("web"), "ip6-localhost") is None


def test_the_default_bridge_has_no_embedded_server() -> None:
    lab = HostLab()
    lab.start("host-a", "plain", network="bridge")
    lab.start("host-a", "other", network="bridge")
    assert "127.0.0.11" not in lab.exec("plain", "cat /etc/resolv.conf")
    assert "bad address" in lab.exec("plain", "ping -c 1 other", status=1)
    assert "1 packets received" in lab.exec("plain", "ping -c 1 172.17.0.3")
