"""Sessions, labs and what they explain."""

from __future__ import annotations

import pytest

from overlaysim import InputError, Lab, check, run
from overlaysim.scenario.session import listed

PING = """\
name: ping
underlay: {hosts: [host-a, host-b]}
timeline:
  - on: host-a
    run: |
      docker swarm init
      docker network create -d overlay --attachable net
      docker run -d --network net --name web alpine sleep 1000
  - on: host-b
    run: |
      docker run -d --network net --name client alpine sleep 1000
      docker exec client ping -c 2 web
"""


@pytest.fixture
def lab() -> Lab:
    lab = Lab("name: two\nunderlay: {hosts: [host-a, host-b]}\n", seed=3)
    lab["host-a"]("docker swarm init")
    lab["host-a"]("docker network create -d overlay --attachable net")
    lab["host-a"]("docker run -d --network net --name web alpine sleep 1000")
    lab["host-b"]("docker run -d --network net --name client alpine sleep 1000")
    return lab


def test_explain_joins_the_packet_with_the_look_up_before_it(lab: Lab) -> None:
    lab["host-b"]("docker exec client ping -c 1 web")
    lines = lab.explain().splitlines()
    assert lines[0].startswith("echo request 0, client -> web, arrived after ")
    assert lines[1].split()[:4] == ["name", "web", "=", "10.0.1.2"]
    assert "born on host-a at" in lines[1]
    assert "answered by vxlan0 on host-b, nothing sent" in lines[2]
    assert lines[-1].startswith("latency 302.752 us = name look-up 200.000 + transmission 2.752")


def test_explain_tells_of_a_look_up_alone(lab: Lab) -> None:
    lab["host-b"]("docker exec client ping -c 1 web")
    lab["host-b"]("docker exec client getent hosts nobody")
    text = lab.explain()
    assert text.startswith("client@host-b on host-b asked for nobody (A) and had SERVFAIL")
    assert "echo request" not in text


def test_a_ping_by_address_has_no_name_to_explain(lab: Lab) -> None:
    lab["host-b"]("docker exec client getent hosts web")
    lab["host-b"]("docker exec client ping -c 1 10.0.1.2")
    assert not any(line.split()[:1] == ["name"] for line in lab.explain().splitlines())


@pytest.mark.parametrize("size", [56, 3000])
def test_a_ping_to_a_host_is_explained_by_its_translation(lab: Lab, size: int) -> None:
    lab["host-b"](f"docker exec client ping -c 1 -s {size} 10.77.0.11")
    text = [" ".join(line.split()) for line in lab.explain().splitlines()]
    assert text[0].startswith("echo request 0, client -> host-a, arrived after ")
    assert text[1] == (
        "way 10.77.0.11 is in none of the networks of client out by docker_gwbridge of host-b"
    )
    assert text[3].startswith("client eth1 ICMP ")
    assert text[4].startswith("host-b NAT 172.18.0.3 id ")
    assert text[-2].startswith("host-a received ")


def test_a_ping_to_the_own_host_needs_no_translation(lab: Lab) -> None:
    lab["host-b"]("docker exec client ping -c 1 10.77.0.12")
    text = lab.explain()
    assert text.startswith("echo request 0, client -> host-b, arrived after 0.000 us\n")
    assert "NAT" not in text
    assert "is at" not in text


def test_nothing_to_explain_at_first() -> None:
    assert Lab().explain().startswith("nothing to explain yet")


def test_a_result_prints_as_its_report_and_shows_itself_in_a_notebook() -> None:
    result = run(PING, seed=5)
    assert result.holds
    assert str(result).startswith("ping · seed 5 · ")
    html = result._repr_html_()
    assert html.count("<svg") == 4
    assert "<script" not in html


def test_check_lists_every_problem() -> None:
    with pytest.raises(InputError) as caught:
        check("name: x\nsede: 1\nswarm: perhaps\n")
    assert [problem.line for problem in caught.value.problems] == [2, 3]


def test_an_unknown_host_names_the_known_ones(lab: Lab) -> None:
    with pytest.raises(InputError, match='no host "host-c"; hosts are host-a, host-b'):
        lab["host-c"]


def test_a_failing_command_of_a_timeline_is_a_failed_expectation() -> None:
    result = run(PING.replace("--name client", "--name client --ip 10.0.1.2"))
    assert result.status == 1
    assert any("failed with status 125" in e.measured for e in result.expectations)


def test_fails_true_wants_a_failure() -> None:
    text = PING + "  - {on: host-b, fails: true, run: docker exec client ping -c 1 web}\n"
    result = run(text)
    assert [e.measured for e in result.expectations] == ["was to fail, but did not"]


def test_a_program_without_luck_is_a_measurement_not_a_mistake() -> None:
    result = run(PING + "  - {on: host-b, run: docker exec client ping -c 1 nobody}\n")
    assert result.status == 0


def test_a_link_fault_drops_and_heals() -> None:
    text = PING + (
        "  - fault: {link: [host-a, switch], state: down, for: 3 s}\n"
        "  - {on: host-b, run: docker exec client ping -c 5 web}\n"
    )
    measured = run(text).measurements
    pings = next(iter(measured.latencies.pings.values()))
    assert 0 < pings.lost < 5
    assert pings.received == 7 - pings.lost


def test_traffic_from_nobody_is_a_failed_expectation() -> None:
    text = PING + ("traffic:\n  - {from: ghost, to: web, rate: 1 Mbit/s, start: 3 s, stop: 4 s}\n")
    result = run(text)
    assert result.expectations[0].measured.startswith("no running container ghost")


def test_many_hosts_are_counted_and_few_named() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([str(n) for n in range(9)]) == "9 hosts"
