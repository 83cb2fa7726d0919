"""The keys of links: their ends and their properties."""

from __future__ import annotations

import dataclasses

from overlaysim.scenario.fields import Field, Section
from overlaysim.scenario.kinds import NODE, link_property
from overlaysim.scenario.shapes import ListOf
from overlaysim.units import PATTERNS

PAIR = ListOf(NODE, "a list of two nodes", "[host-a, switch]", length=2, unique=True)
"""The ends of a link."""

LINK_FIELDS = (
    Field("rate", link_property("rate", "a rate", "10 Gbit/s", PATTERNS["rate"]),
          "bits per second, in each direction", default="1 Gbit/s"),
    Field("delay", link_property("delay", "a duration", "50 us", PATTERNS["duration"]),
          "propagation delay", default="50 us"),
    Field("queue", link_property("queue", "a queue limit", "100 packets",
                                 rf"^unlimited$|^[0-9]{{1,9}}\s*packets?$|{PATTERNS['size']}"),
          "what may wait for the link: packets, a size, or unlimited", default="100 packets"),
    Field("loss", link_property("loss", "a share", "1 %", PATTERNS["share"]),
          "share of the frames that get lost at random", default="0 %"),
    Field("jitter", link_property("jitter", "a duration", "10 us", PATTERNS["duration"]),
          "upper bound of a random extra delay per frame; frames keep their order",
          default="0 s"),
    Field("mtu", link_property("mtu", "a size", "1500 B", PATTERNS["size"]),
          "largest IP packet", default="1500 B"),
)  # fmt: skip

LINK_CHANGES = tuple(dataclasses.replace(field, default=None) for field in LINK_FIELDS)
"""The same where only what is written matters."""

LINK = Section("the properties of a link", "{rate: 10 Gbit/s, delay: 5 us}", LINK_FIELDS)

LISTED_LINK = Section(
    "the ends and properties of a link",
    "{between: [host-a, switch], loss: 1 %}",
    (Field("between", PAIR, "the two nodes that the link joins", required=True), *LINK_CHANGES),
)
