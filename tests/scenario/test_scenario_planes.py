"""Bulk traffic in runs: on which plane, with what result, and that it is the same on both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bulk_files import EVERYTHING, HEAD, SWARM, TRACE

from overlaysim import InputError, run
from overlaysim.cli.main import main
from overlaysim.errors import ModelError
from overlaysim.overlay.encapsulation import encapsulations
from overlaysim.overlay.flow import flow_hash, source_port, underlay_hash
from overlaysim.report import render_html
from overlaysim.scenario.bulk_fits import outer_length
from overlaysim.scenario.bulk_flows import plan_flows
from overlaysim.scenario.plane import ALONE, ASKED_FOR, CAPTURE, choose_plane
from overlaysim.scenario.result import Result
from overlaysim.scenario.run import load, run_scenario
from overlaysim.scenario.session import Session
from overlaysim.underlay.link import ETHERNET_HEADER
from overlaysim.units import MS, SECOND, US
from overlaysim.wire import UDP, Ethernet, IPv4, decode

PLANES = ("event", "vector")
FLOW = "{from: host-a, to: host-b, interval: 1 ms, stop: 10 ms}"
ALONE_TEXT = f"{HEAD}bulk: [{FLOW}]\n"


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """One run on each plane."""
    folder = tmp_path_factory.mktemp("everything")
    path = folder / "everything.yml"
    path.write_text(EVERYTHING, encoding="utf-8")
    (folder / "trace.csv").write_text(TRACE, encoding="utf-8")
    return {plane: run(path, plane=plane) for plane in PLANES}


def lines(folder: Path) -> dict[str, list[str]]:
    """All files of a folder, without the lines that name the plane."""
    return {
        path.name: [
            line for line in path.read_text(encoding="utf-8").splitlines() if "plane" not in line
        ]
        for path in folder.iterdir()
    }


def test_both_planes_write_the_same_to_the_byte_but_for_their_name(
    everything: dict[str, Result], tmp_path: Path
) -> None:
    written = {}
    for plane, result in everything.items():
        result.write(tmp_path / plane, figures=False)
        written[plane] = lines(tmp_path / plane)
    assert written["event"] == written["vector"]
    assert len(written["event"]["bulk.csv"]) == 1 + 4 + 3 + 12 + 1


def test_enough_happens_for_that_to_mean_something(everything: dict[str, Result]) -> None:
    measured = everything["vector"].measurements
    reasons = {reason for flow in measured.bulk for reason, _ in flow.dropped}
    assert reasons == {
        "queue full", "loss", "link down", "mtu", "no neighbour", "no such container",
    }  # fmt: skip
    assert sum(flow.latency.received for flow in measured.bulk) > 500
    assert sum(measured.conservation.in_flight.values()) == 0
    assert measured.meta.plane == "vector"


@pytest.mark.parametrize("duration", ["1700 us", "2 ms"])
def test_a_run_that_ends_in_the_middle_is_the_same_on_both_planes(duration: str) -> None:
    trace = "trace: trace.csv"
    assert trace in EVERYTHING
    text = EVERYTHING.replace(trace, "interval: 20 us").replace("stop: 3 ms", "count: 40")
    text = text.replace("until: 3 ms", "until: 1690 us").replace("at: 2 ms", "at: 1600 us")
    results = {plane: run(f"{text}duration: {duration}\n", plane=plane) for plane in PLANES}
    event, vector = (result.report().splitlines() for result in results.values())
    assert event[0] == vector[0]
    assert event[2:] == vector[2:]
    assert sum(results["vector"].measurements.conservation.in_flight.values()) > 0


def test_a_run_without_duration_ends_at_the_same_instant_on_both_planes() -> None:
    ends = [run(ALONE_TEXT, plane=plane).measurements.meta.simulated for plane in PLANES]
    assert ends == [1100 * MS, 1100 * MS]  # a whole tenth of a second, and one second more


@pytest.mark.parametrize("plane", PLANES)
def test_an_interrupted_run_keeps_books_that_balance(plane: str) -> None:
    def interrupt(now: int) -> None:
        raise KeyboardInterrupt

    scenario, _ = load(ALONE_TEXT.replace("stop: 10 ms", "stop: 30 s"), name="x.yml")
    result = run_scenario(scenario, plane=plane, progress=interrupt)
    assert not result.measurements.meta.complete
    assert result.measurements.bulk[0].latency.sent > 90


# ---- which plane ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        (SWARM, "9:5", "docker commands put control traffic on the same links"),
        ("traffic: [{from: a, to: b, kind: ping, start: 1 s, count: 1}]\n", "8:11",
         "containers send packets over the same links"),
        ("timeline: [{fault: {partition: [[host-a]]}}]\n", "8:12",
         "a partition keeps hosts apart, whatever links there are"),
        ("timeline: [{wait: 1 s}, {fault: {host: host-a, state: crashed}}]\n", "8:25",
         "a fault of a host is more than links that change"),
        ("timeline: [{fault: {block: 4789/udp, at: host-a}}]\n", "8:12",
         "a packet filter looks into frames"),
        ("timeline: [{fault: {churn: {starts: 1/s}}}]\n", "8:12",
         "hosts and containers that come and go put control traffic on the same links"),
    ],
)  # fmt: skip
def test_what_the_vector_plane_does_not_know(text: str, place: str, reason: str) -> None:
    whole = f"{HEAD}{text}bulk: [{FLOW}]\n"
    scenario, _ = load(whole, name="x.yml")
    chosen = choose_plane(scenario, "auto")
    assert (chosen.name, chosen.reason) == ("event", reason)
    message = (
        f"x.yml:{place}: plane: the vector plane carries bulk traffic alone, but {reason}; write "
        "plane: auto"
    )
    with pytest.raises(InputError) as caught:
        choose_plane(scenario, "vector", file="x.yml")
    assert str(caught.value) == message
    with pytest.raises(InputError) as caught:
        load(f"{whole}plane: vector\n", name="x.yml")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("wanted", "capture", "name", "reason"),
    [("auto", False, "vector", ALONE), ("vector", False, "vector", ALONE),
     ("event", False, "event", ASKED_FOR), ("auto", True, "event", CAPTURE)],
)  # fmt: skip
def test_bulk_traffic_alone(wanted: str, capture: bool, name: str, reason: str) -> None:
    scenario, _ = load(ALONE_TEXT, name="x.yml")
    chosen = choose_plane(scenario, wanted, capture=capture)
    assert (chosen.name, chosen.reason) == (name, reason)


def test_without_bulk_traffic_there_is_nothing_to_choose() -> None:
    scenario, _ = load("name: x\n", name="x.yml")
    assert choose_plane(scenario, "auto").reason == ""
    with pytest.raises(InputError, match=r"x\.yml:2:8: plane: there is no bulk traffic that the"):
        load("name: x\nplane: vector\n", name="x.yml")


def test_the_command_line_refuses_with_status_2_and_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.yml"
    path.write_text(f"{HEAD}{SWARM}bulk: [{FLOW}]\n", encoding="utf-8")
    assert main(["run", str(path), "--plane", "vector"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"{path}:9:5: plane: the vector plane carries bulk traffic alone")
    assert said.err.endswith("1 problem, nothing was run\n")


def test_the_report_says_which_plane_and_why() -> None:
    assert run(ALONE_TEXT).report().splitlines()[1] == "vector plane: bulk traffic alone"
    result = run(ALONE_TEXT, plane="event")
    assert result.report().splitlines()[1] == "event plane: as asked"
    assert "<p>event plane: as asked</p>" in render_html(result.measurements)


def test_a_host_that_sends_while_the_vector_plane_runs_is_a_bug() -> None:
    scenario, _ = load(ALONE_TEXT, name="x.yml")
    session = Session(scenario)
    session.carry(choose_plane(scenario, "vector"))
    session.simulator.spawn(session.command("host-a", "docker swarm init"))
    with pytest.raises(ModelError, match="packets were sent while the vector plane ran"):
        session.run_to(5 * SECOND)


def test_ends_that_were_not_told_are_a_bug() -> None:
    scenario, _ = load(ALONE_TEXT, name="x.yml")
    session = Session(scenario)
    session.carry(choose_plane(scenario, "event"))
    session.run_to(20 * MS)
    session.simulator.ledger.created["bulk"] += 1
    session.simulator.ledger.delivered["bulk"] += 1
    with pytest.raises(ModelError, match="10 ends of bulk packets were told, but 11 have ended"):
        session.measure()


# ---- frames -----------------------------------------------------------------------------------


def test_frames_are_those_of_a_tunnel_device_of_their_host() -> None:
    scenario, _ = load(ALONE_TEXT, name="x.yml")
    world = Session(scenario).world
    echo = replace(scenario.bulk[0], echo=True)
    (planned,) = plan_flows(world, [echo], with_packets=True)
    flow = planned.flow
    (frame,), (made_of,) = flow.packets, flow.frames
    assert frame.length == made_of.length == 1092
    assert (made_of.payload, made_of.inner_headers, made_of.encapsulation) == (1000, 42, 8)
    assert (frame.layer(1, IPv4).src, frame.layer(1, IPv4).dst) == ("10.77.0.11", "10.77.0.12")
    key = world.simulator.streams.number("flow-hash", "host-a", bits=32)
    assert frame.layer(2, UDP).src_port == source_port(flow_hash(frame.inner(4), key))
    assert flow.flow_hash == underlay_hash(frame)
    (answer,) = flow.answers
    assert answer.layer(0, Ethernet).dst == frame.layer(0, Ethernet).src
    assert decode(answer.pack()).length == 1092


CARRIERS = [known.name for known in encapsulations() if 4 in known.inner and 4 in known.families]


@pytest.mark.parametrize("name", CARRIERS)
def test_lengths_are_foretold_for_every_encapsulation(name: str) -> None:
    text = ALONE_TEXT.replace("stop: 10 ms", f"stop: 10 ms, size: 600 B, encapsulation: {name}")
    scenario, _ = load(text, name="x.yml")
    spec = replace(scenario.bulk[0], echo=True)
    (planned,) = plan_flows(Session(scenario).world, [spec], with_packets=True)
    for frame in (*planned.flow.packets, *planned.flow.answers):
        tag = spec.tunnel.encapsulation.tag
        assert frame.length - ETHERNET_HEADER - tag == outer_length(spec.tunnel, 600, 1500)
        assert planned.flow.frames[0].length == frame.length


def test_flows_between_two_hosts_have_ports_of_their_own() -> None:
    text = ALONE_TEXT.replace(FLOW, ", ".join([FLOW] * 8))
    scenario, _ = load(text, name="x.yml")
    flows = [p.flow for p in plan_flows(Session(scenario).world, scenario.bulk, with_packets=False)]
    assert len({flow.flow_hash for flow in flows}) == 8
    assert flows[0].packets == ()


def test_a_mesh_starts_one_flow_after_the_other() -> None:
    flow = "{from: all, to: all, interval: 1 s, spread: 12 ms, stop: 1 s}"
    scenario, _ = load(ALONE_TEXT.replace(FLOW, flow), name="x.yml")
    planned = list(plan_flows(Session(scenario).world, scenario.bulk, with_packets=False))
    assert [p.flow.schedule.start for p in planned] == [k * MS for k in range(12)]


# ---- beside everything else -------------------------------------------------------------------


def test_packet_filters_and_captures_see_bulk_frames() -> None:
    fault = "timeline: [{at: 4500 us, fault: {block: 4789/udp, at: host-b}}]\n"
    result = run(f"{HEAD}{fault}bulk: [{FLOW}]\n", capture=True)
    (flow,) = result.measurements.bulk
    assert flow.dropped == {("port blocked", "host-b"): 5}
    assert result.capture is not None
    seen = [(frame.host, frame.outgoing) for frame in result.capture.frames]
    assert seen.count(("host-a", True)) == 10
    assert seen.count(("host-b", False)) == len(seen) - 10 == 5
    assert result.measurements.meta.plane_reason == "a packet filter looks into frames"


def test_a_swarm_runs_beside_bulk_traffic_and_its_packets_keep_their_tables() -> None:
    commands = "run: |\n      docker swarm init\n      docker network ls\n"
    bulk = "bulk: [{from: all, to: all, interval: 10 ms, size: 64 B, stop: 2 s}]\nduration: 3 s\n"
    text = f"{HEAD}{SWARM.replace('run: docker swarm init', commands)}"
    alone, both = run(f"{text}duration: 3 s\n"), run(f"{text}{bulk}")
    measured = both.measurements
    assert not any(row.kind == "bulk" for row in measured.packets)
    assert len(measured.packets) == len(alone.measurements.packets) > 50
    assert sum(flow.latency.received for flow in measured.bulk) == 2400
    assert measured.overhead.total["bulk-payload"] == 64 * measured.overhead.frames["bulk"]
    assert measured.conservation.created["bulk"] == 2400


def test_what_expectations_can_ask_of_bulk_traffic() -> None:
    expect = """\
  - bulk(host-a, host-b).sent == 10
  - bulk(host-a, host-b).delivered == 5
  - bulk(all, host-b).lost == 5
  - bulk(host-a, all).loss == 50 %
  - bulk(all, all).p99 < 50 us
  - bulk(all, all).mean > 4 us
  - dropped(reason=no-such-container, kind=bulk) == 5
  - overhead(bulk).share == 100 %
"""
    flow = FLOW.replace("}", ", receiver: [{at: 5 ms, state: gone}]}")
    result = run(f"{HEAD}bulk: [{flow}]\nexpect:\n{expect}")
    assert [e.measured for e in result.expectations if not e.holds] == []
    with pytest.raises(InputError, match='there is no receiver "host-x"'):
        load(f"{HEAD}bulk: [{FLOW}]\nexpect: bulk(all, host-x).lost == 0\n", name="x.yml")
    assert result.measurements.bulk[0].latency.percentile(50) == 2 * (2 * US + 8_928_000)
