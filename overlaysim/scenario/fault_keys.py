"""The keys of faults: one section for each kind, told apart by its first key."""

from __future__ import annotations

from overlaysim.scenario.fields import Field, Needs, Section
from overlaysim.scenario.kinds import BROKEN, EVENT_RATE, NETWORK, NODE, PORT, choice, duration
from overlaysim.scenario.link_keys import LINK_CHANGES, PAIR
from overlaysim.scenario.shapes import Either, ListOf
from overlaysim.scenario.variants import Variants

HOST_STATES = ("crashed", "frozen", "stopped", "left", "joined", "running")
ALL = "all"

_FOR = Field("for", duration(positive=True), "after this time it is undone; never if not given")
_GROUP = ListOf(NODE, "a list of hosts", "[host-a, host-b]", unique=True)

LINK_FAULT = Section(
    "a fault of a link",
    "{link: [host-a, switch], state: down, for: 10 s}",
    (
        Field("link", PAIR, "a link goes down or changes: the nodes at its two ends"),
        Field("state", choice("down", "up"), "down; up: healed. Instead of a state, what changes:"),
        *LINK_CHANGES,
        _FOR,
    ),
)

PARTITION_FAULT = Section(
    "a partition",
    "{partition: [[host-a, host-b], [host-c]], for: 30 s}",
    (
        Field("partition", ListOf(_GROUP, "a list of groups", "[[host-a, host-b], [host-c]]",
                                  unique=True),
              "hosts reach those of their own group only; hosts not named are one more group"),
        _FOR,
    ),
)  # fmt: skip

HOST_FAULT = Section(
    "a fault of a host",
    "{host: host-b, state: crashed, for: 20 s}",
    (
        Field("host", NODE, "a host changes"),
        Field("state", choice(*HOST_STATES),
              "crashed: power off; frozen: the daemon stands still, containers go on; stopped: "
              "the daemon ends; left, joined: docker swarm leave or join; running: healed"),
        Field("delay", duration(positive=True, example="800 ms"),
              "its daemon takes this long over every packet"),
        Field("offload", choice("broken"),
              "broken: its network card spoils the TCP and UDP checksums inside a tunnel"),
        _FOR,
    ),
    one_of=("state", "delay", "offload"),
    needs_one=True,
)  # fmt: skip

BLOCK_FAULT = Section(
    "a blocked port",
    "{block: 7946/udp, at: host-b, for: 30 s}",
    (
        Field("block", Either(PORT, ListOf(PORT, "a list of ports", "[7946/tcp, 4789/udp]",
                                           unique=True)),
              "packets to these ports, or of these IP protocols (esp, gre, 115/ip), vanish, as in "
              "a firewall that drops them"),
        Field("at", Either(NODE, PAIR), "where: a host, or the two ends of a link",
              required=True),
        _FOR,
    ),
)  # fmt: skip

CHURN = Section(
    "what comes and goes",
    "{starts: 2/s, stops: 2/s, network: app-overlay}",
    (
        Field("joins", EVENT_RATE, "hosts outside that join the swarm"),
        Field("leaves", EVENT_RATE, "workers that leave it"),
        Field("starts", EVENT_RATE, "containers that start"),
        Field("stops", EVENT_RATE, "containers that stop, of those that churn has started"),
        Field("network", NETWORK, "where these are attached; the default bridge if not given",
              needs=Needs("starts")),
        Field("hosts", ListOf(NODE, "a list of hosts", "[host-b, host-c]", unique=True),
              "where it happens; on all hosts if not given"),
    ),
)  # fmt: skip

CHURN_FAULT = Section(
    "churn",
    f"{{churn: {CHURN.example}, for: 60 s}}",
    (
        Field("churn", CHURN, "hosts and containers come and go at random (Poisson processes)"),
        _FOR,
    ),
)

HEAL = Section(
    "what is healed",
    "{heal: all}",
    (
        Field("heal", Either(BROKEN, PAIR),
              "faults that last end now: all, those of a kind (link, partition, host, block, "
              "churn), of a host and its links, or of the link between two nodes"),
    ),
)  # fmt: skip

FAULT = Variants(
    "a fault",
    LINK_FAULT.example,
    {
        "link": LINK_FAULT,
        "partition": PARTITION_FAULT,
        "host": HOST_FAULT,
        "block": BLOCK_FAULT,
        "churn": CHURN_FAULT,
        "heal": HEAL,
    },
)
"""Every fault, by the key that it begins with."""
