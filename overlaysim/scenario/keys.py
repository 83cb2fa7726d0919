"""The keys of a scenario file, one declaration each.

Reading, the JSON Schema and the reference text all follow these tables. Links, faults and gossip
have theirs in modules of their own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from overlaysim.overlay.encapsulation.choice import UNDERLAYS
from overlaysim.scenario.bulk_keys import BULK
from overlaysim.scenario.fault_keys import FAULT
from overlaysim.scenario.fields import Field, Needs, Section
from overlaysim.scenario.gossip_keys import GOSSIP
from overlaysim.scenario.kinds import (
    ADDRESS,
    CONTAINER,
    DNS_NAME,
    ENCAPSULATION,
    FILE,
    FLAG,
    NODE,
    RATE,
    SCENARIO,
    SUBNET,
    TEXT,
    choice,
    duration,
    size,
    whole_number,
)
from overlaysim.scenario.link_keys import LINK, LISTED_LINK
from overlaysim.scenario.model import LARGEST_SEED, PLANES
from overlaysim.scenario.shapes import Either, Lines, ListOf, MapOf
from overlaysim.underlay import topology
from overlaysim.underlay.topology import Topology
from overlaysim.units import format_duration

TOPOLOGIES: Mapping[str, Callable[..., Topology]] = {
    "star": topology.star,
    "line": topology.line,
    "ring": topology.ring,
    "leaf-spine": topology.leaf_spine,
    "fat-tree": topology.fat_tree,
    "dumbbell": topology.dumbbell,
}
"""The shapes that have a name, each with what builds it from hosts, a link and its options."""

UNDERLAY = Section(
    "the underlay",
    "{topology: star, hosts: 3}",
    (
        Field("topology", choice(*TOPOLOGIES), "shape of the network under the overlay",
              default="star"),
        Field("file", FILE, "a GraphML file with the nodes and links, beside the scenario"),
        Field("nodes", MapOf(NODE, choice("host", "switch", "router"),
                             "names of nodes with what they are",
                             "{host-a: host, host-b: host, sw: switch}"),
              "all nodes by name; then links lists all links. A switch loses frames that are too "
              "long for the next link, a router cuts them or says so"),
        Field("hosts", Either(whole_number(1, 4096, "3"),
                              ListOf(NODE, "a list of names", "[host-a, host-b]", unique=True)),
              "names of the hosts, or how many (host-1, host-2, …); host-a, host-b and host-c "
              "if not given"),
        Field("switches", whole_number(1, 1024, "4"), "number of switches; one per host if not "
              "given", needs=Needs("topology", ("line", "ring"))),
        Field("spines", whole_number(1, 256, "2"), "number of spine switches; 2 if not given",
              needs=Needs("topology", ("leaf-spine",))),
        Field("leaves", whole_number(1, 256, "2"), "number of leaf switches; 2 if not given",
              needs=Needs("topology", ("leaf-spine",))),
        Field("k", whole_number(2, 64, "4"), "ports per switch, an even number; 4 if not given",
              needs=Needs("topology", ("fat-tree",))),
        Field("link", LINK, "what every link is like", default={}),
        Field("links", ListOf(LISTED_LINK, "a list of links",
                              "[{between: [host-a, switch], loss: 1 %}]"),
              "single links: what differs from link; with nodes: all links there are"),
        Field("framing", choice("ethernet", "none"),
              "ethernet: a frame occupies a link for 24 bytes more than its own; none: the "
              "frame alone", default="ethernet"),
        Field("convergence", duration(example="200 ms"),
              "how long after a link changes the routes change", default="0 s"),
        Field("ecmp", choice("per-switch", "shared"),
              "whether each switch hashes flows in its own way or all alike",
              default="per-switch"),
        Field("hash", choice("5-tuple", "keys"),
              "what of a packet switches hash; 5-tuple: addresses, protocol, ports and the flow "
              "label of IPv6; keys: GRE keys, SPIs and the like as well", default="5-tuple"),
        Field("subnet", SUBNET, "addresses of the hosts", default="10.77.0.0/24"),
    ),
    one_of=("topology", "file", "nodes"),
)  # fmt: skip

STEP = Section(
    "a step",
    "{on: host-a, run: docker swarm init}",
    (
        Field("on", NODE, "host where the commands are typed", needs=Needs("run")),
        Field("run", Lines("docker commands", "docker swarm init"),
              "docker commands, one per line, one after the other", needs=Needs("on")),
        Field("fails", FLAG, "whether these commands are expected to fail", default=False,
              needs=Needs("run")),
        Field("fault", FAULT, "something breaks or is healed"),
        Field("wait", duration(), "nothing happens for this long"),
        Field("at", duration(), "when the step begins; when the step before has ended if not "
              "given"),
        Field("every", duration(positive=True, example="500 ms"),
              "repeat the step with this period", needs=Needs("until")),
        Field("until", duration(example="60 s"), "when repeating ends", needs=Needs("every")),
    ),
    one_of=("run", "fault", "wait"),
    needs_one=True,
)  # fmt: skip

FLOW = Section(
    "a flow",
    "{from: client, to: web, kind: ping, start: 10 s, count: 5}",
    (
        Field("from", CONTAINER, "container that sends", required=True),
        Field("to", DNS_NAME, "container, service, other name or IPv4 address it sends to",
              required=True),
        Field("kind", choice("udp", "ping"), "what is sent", default="udp"),
        Field("size", size(0, 65_507, "1000 B"),
              "payload of a packet; 1000 B for udp, 56 B for ping if not given"),
        Field("start", duration(), "when it starts", required=True),
        Field("stop", duration(example="40 s"), "when it stops; ping can have count instead"),
        Field("rate", RATE, "payload bits per second", needs=Needs("kind", ("udp",))),
        Field("arrivals", choice("constant", "poisson"), "spacing of the packets",
              default="constant", needs=Needs("kind", ("udp",))),
        Field("interval", duration(positive=True, example="1 s"), "time between two pings",
              default="1 s", needs=Needs("kind", ("ping",))),
        Field("count", whole_number(1, 10**9, "5"), "number of pings",
              needs=Needs("kind", ("ping",))),
    ),
)  # fmt: skip

DNS = Section(
    "the DNS server outside",
    "{upstream: answers, records: {www.example.org: 192.0.2.10}}",
    (
        Field("upstream", choice("none", "answers"),
              "whether names that no network knows are answered by a server outside",
              default="none"),
        Field("records", MapOf(DNS_NAME, ADDRESS, "names with addresses",
                               "{www.example.org: 192.0.2.10}"),
              "what it answers", default={}, needs=Needs("upstream", ("answers",))),
        Field("delay", duration(example="10 ms"), "time until its answer", default="10 ms",
              needs=Needs("upstream", ("answers",))),
    ),
)  # fmt: skip


OVERLAY = Section(
    "overlay settings",
    "{forwarding: replace}",
    (
        Field("forwarding", choice("exclusive", "replace"),
              "what a peer's record does about a forwarding entry that was learned for the same "
              "MAC; exclusive: nothing, and is not written itself, as before moby pull request "
              "53663 of 2026-09-14; replace: it takes its place", default="exclusive"),
        Field("encapsulation", ENCAPSULATION,
              "what carries the frames of overlay networks whose own options do not say it "
              "(--opt overlaysim.encapsulation=NAME or --opt encrypted); overlaysim headers lists "
              "what there is", default="vxlan"),
        Field("underlay", choice(*UNDERLAYS), "which addresses of the hosts tunnels use, likewise "
              "(--opt overlaysim.underlay=ipv6)", default="ipv4"),
        Field("bridge_nf", choice("on", "off"),
              "net.bridge.bridge-nf-call-iptables: whether a bridge cuts packets that are too long "
              "for it and may be cut, instead of dropping them", default="on"),
    ),
)  # fmt: skip


def timing_section(timing: type[Any]) -> Section:
    """Declare a key for each field of a dataclass of durations in picoseconds.

    Args:
        timing: a dataclass such as :class:`overlaysim.cluster.timing.Timing`, whose fields say
            what they are in their metadata under ``about``.
    """
    defaults = timing()
    return Section(
        "named durations",
        "{container_start: 400 ms}",
        tuple(
            Field(field.name, duration(example="400 ms"), field.metadata["about"],
                  default=format_duration(getattr(defaults, field.name)))
            for field in dataclasses.fields(timing)
        ),
    )  # fmt: skip


def scenario_section(timing: type[Any]) -> Section:
    """Declare the keys of a whole scenario; ``timing`` as in :func:`timing_section`."""
    return Section(
        "keys and values",
        "name: link-cut",
        (
            Field("name", SCENARIO, "short name, also of the output folder", required=True),
            Field("about", TEXT, "what the scenario shows"),
            Field("seed", whole_number(0, LARGEST_SEED, "7"), "of all randomness", default=1),
            Field("underlay", UNDERLAY, "hosts, switches and links", default={}),
            Field("swarm", choice("auto", "manual"),
                  "auto: all hosts join after the first docker swarm init; manual: by command",
                  default="auto"),
            Field("managers", ListOf(NODE, "a list of hosts", "[host-b, host-c]", unique=True),
                  "hosts that join as further managers; the one of docker swarm init is one anyway",
                  default=[], needs=Needs("swarm", ("auto",))),
            Field("late", ListOf(NODE, "a list of hosts", "[host-c]", unique=True),
                  "hosts that do not join with the others, but by a fault (state: joined) or by "
                  "command", default=[], needs=Needs("swarm", ("auto",))),
            Field("timeline", ListOf(STEP, "a list of steps",
                                     "[{on: host-a, run: docker swarm init}]"),
                  "what happens, step by step", default=[]),
            Field("traffic", ListOf(FLOW, "a list of flows", f"[{FLOW.example}]"),
                  "what containers send on their own", default=[]),
            Field("bulk", ListOf(BULK, "a list of flows", f"[{BULK.example}]"),
                  "what hosts send to one another on their own, in overlay frames", default=[]),
            Field("plane", choice(*PLANES),
                  "what carries bulk traffic: event, one event after the other, beside everything "
                  "else; vector, in arrays, with the same result, where it is alone on the links; "
                  "auto, vector where that is so", default="auto"),
            Field("expect", Lines("expectations", "ping(client, web).received >= 60"),
                  "what has to hold at the end of the run"),
            Field("dns", DNS, "the DNS server outside the swarm", default={}),
            Field("timing", timing_section(timing), "how long things take on a host"),
            Field("gossip", GOSSIP, "how the hosts tell each other names and peers"),
            Field("overlay", OVERLAY, "how overlay networks cross the underlay", default={}),
            Field("duration", duration(positive=True, example="60 s"),
                  "simulated time; until timeline and traffic have ended and 1 s more if not "
                  "given"),
        ),
    )  # fmt: skip
