"""What a good file means, key by key."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_reading import FakeTiming, problem, problems, read

from overlaysim.cluster.faults import LinkState
from overlaysim.errors import InputError
from overlaysim.scenario.model import (
    Break,
    Command,
    DnsSpec,
    FaultStep,
    Heal,
    PingFlow,
    RunStep,
    Step,
    UdpFlow,
    WaitStep,
)
from overlaysim.underlay.spec import LinkSpec
from overlaysim.units import MS, SECOND, US

LINK_CUT = """\
name: link-cut
about: Host-b loses its uplink for ten seconds. Who still finds whom?
seed: 7

underlay:
  topology: leaf-spine            # star, line, ring, leaf-spine, fat-tree, dumbbell
  spines: 2
  leaves: 2
  hosts: [host-a, host-b, host-c, host-d]
  link: {rate: 10 Gbit/s, delay: 5 us, queue: 100 packets, mtu: 1500 B}
  links:
    - {between: [host-d, leaf-2], rate: 1 Gbit/s, loss: 1 %}

swarm: auto

timeline:
  - on: host-a
    run: |
      docker swarm init
      docker network create --driver overlay --attachable app-overlay
  - on: host-b
    run: docker run -d --network app-overlay --name client alpine sleep 1000
  - at: 20 s
    fault: {link: [host-b, leaf-1], state: down, for: 10 s}
  - at: 15 s
    every: 500 ms
    until: 60 s
    on: host-b
    run: docker exec client ping -c 1 web

traffic:
  - {from: client, to: web, kind: udp, rate: 50 Mbit/s, size: 1000 B, start: 16 s, stop: 40 s}

expect:
  - ping(client, web).received >= 60
  - stale(host-b, web).time < 2 s
  - dropped(reason=mtu) == 0
"""


def test_a_whole_scenario() -> None:
    scenario = read(LINK_CUT)
    assert (scenario.name, scenario.seed, scenario.automatic_join) == ("link-cut", 7, True)
    assert scenario.about == "Host-b loses its uplink for ten seconds. Who still finds whom?"
    assert scenario.duration is None
    assert scenario.timeline == (
        RunStep(line=17, host="host-a", commands=(
            Command("docker swarm init", 19),
            Command("docker network create --driver overlay --attachable app-overlay", 20),
        )),
        RunStep(line=21, host="host-b", commands=(
            Command("docker run -d --network app-overlay --name client alpine sleep 1000", 22),
        )),
        FaultStep(line=23, at=20 * SECOND,
                  order=Break((LinkState("host-b", "leaf-1", False),), 10 * SECOND)),
        RunStep(line=25, at=15 * SECOND, every=500 * MS, until=60 * SECOND, host="host-b",
                commands=(Command("docker exec client ping -c 1 web", 29),)),
    )  # fmt: skip
    assert scenario.traffic == (
        UdpFlow(line=32, source="client", target="web", size=1000, start=16 * SECOND,
                rate=50_000_000, stop=40 * SECOND),
    )  # fmt: skip
    assert [(line.text, line.line) for line in scenario.expect] == [
        ("ping(client, web).received >= 60", 35),
        ("stale(host-b, web).time < 2 s", 36),
        ("dropped(reason=mtu) == 0", 37),
    ]


def test_links_and_addresses_of_a_whole_scenario() -> None:
    underlay = read(LINK_CUT).underlay
    fast = LinkSpec(rate=10**10, delay=5 * US)
    assert underlay.shape == "leaf-spine"
    assert underlay.topology.link_between("host-a", "leaf-1") == fast
    assert underlay.topology.link_between("leaf-2", "host-d") == dataclasses.replace(
        fast, rate=10**9, loss=0.01
    )
    assert (underlay.subnet, underlay.framing, underlay.ecmp, underlay.convergence) == (
        "10.77.0.0/24", "ethernet", "per-switch", 0,
    )  # fmt: skip
    assert underlay.addresses == {
        "host-a": "10.77.0.11", "host-b": "10.77.0.12",
        "host-c": "10.77.0.13", "host-d": "10.77.0.14",
    }  # fmt: skip


def test_a_name_is_enough() -> None:
    scenario = read("name: x\n")
    assert scenario.underlay.topology.hosts == ("host-a", "host-b", "host-c")
    assert scenario.underlay.topology.switches == ("switch",)
    assert {spec for _, _, spec in scenario.underlay.topology.links} == {LinkSpec()}
    assert (scenario.seed, scenario.about, scenario.timing) == (1, "", {})
    assert scenario.dns == DnsSpec(False, {}, 10 * MS)
    assert (scenario.timeline, scenario.traffic, scenario.expect) == ((), (), ())


def steps(text: str) -> tuple[Step, ...]:
    return read(f"name: x\ntimeline:\n{text}").timeline


def test_commands_as_a_list_with_comments_and_continued_lines() -> None:
    (step,) = steps("""\
  - on: host-a
    run:
      - docker ps
      - |
        # the network first
        docker network create \\
          --driver overlay net

        docker ps -a
""")
    assert isinstance(step, RunStep)
    assert step.commands == (
        Command("docker ps", 5),
        Command("docker network create --driver overlay net", 8),
        Command("docker ps -a", 11),
    )


def test_a_command_that_is_expected_to_fail() -> None:
    failing, other = steps(
        "  - {on: host-a, run: docker ps, fails: true}\n"
        "  - {on: host-a, run: docker ps, fails: false}\n"
    )
    assert isinstance(failing, RunStep)
    assert isinstance(other, RunStep)
    assert (failing.fails, other.fails) == (True, False)


def test_waits_and_faults() -> None:
    assert steps("""\
  - wait: 5 s
  - at: 1 min
    wait: 0 s
  - fault: {link: [switch, host-a], state: up}
  - {every: 2 s, until: 9 s, fault: {link: [host-a, switch], state: down, for: 1 s}}
""") == (
        WaitStep(line=3, duration=5 * SECOND),
        WaitStep(line=4, at=60 * SECOND, duration=0),
        FaultStep(line=6, order=Heal("link", ("switch", "host-a"))),
        FaultStep(line=7, every=2 * SECOND, until=9 * SECOND,
                  order=Break((LinkState("host-a", "switch", False),), SECOND)),
    )  # fmt: skip


def test_pings_and_poisson_traffic() -> None:
    text = """\
name: x
traffic:
  - {from: a, to: tasks.api, kind: ping, start: 1 s, count: 5}
  - {from: a, to: 10.0.1.6, kind: ping, start: 1 s, stop: 2 s, interval: 100 ms, size: 0 B}
  - {from: a, to: b, rate: 1 Mbit/s, start: 0 s, stop: 2 s, arrivals: poisson}
"""
    assert read(text).traffic == (
        PingFlow(line=3, source="a", target="tasks.api", size=56, start=SECOND, interval=SECOND,
                 count=5),
        PingFlow(line=4, source="a", target="10.0.1.6", size=0, start=SECOND, interval=100 * MS,
                 stop=2 * SECOND),
        UdpFlow(line=5, source="a", target="b", size=1000, start=0, rate=1_000_000,
                stop=2 * SECOND, poisson=True),
    )  # fmt: skip


def test_dns_timing_duration_and_manual_joins() -> None:
    scenario = read("""\
name: x
swarm: manual
duration: 2 min
dns:
  upstream: answers
  records: {www.example.org: 192.0.2.10, no: 192.0.2.11}
  delay: 20 ms
timing: {container_start: 1 s}
expect: |
  ping(a, b).received == 1
  dropped() == 0
""")
    assert scenario.automatic_join is False
    assert scenario.duration == 120 * SECOND
    assert scenario.dns == DnsSpec(
        True, {"www.example.org": "192.0.2.10", "no": "192.0.2.11"}, 20 * MS
    )
    assert FakeTiming(**scenario.timing) == FakeTiming(container_start=SECOND)
    assert [line.line for line in scenario.expect] == [10, 11]


def underlay(text: str) -> str:
    return f"name: x\nunderlay: {{{text}}}\n"


@pytest.mark.parametrize(
    ("text", "shape", "hosts", "switches", "links"),
    [
        ("hosts: 5", "star", 5, 1, 5),
        ("hosts: ['no', on, 010]", "star", 3, 1, 3),
        ("topology: line, switches: 4", "line", 3, 4, 6),
        ("topology: ring", "ring", 3, 3, 6),
        ("topology: leaf-spine, leaves: 3, hosts: 6", "leaf-spine", 6, 5, 12),
        ("topology: fat-tree, hosts: 16", "fat-tree", 16, 20, 48),
        ("topology: dumbbell, hosts: 4", "dumbbell", 4, 2, 5),
        ("nodes: {a: host, b: host, s: switch}, links: [{between: [a, s]}, {between: [s, b]}]",
         "listed", 2, 1, 2),
    ],
)  # fmt: skip
def test_shapes(text: str, shape: str, hosts: int, switches: int, links: int) -> None:
    spec = read(underlay(text)).underlay
    counts = [len(part) for part in (spec.topology.hosts, spec.topology.switches)]
    assert (spec.shape, *counts, len(spec.topology.links)) == (shape, hosts, switches, links)


def test_host_names_stay_text() -> None:
    assert read(underlay("hosts: ['no', on, 010]")).underlay.topology.hosts == ("no", "on", "010")


def test_listed_links_have_their_own_properties_and_those_of_all() -> None:
    spec = read("""\
name: x
underlay:
  nodes: {a: host, b: host, s: switch}
  link: {delay: 1 ms, queue: unlimited, jitter: 3 us}
  links:
    - {between: [a, s], queue: 64 kB, mtu: 9000 B}
    - {between: [s, b], queue: 1 packet}
  framing: none
  ecmp: shared
  convergence: 200 ms
""").underlay
    common = LinkSpec(delay=MS, jitter=3 * US)
    assert spec.topology.links == (
        ("a", "s", dataclasses.replace(
            common, queue_packets=None, queue_bytes=64_000, mtu=9000)),
        ("s", "b", dataclasses.replace(common, queue_packets=1, queue_bytes=None)),
    )  # fmt: skip
    assert (spec.framing, spec.ecmp, spec.convergence) == ("none", "shared", 200 * MS)


def test_routers_have_addresses_behind_those_of_the_hosts() -> None:
    spec = read("""\
name: x
underlay:
  nodes: {r1: router, a: host, s: switch, r2: router, b: host}
  links:
    - {between: [a, s]}
    - {between: [s, r1]}
    - {between: [r1, r2], mtu: 1400 B}
    - {between: [r2, b]}
""").underlay
    assert spec.topology.routers == ("r1", "r2")
    assert spec.addresses == {
        "a": "10.77.0.11", "b": "10.77.0.12", "r1": "10.77.0.13", "r2": "10.77.0.14",
    }  # fmt: skip


def test_routers_need_room_in_the_subnet_too() -> None:
    text = """\
name: x
underlay:
  nodes: {a: host, b: host, r: router}
  links: [{between: [a, r]}, {between: [r, b]}]
  subnet: 10.0.0.0/30
"""
    assert problem(text) == (
        "x.yml:5:11: underlay.subnet: 10.0.0.0/30 has 2 addresses for 3 hosts and routers; "
        "write for example 10.0.0.0/29"
    )


def test_bridges_cut_unless_told_not_to() -> None:
    assert read("name: x\n").bridge_nf is True
    assert read("name: x\noverlay: {bridge_nf: off}\n").bridge_nf is False


GRAPH = """\
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected">
<node id="a"/><node id="s"/><node id="b"/>
<edge source="a" target="s"/><edge source="s" target="b"/>
</graph></graphml>
"""


def test_a_graphml_file_stands_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "net.graphml").write_text(GRAPH)
    path = tmp_path / "x.yml"
    path.write_text(underlay("file: net.graphml, links: [{between: [b, s], loss: 50 %}]"))
    spec = read(path).underlay
    assert (spec.shape, spec.topology.hosts) == ("graphml", ("a", "b"))
    assert spec.topology.link_between("s", "b").loss == 0.5


@pytest.mark.parametrize(
    ("text", "subnet", "first"),
    [
        ("hosts: 3", "10.77.0.0/24", "10.77.0.11"),
        ("hosts: 250", "10.77.0.0/24", "10.77.0.1"),
        ("hosts: 3, subnet: 192.0.2.0/29", "192.0.2.0/29", "192.0.2.1"),
        ("hosts: 4096, subnet: 10.80.0.0/16", "10.80.0.0/16", "10.80.0.11"),
    ],
)
def test_addresses(text: str, subnet: str, first: str) -> None:
    spec = read(underlay(text)).underlay
    assert spec.subnet == subnet
    assert spec.addresses[spec.topology.hosts[0]] == first
    assert len(set(spec.addresses.values())) == len(spec.topology.hosts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hosts: 5, subnet: 10.0.0.0/30",
         "2:30: underlay.subnet: 10.0.0.0/30 has 2 addresses for 5 hosts; "
         "write for example 10.0.0.0/29"),
        ("hosts: 255",
         "2:11: underlay.subnet: 10.77.0.0/24 has 254 addresses for 255 hosts; "
         "write for example 10.77.0.0/23"),
        ("subnet: 10.77.0.5/24",
         '2:20: underlay.subnet: "10.77.0.5/24" has host bits set; did you mean 10.77.0.0/24?'),
        ("subnet: 10.77.0.0",
         '2:20: underlay.subnet: "10.77.0.0" is not an IPv4 subnet; write address/length, '
         "for example 10.77.0.0/24"),
        ("hosts: 0", '2:19: underlay.hosts: "0" is not a whole number from 1 to 4096; '
         "for example 3"),
        ("hosts: [a@b]",
         '2:20: underlay.hosts[0]: "a@b" is not a name for a host or switch; write up to 63 '
         "letters, digits, points, dashes and underscores, a letter or digit first, "
         "for example host-a"),
        ("hosts: {a: b}",
         "2:19: underlay.hosts: expected a whole number from 1 to 4096 or a list of names, found "
         "keys and values; for example 3 or [host-a, host-b]"),
        ("topology: stra", '2:22: underlay.topology: "stra" is not one of star, line, ring, '
         "leaf-spine, fat-tree, dumbbell; did you mean star?"),
        ("spines: 3", "2:12: underlay.spines: only for topology leaf-spine; "
         "write topology: leaf-spine"),
        ("topology: ring, k: 4",
         "2:28: underlay.k: only for topology fat-tree; topology is ring"),
        ("topology: ring, switches: 2",
         "2:38: underlay.switches: a ring has at least 3 switches, not 2"),
        ("topology: fat-tree, k: 5",
         "2:35: underlay.k: a fat-tree's k is an even number from 2 to 64, not 5"),
        ("topology: fat-tree, hosts: 17",
         "2:39: underlay.hosts: a fat-tree with k = 4 holds 16 hosts, not 17"),
        ("link: {mtu: 40 B}",
         "2:24: underlay.link.mtu: a link's mtu is from 68 B to 65535 B, not 40 B"),
        ("link: {queue: many}",
         '2:26: underlay.link.queue: "many" is not a queue limit; write a number of packets, '
         "a size, or unlimited, for example 100 packets"),
        ("link: {loss: 101 %}",
         '2:25: underlay.link.loss: "101 %" is not a share; write a number from 0 to 100 and %, '
         "for example 1 %"),
        ("links: [{between: [host-a, host-b], loss: 1 %}]",
         "2:30: underlay.links[0].between: no link between host-a and host-b; "
         "host-a is linked to switch"),
        ("links: [{loss: 1 %}]",
         "2:20: underlay.links[0].between: missing; write for example "
         "between: [host-a, switch]"),
        ("links: [{between: [host-a, switch]}, {between: [switch, host-a]}]",
         "2:59: underlay.links[1].between: the link between switch and host-a is there twice"),
        ("nodes: {a: host, s: swich}",
         '2:32: underlay.nodes.s: "swich" is not one of host, switch, router; '
         "did you mean switch?"),
        ("nodes: {a: host, b: host}, links: [{between: [a, c]}]",
         "2:57: underlay.links[0].between: there is no node c"),
        ("nodes: {a: host, b: host, c: host}, links: [{between: [a, b]}]",
         '2:19: underlay.nodes: host "c" has no link'),
        ("nodes: {a: host}, hosts: 3",
         "2:37: underlay.hosts: not together with nodes, which names the hosts too"),
        ("nodes: {a: host}, topology: star",
         "2:30: underlay.topology: not together with nodes; only one of topology, file, nodes"),
        ("file: none.graphml",
         "2:18: underlay.file: none.graphml: cannot be read: No such file or directory"),
        ('file: "a\\0b"',
         '2:18: underlay.file: "a\\x00b" is not a file name; write up to 255 characters, none of '
         "them a control character, for example abilene.graphml"),
        ("framing: both", '2:21: underlay.framing: "both" is not one of ethernet, none'),
    ],
)  # fmt: skip
def test_a_wrong_underlay(text: str, message: str) -> None:
    assert problem(underlay(text)) == f"x.yml:{message}"


def test_several_mistakes_of_one_underlay_come_together() -> None:
    found = problems(underlay("hosts: 2, subnet: 10.0.0.0/32, links: [{between: [x, switch]}]"))
    assert [message.split(": ")[1] for message in found] == [
        "underlay.subnet", "underlay.links[0].between",
    ]  # fmt: skip


def test_all_that_a_topology_refuses_is_reported() -> None:
    assert problems(underlay("hosts: [switch]")) == [
        'x.yml:2:19: underlay.hosts: "switch" has a link to itself',
        'x.yml:2:19: underlay.hosts: "switch" names 2 nodes; names of nodes are unique',
    ]


VALUES = (
    "host-a", "switch", "leaf-9", "10 s", "0 s", "1 Gbit/s", "5 %", "7", "[]", "{}", "[a, b]",
    "{a: b}", "true", "docker ps", "ping(a, b).rtt < 1 s", "udp", "'", "|", "",
)  # fmt: skip


@settings(deadline=None)
@given(st.data())
def test_a_damaged_scenario_gives_problems_and_nothing_worse(data: st.DataObject) -> None:
    lines = LINK_CUT.split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        number = data.draw(st.integers(0, len(lines) - 1))
        key, colon, _rest = lines[number].partition(":")
        value = data.draw(st.sampled_from(VALUES))
        lines[number] = data.draw(
            st.sampled_from(["", lines[number][2:], f"{key}{colon} {value}", f"{key}x{colon}"])
        )
    found = None
    try:
        read("\n".join(lines))
    except InputError as error:
        found = error.problems
    places = [(problem.line, problem.column) for problem in found or ()]
    assert places == sorted(places)
    assert found is None or found
