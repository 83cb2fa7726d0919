"""The keys of bulk traffic: flows of packets between hosts."""

from __future__ import annotations

from overlaysim.scenario.fields import Field, Needs, Section
from overlaysim.scenario.kinds import (
    ENCAPSULATION,
    FILE,
    FLAG,
    NODE,
    RATE,
    choice,
    duration,
    mix_size,
    size,
    whole_number,
)
from overlaysim.scenario.shapes import Either, ListOf

ALL = "all"
"""Instead of hosts: every host."""
NOBODY = "nobody"
"""Instead of a host: the sender knows of none that has the receiver."""

_LARGEST = 65_507
_HOSTS = Either(NODE, ListOf(NODE, "a list of hosts", "[host-a, host-b]", unique=True))

MIX = Section(
    "a size and its weight",
    "{size: 64 B, weight: 7}",
    (
        Field("size", size(0, _LARGEST, "64 B"), "payload of a packet", required=True),
        Field("weight", whole_number(1, 10**6, "7"), "how many packets of so many have it",
              required=True),
    ),
)  # fmt: skip

MOVE = Section(
    "where the receiver is from when on",
    "{at: 20 s, to: host-c}",
    (
        Field("at", duration(positive=True, example="20 s"), "from when on", required=True),
        Field("to", NODE, "the host that the sender takes the receiver to be on; nobody: it knows "
              "of none, and its packets end with it", required=True),
    ),
)  # fmt: skip

RECEIVER = Section(
    "a change of the receiver",
    "{at: 5 s, state: gone}",
    (
        Field("at", duration(positive=True, example="5 s"), "from when on", required=True),
        Field("state", choice("gone", "there"),
              "gone: its host finds nobody whom frames are for; there: it takes them again",
              required=True),
    ),
)  # fmt: skip

BULK = Section(
    "a flow between hosts",
    "{from: host-a, to: host-b, rate: 1 Gbit/s, stop: 1 s}",
    (
        Field("from", _HOSTS, "the host that sends, several, or all: a flow for each pair",
              required=True),
        Field("to", _HOSTS, "the host it sends to, several, or all", required=True),
        Field("rate", RATE, "payload bits per second of each flow; with on-off, while it is on"),
        Field("interval", duration(positive=True, example="1 ms"),
              "time between two packets, instead of a rate; with poisson in the mean"),
        Field("trace", FILE, "a table of times and sizes (time,size), beside the scenario, that is "
              "sent again"),
        Field("size", Either(mix_size(_LARGEST),
                             ListOf(MIX, "a list of sizes", f"[{MIX.example}]")),
              "payload of a packet; imix: the simple Internet mix, packets of 40, 576 and 1500 B "
              "in proportions 7 : 4 : 1; or sizes with weights", default="1000 B"),
        Field("arrivals", choice("constant", "poisson", "on-off"),
              "spacing of the packets; on-off: constant while it is on", default="constant"),
        Field("on", duration(positive=True, example="10 ms"), "how long it is on",
              needs=Needs("arrivals", ("on-off",))),
        Field("off", duration(example="90 ms"), "how long it is off then",
              needs=Needs("arrivals", ("on-off",))),
        Field("phases", choice("constant", "exponential"),
              "whether on and off are always so long, or in the mean", default="constant",
              needs=Needs("arrivals", ("on-off",))),
        Field("start", duration(example="1 s"), "when it starts", default="0 s"),
        Field("spread", duration(example="1 s"),
              "the flows of an entry start one after the other, evenly over this time",
              default="0 s"),
        Field("stop", duration(example="2 s"), "when it stops; at the end of the scenario if not "
              "given"),
        Field("count", whole_number(1, 10**9, "60"), "at most so many packets per flow"),
        Field("echo", FLAG, "whether the receiver sends each packet back at once", default=False),
        Field("encapsulation", ENCAPSULATION,
              "what carries the packets; that of overlay if not given"),
        Field("moves", ListOf(MOVE, "a list of moves", f"[{MOVE.example}]"),
              "what the sender's overlay tables say later of where the receiver is", default=[]),
        Field("receiver", ListOf(RECEIVER, "a list of changes", f"[{RECEIVER.example}]"),
              "whether the receiver is there at all; it is at first", default=[]),
    ),
    one_of=("rate", "interval", "trace"),
    needs_one=True,
)  # fmt: skip
