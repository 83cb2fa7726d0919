"""The ``bulk`` section: what it says, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from bulk_files import HEAD, TRACE
from scenario_reading import problem, problems, read

from overlaysim.scenario.model import BulkSpec
from overlaysim.units import MS, SECOND, US


def entry(text: str, head: str = HEAD) -> BulkSpec:
    (spec,) = read(f"{head}bulk: [{{{text}}}]\n").bulk
    return spec


def test_a_plain_flow() -> None:
    spec = entry("from: host-a, to: host-b, rate: 1 Gbit/s, stop: 1 s")
    assert spec.pairs == (("host-a", "host-b"),)
    assert (spec.sizes, spec.rate, spec.interval) == (((1000, 1),), 10**9, None)
    assert (spec.start, spec.stop, spec.arrivals, spec.echo) == (0, SECOND, "constant", False)
    assert spec.tunnel.encapsulation.name == "vxlan"


def test_everything_a_flow_can_say() -> None:
    spec = entry(
        "from: [host-a, host-b], to: host-c, interval: 1 ms, size: imix, arrivals: on-off, "
        "on: 10 ms, off: 90 ms, phases: exponential, start: 1 s, stop: 2 s, count: 60, "
        "spread: 1 ms, echo: true, encapsulation: ipip, "
        "moves: [{at: 3 ms, to: nobody}, {at: 4 ms, to: host-d}], "
        "receiver: [{at: 5 ms, state: gone}, {at: 6 ms, state: there}]",
        HEAD.replace("queue: 20 packets", "mtu: 9000 B"),
    )
    assert [size for size, _ in spec.sizes] == [12, 548, 1472]
    assert (spec.interval, spec.on, spec.off, spec.spread) == (MS, 10 * MS, 90 * MS, MS)
    assert (spec.random_phases, spec.echo, spec.count) == (True, True, 60)
    assert spec.tunnel.encapsulation.name == "ipip"
    assert spec.moves == ((3 * MS, ""), (4 * MS, "host-d"))
    assert spec.receiver == ((5 * MS, False), (6 * MS, True))


def test_a_mesh_leaves_out_the_way_from_a_host_to_itself() -> None:
    spec = entry("from: all, to: all, interval: 1 s, stop: 1 s")
    assert len(spec.pairs) == 12
    assert [target for source, target in spec.pairs if source == "host-b"] == [
        "host-a", "host-c", "host-d",
    ]  # fmt: skip


def test_encapsulation_is_that_of_the_scenario_unless_a_flow_says_it() -> None:
    head = f"{HEAD}overlay: {{encapsulation: geneve-opt8, underlay: ipv6}}\n"
    flow = "from: host-a, to: host-b, interval: 1 s, stop: 1 s"
    assert entry(flow, head).tunnel.encapsulation.name == "geneve-opt8"
    other = entry(f"{flow}, encapsulation: gre-key", head).tunnel
    assert (other.encapsulation.name, other.family) == ("gre-key", 6)


def test_a_trace_stands_beside_the_scenario(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    text = f"{HEAD}bulk: [{{from: host-a, to: host-b, trace: t.csv, stop: 1 s}}]\n"
    path.write_text(text, encoding="utf-8")
    trace = tmp_path / "t.csv"
    assert problem(path) == (
        f"{path}:8:42: bulk[0].trace: {trace}: cannot be read: No such file or directory"
    )
    trace.write_text(TRACE.replace("\n40 us", "\n40 parsecs"), encoding="utf-8")
    assert 't.csv:4:1: time: "40 parsecs" is not a duration' in problem(path)
    trace.write_text(TRACE, encoding="utf-8")
    (spec,) = read(path).bulk
    assert [size for size, _ in spec.sizes] == list(range(200, 300))


FLOW = "from: host-a, to: host-b, interval: 1 ms, stop: 1 s"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from: host-a, to: host-e, interval: 1 s, stop: 1 s",
         'bulk[0].to: there is no host "host-e"; did you mean host-d?'),
        ("from: al, to: host-b, interval: 1 s, stop: 1 s",
         'bulk[0].from: there is no host "al"; did you mean all?'),
        ("from: leaf-1, to: host-b, interval: 1 s, stop: 1 s",
         "bulk[0].from: leaf-1 is a switch; hosts are host-a, host-b, host-c, host-d"),
        ("from: host-a, to: host-a, interval: 1 s, stop: 1 s",
         "bulk[0].to: host-a does not send to itself"),
        ("from: [], to: host-a, interval: 1 s, stop: 1 s",
         "bulk[0].from: no host is named; write for example host-a"),
        ("from: host-a, to: host-b, stop: 1 s", "bulk[0]: write one of rate, interval, trace"),
        ("from: host-a, to: host-b, rate: 1 Gbit/s",
         "bulk[0].stop: missing; write for example stop: 2 s"),
        (f"{FLOW}, rate: 1 Gbit/s",
         "bulk[0].rate: not together with interval; only one of rate, interval, trace"),
        (f"{FLOW}, size: imx",
         'bulk[0].size: "imx" is not a size; write a number and B, kB, MB, GB, KiB, MiB, GiB, for '
         "example 1500 B; or imix"),
        (f"{FLOW}, start: 2 s", "bulk[0].stop: 1.000 s is not after start, 2.000 s"),
        (f"{FLOW}, arrivals: on-off, on: 1 ms",
         "bulk[0].off: missing; write for example off: 90 ms"),
        (f"{FLOW}, on: 1 ms",
         "bulk[0].on: only for arrivals on-off; write arrivals: on-off"),
        (f"{FLOW}, size: [{{size: 1 B, weight: 1}}, {{size: 1 B, weight: 2}}]",
         "bulk[0].size[1].size: 1 B is there twice"),
        (f"{FLOW}, size: []", "bulk[0].size: no size is named; write for example imix"),
        ("from: host-a, to: host-b, rate: 1 Gbit/s, size: 0 B, stop: 1 s",
         "bulk[0].size: a rate cannot be made of packets without payload"),
        (f"{FLOW}, moves: [{{at: 2 s, to: host-c}}, {{at: 1 s, to: host-d}}]",
         "bulk[0].moves[1].at: 1.000 s is not after the one before it, 2.000 s"),
        (f"{FLOW}, moves: [{{at: 2 s, to: nobdy}}]",
         'bulk[0].moves[0].to: there is no host "nobdy"; did you mean nobody?'),
        (f"{FLOW}, moves: [{{at: 2 s, to: host-a}}]",
         "bulk[0].moves[0].to: host-a does not send to itself"),
        ("from: host-a, to: all, interval: 1 s, stop: 1 s, moves: [{at: 2 s, to: host-b}]",
         "bulk[0].moves: only with one host to send to"),
        (f"{FLOW}, receiver: [{{at: 0 s, state: gone}}]",
         'bulk[0].receiver[0].at: "0 s" is no time at all; write more than 0, as in 5 s'),
        (f"{FLOW}, encapsulation: vxlam",
         'bulk[0].encapsulation: "vxlam" is not an encapsulation; did you mean vxlan? (overlaysim '
         "headers lists them)"),
    ],
)  # fmt: skip
def test_a_wrong_flow(text: str, message: str) -> None:
    assert problem(f"{HEAD}bulk: [{{{text}}}]\n").partition(": ")[2] == message


def test_what_has_its_own_sizes_and_times_gets_no_others(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TRACE, encoding="utf-8")
    path = tmp_path / "x.yml"
    flow = "from: host-a, to: host-b, trace: t.csv, size: 1 B, arrivals: poisson, stop: 1 s"
    path.write_text(f"{HEAD}bulk: [{{{flow}}}]\n", encoding="utf-8")
    assert [text.partition(": ")[2] for text in problems(path)] == [
        "bulk[0].size: not together with trace, which has its own",
        "bulk[0].arrivals: not together with trace, which has its own",
    ]


def test_too_many_flows() -> None:
    head = "name: x\nunderlay: {hosts: 400, subnet: 10.77.0.0/16}\n"
    text = f"{head}bulk: [{{from: all, to: all, interval: 1 s, stop: 1 s}}]\n"
    assert problem(text) == (
        "x.yml:3:24: bulk[0].to: 160 000 pairs of hosts are too many; at most 100 000"
    )


# ---- what fits --------------------------------------------------------------------------------


def test_frames_that_their_host_would_cut_are_refused_with_what_fits() -> None:
    assert problem(f"{HEAD}bulk: [{{{FLOW}, size: 1423 B}}]\n").partition(": ")[2] == (
        "bulk[0].size: 1423 B in vxlan make a packet of 1501 B, too long for the link host-a -> "
        "leaf-1 with its mtu of 1500 B, and bulk traffic is not cut; send at most 1422 B, or give "
        "the link an mtu of 1501 B"
    )
    assert read(f"{HEAD}bulk: [{{{FLOW}, size: 1422 B}}]\n").bulk
    link = "links: [{between: [host-b, leaf-1], mtu: 68 B}]"
    small = HEAD.replace("  convergence", f"  {link}\n  convergence")
    assert read(f"{small}bulk: [{{{FLOW}}}]\n").bulk  # who only receives does not cut
    assert problem(f"{small}bulk: [{{{FLOW}, echo: true}}]\n").endswith(
        "bulk traffic is not cut; give the link an mtu of 1078 B"
    )


ROUTED = """\
name: routed
underlay:
  nodes: {host-a: host, host-b: host, r: router}
  links: [{between: [host-a, r]}, {between: [r, host-b], mtu: MTU}]
"""


def test_frames_that_a_router_would_cut_are_refused_also_if_a_fault_makes_them_so() -> None:
    text = f"{ROUTED}bulk: [{{{FLOW}}}]\n"
    assert "too long for the link r -> host-b with its mtu of 1000 B" in problem(
        text.replace("MTU", "1000 B")
    )
    wide = text.replace("MTU", "1500 B")
    assert read(wide).bulk
    fault = "timeline: [{at: 1 s, fault: {link: [host-a, r], mtu: 900 B}}]\n"
    assert "too long for the link r -> host-a with its mtu of 900 B" in problem(wide + fault)


def test_a_flow_that_starts_when_all_is_over() -> None:
    flow = "{from: host-a, to: host-b, interval: 1 us, start: 2 s}"
    text = f"{HEAD}bulk: [{flow}]\nduration: 1 s\n"
    assert problem(text).endswith("2.000 s is not before the end, duration: 1.000 s")
    open_end = text.replace("start: 2 s", "start: 1 us")
    (spec,) = read(open_end).bulk
    assert (spec.start, spec.stop) == (US, None)


def test_every_entry_that_is_too_long_is_named() -> None:
    text = """\
name: long
underlay: {hosts: 2}
bulk:
  - {from: host-1, to: host-2, size: 1440 B, rate: 1 Mbit/s, stop: 1 s}
  - {from: host-2, to: host-1, size: 1450 B, rate: 1 Mbit/s, stop: 1 s}
"""
    first, second = (str(found) for found in problems(text))
    assert "bulk[0].size: 1440 B in vxlan" in first
    assert "bulk[1].size: 1450 B in vxlan" in second
