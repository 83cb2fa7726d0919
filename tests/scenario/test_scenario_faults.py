"""Faults in a timeline: what each of them means, and every way to get one wrong."""

from __future__ import annotations

import pytest
from scenario_reading import problem, problems, read

from overlaysim.cluster.faults import (
    BlockPort,
    Churn,
    CrashHost,
    DegradeLink,
    Fault,
    FreezeDaemon,
    JoinSwarm,
    LeaveSwarm,
    LinkState,
    Partition,
    SlowHost,
    StopDaemon,
)
from overlaysim.scenario.desk import is_meant
from overlaysim.scenario.model import Break, FaultStep, Heal
from overlaysim.units import MS, SECOND


def timeline(fault: str) -> str:
    return f"name: x\ntimeline:\n  - fault: {fault}\n"


def order(fault: str) -> Break | Heal:
    (step,) = read(timeline(fault)).timeline
    assert isinstance(step, FaultStep)
    return step.order


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("{link: [host-b, switch], state: down}", [LinkState("host-b", "switch", False)]),
        ("{link: [host-a, switch], loss: 5 %}", [DegradeLink("host-a", "switch", {"loss": 0.05})]),
        ("{link: [host-a, switch], delay: 20 ms, jitter: 2 ms, rate: 10 Mbit/s, mtu: 900 B}",
         [DegradeLink("host-a", "switch", {"rate": 10_000_000, "delay": 20 * MS,
                                           "jitter": 2 * MS, "mtu": 900})]),
        ("{link: [host-a, switch], queue: unlimited}",
         [DegradeLink("host-a", "switch", {"queue_packets": None, "queue_bytes": None})]),
        ("{partition: [[host-a, host-b], [host-c]]}",
         [Partition((("host-a", "host-b"), ("host-c",)))]),
        ("{partition: [[host-b]]}", [Partition((("host-b",),))]),
        ("{host: host-b, state: crashed}", [CrashHost("host-b")]),
        ("{host: host-b, state: frozen}", [FreezeDaemon("host-b")]),
        ("{host: host-b, state: stopped}", [StopDaemon("host-b")]),
        ("{host: host-b, state: left}", [LeaveSwarm("host-b")]),
        ("{host: host-b, state: joined}", [JoinSwarm("host-b")]),
        ("{host: host-b, delay: 800 ms}", [SlowHost("host-b", 800 * MS)]),
        ("{block: 7946/udp, at: host-b}", [BlockPort("host-b", "udp", 7946)]),
        ("{block: [7946/tcp, 4789/udp], at: [host-a, switch]}",
         [BlockPort(("host-a", "switch"), "tcp", 7946),
          BlockPort(("host-a", "switch"), "udp", 4789)]),
        ("{churn: {starts: 2/s, stops: 30/min, network: net, hosts: [host-b]}}",
         [Churn(("host-b",), starts_per_s=2, stops_per_s=0.5, network="net")]),
        ("{churn: {joins: 0.25 /s, leaves: 36/h}}",
         [Churn(("host-a", "host-b", "host-c"), joins_per_s=0.25, leaves_per_s=0.01)]),
    ],
)  # fmt: skip
def test_what_a_fault_means(text: str, faults: list[Fault]) -> None:
    assert order(text) == Break(tuple(faults))
    assert order(text[:-1] + ", for: 3 s}") == Break(tuple(faults), 3 * SECOND)


@pytest.mark.parametrize(
    ("text", "heal"),
    [
        ("{heal: all}", Heal()),
        ("{heal: partition}", Heal("partition")),
        ("{heal: host-b}", Heal(nodes=("host-b",))),
        ("{heal: [host-b, switch]}", Heal(nodes=("host-b", "switch"))),
        ("{host: host-b, state: running}", Heal("host", ("host-b",))),
        ("{link: [switch, host-b], state: up}", Heal("link", ("switch", "host-b"))),
    ],
)
def test_what_healing_means(text: str, heal: Heal) -> None:
    assert order(text) == heal


LASTING = {
    "cut": LinkState("host-b", "switch", False),
    "lossy": DegradeLink("switch", "host-a", {"loss": 0.5}),
    "split": Partition((("host-b",),)),
    "crash": CrashHost("host-b"),
    "slow": SlowHost("host-a", SECOND),
    "wall": BlockPort("host-b", "udp", 7946),
    "churn": Churn(("host-b",), starts_per_s=1),
    "wire": BlockPort(("host-a", "switch"), "tcp", 7946),
}


@pytest.mark.parametrize(
    ("heal", "ended"),
    [
        (Heal(), "cut lossy split crash slow wall churn wire"),
        (Heal("churn"), "churn"),
        (Heal("block"), "wall wire"),
        (Heal("link"), "cut lossy"),
        (Heal("partition"), "split"),
        (Heal("host"), "crash slow"),
        (Heal("host", ("host-b",)), "crash"),
        (Heal(nodes=("host-b",)), "cut crash wall"),
        (Heal(nodes=("switch",)), "cut lossy wire"),
        (Heal(nodes=("host-a", "switch")), "lossy wire"),
        (Heal(nodes=("host-c",)), ""),
    ],
)
def test_what_is_healed_is_what_is_named(heal: Heal, ended: str) -> None:
    assert [name for name, fault in LASTING.items() if is_meant(heal, fault)] == ended.split()


def test_a_fault_is_repeated_like_any_step() -> None:
    text = "{host: host-b, state: frozen, for: 1 s}\n    every: 4 s\n    until: 9 s"
    (step,) = read(timeline(text)).timeline
    assert (step.every, step.until) == (4 * SECOND, 9 * SECOND)


KINDS = "link, partition, host, block, churn, heal"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("down", '3:12: fault: expected a fault, found "down"; '
         "for example {link: [host-a, switch], state: down, for: 10 s}"),
        ("{for: 1 s}", f"3:12: fault: write one of {KINDS}"),
        ("{partiton: [[host-a]]}", "3:13: fault.partiton: no such key here; "
         "did you mean partition?"),
        ("{heal: all, host: host-a}",
         f"3:24: fault.host: not together with heal; only one of {KINDS}"),
        ("{heal: all, for: 1 s}", "3:24: fault.for: no such key here; allowed are heal"),
        ("{link: [host-a, switch]}", "3:19: fault.link: write state: down, or what changes: "
         "rate, delay, queue, loss, jitter, mtu"),
        ("{link: [host-a, switch], state: down, loss: 5 %}",
         "3:56: fault.loss: not together with state; write two faults"),
        ("{link: [host-a, switch], loss: 101 %}", '3:43: fault.loss: "101 %" is not a share; '
         "write a number from 0 to 100 and %, for example 1 %"),
        ("{link: [host-a, host-b], loss: 1 %}",
         "3:19: fault.link: no link between host-a and host-b; host-a is linked to switch"),
        ("{link: [host-a, switch], state: frozen}",
         '3:44: fault.state: "frozen" is not one of down, up'),
        ("{partition: [[host-a, host-d]]}",
         '3:24: fault.partition: there is no host "host-d"; did you mean host-c?'),
        ("{partition: [[host-a], [host-a, host-b]]}", "3:24: fault.partition: host-a is there "
         "twice"),
        ("{partition: [[host-a, host-b, host-c]]}",
         "3:24: fault.partition: one group has all hosts; write at least two groups"),
        ("{partition: []}",
         "3:24: fault.partition: one group has all hosts; write at least two groups"),
        ("{partition: [host-a]}",
         '3:25: fault.partition[0]: expected a list of hosts, found "host-a"; '
         "for example [host-a, host-b]"),
        ("{host: host-b}", "3:12: fault: write one of state, delay, offload"),
        ("{host: host-b, state: crashd}", '3:34: fault.state: "crashd" is not one of crashed, '
         "frozen, stopped, left, joined, running; did you mean crashed?"),
        ("{host: switch, state: crashed}",
         "3:19: fault.host: switch is a switch; hosts are host-a, host-b, host-c"),
        ("{host: host-b, state: crashed, delay: 1 s}",
         "3:43: fault.delay: not together with state; only one of state, delay, offload"),
        ("{host: host-b, state: running, for: 1 s}",
         "3:48: fault.for: running ends faults for good; leave it out"),
        ("{host: host-b, delay: 0 s}",
         '3:34: fault.delay: "0 s" is no time at all; write more than 0, as in 800 ms'),
        ("{block: 7946/udp}",
         "3:12: fault.at: missing; write for example at: host-a or [host-a, switch]"),
        ("{block: 7946/upd, at: host-b}", '3:20: fault.block: "7946/upd" is not a port; write a '
         "number from 1 to 65535, a slash, and tcp or udp, for example 7946/udp; or an IP "
         "protocol: esp, gre or 115/ip"),
        ("{block: 65536/udp, at: host-b}", '3:20: fault.block: "65536/udp" is not a port; write a '
         "number from 1 to 65535, a slash, and tcp or udp, for example 7946/udp; or an IP "
         "protocol: esp, gre or 115/ip"),
        ("{block: [], at: host-b}",
         "3:20: fault.block: no port is named; write for example 7946/udp"),
        ("{block: [1/udp, 1/udp], at: host-b}", '3:28: fault.block[1]: "1/udp" is there twice'),
        ("{block: 7946/udp, at: host-x}",
         '3:34: fault.at: there is no host "host-x"; did you mean host-c?'),
        ("{block: 7946/udp, at: [host-a, host-b]}",
         "3:34: fault.at: no link between host-a and host-b; host-a is linked to switch"),
        ("{churn: {}}", "3:20: fault.churn: write one of joins, leaves, starts, stops"),
        ("{churn: {starts: 2}}", '3:29: fault.churn.starts: "2" is not how often; write a number '
         "above 0 and /s, /min, /h, for example 2/s"),
        ("{churn: {starts: 0/s}}", '3:29: fault.churn.starts: "0/s" is not how often; write a '
         "number above 0 and /s, /min, /h, for example 2/s"),
        ("{churn: {stops: 1/s, network: net}}",
         "3:33: fault.churn.network: only together with starts; write for example starts: 2/s"),
        ("{churn: {stops: 1/s, hosts: [host-y]}}",
         '3:40: fault.churn.hosts: there is no host "host-y"; did you mean host-c?'),
        ("{link: [host-a, switch], state: up, for: 1 s}",
         "3:53: fault.for: up ends faults for good; leave it out"),
        ("{heal: partitions}",
         '3:19: fault.heal: there is no "partitions" here; did you mean partition?'),
        ("{heal: [host-a, host-b]}",
         "3:19: fault.heal: no link between host-a and host-b; host-a is linked to switch"),
    ],
)  # fmt: skip
def test_a_wrong_fault(text: str, message: str) -> None:
    place, key = message.split(": ", 1)
    assert problem(timeline(text)) == f"x.yml:{place}: timeline[0].{key}"


def test_everything_wrong_with_a_fault_is_told_at_once() -> None:
    text = timeline("{host: host-x, state: dead, dealy: 1 s, for: 3}")
    assert [message.split(": ")[1] for message in problems(text)] == [
        "timeline[0].fault.host", "timeline[0].fault.state", "timeline[0].fault.dealy",
        "timeline[0].fault.for",
    ]  # fmt: skip


def test_names_in_faults_are_not_checked_against_an_underlay_that_is_wrong() -> None:
    text = "name: x\nunderlay: {topology: str}\ntimeline:\n"
    for fault in ("{host: h, state: left}", "{partition: [[a, b]]}", "{heal: [a, b]}",
                  "{block: 1/udp, at: c}", "{link: [a, b], state: up}", "{heal: z}"):  # fmt: skip
        text += f"  - fault: {fault}\n"
    (only,) = problems(text)
    assert "underlay.topology" in only
