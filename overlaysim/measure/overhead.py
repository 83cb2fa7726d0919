"""What the bytes on the wire were for.

A link counts the frames it carried by :class:`overlaysim.sim.Composition`. Bytes of the
containers' packets (kinds ``data`` and ``arp``) are split by header; a control packet is overhead
as a whole, so all its bytes, headers and Ethernet extras included, count under its kind. The
headers that a packet has only because it was cut count under ``fragment``, whatever was cut. Bulk
traffic between hosts is neither: its payload and all that is around it have a category each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from overlaysim.sim import KINDS, Composition

CONTAINER_KINDS = ("data", "arp")
NETWORK_KINDS = ("fragment", "icmp")
"""What the network adds by itself: headers of further fragments, and ICMP errors."""
BULK_KIND = "bulk"
CONTROL_KINDS = tuple(
    kind for kind in KINDS if kind not in (*CONTAINER_KINDS, *NETWORK_KINDS, BULK_KIND)
)
CONTAINER_CATEGORIES = (
    "payload", "inner-headers", "encapsulation", "outer-headers", "ethernet-extras",
)  # fmt: skip
BULK_CATEGORIES = ("bulk-payload", "bulk-headers")
"""Ethernet extras are among the headers."""
CATEGORIES = (*CONTAINER_CATEGORIES, *BULK_CATEGORIES, *NETWORK_KINDS, *CONTROL_KINDS)
"""The closed list of what a byte can be for; each byte on the wire is in exactly one."""


@dataclass(frozen=True)
class LinkUse:
    """What one direction of one link did during a run.

    Attributes:
        name: ``a->b``.
        rate: bit/s.
        frames: frames put on the wire, by composition.
        drops: frames that ended here, by reason.
        busy: picoseconds during which it was transmitting.
        largest_queue: most frames that ever waited, the one in transmission included.
        extra: bytes that each frame takes beside its own: 24 on Ethernet (FCS 4, preamble and
            start delimiter 8, gap 12; IEEE 802.3 clauses 3 and 4), 0 without framing.
    """

    name: str
    rate: int
    frames: Mapping[Composition, int]
    drops: Mapping[str, int]
    busy: int
    largest_queue: int
    extra: int

    @property
    def frame_count(self) -> int:
        """Frames put on the wire."""
        return sum(self.frames.values())

    @property
    def bytes_on_wire(self) -> int:
        """Bytes put on the wire, Ethernet extras included."""
        return sum(count * (c.length + self.extra) for c, count in self.frames.items())

    def bytes_by_category(self) -> dict[str, int]:
        """Bytes per category of :data:`CATEGORIES`, in that order; they add up to the total."""
        size: Counter[str] = Counter()
        for c, count in self.frames.items():
            size["fragment"] += count * c.fragmentation
            if c.kind in CONTAINER_KINDS:
                own = (c.payload, c.inner_headers, c.encapsulation, c.outer_headers, self.extra)
                for category, length in zip(CONTAINER_CATEGORIES, own, strict=True):
                    size[category] += count * length
            elif c.kind == BULK_KIND:
                size["bulk-payload"] += count * c.payload
                size["bulk-headers"] += count * (
                    c.length - c.payload - c.fragmentation + self.extra
                )
            else:
                size[c.kind] += count * (c.length - c.fragmentation + self.extra)
        return {category: size[category] for category in CATEGORIES}


@dataclass(frozen=True)
class Overhead:
    """Bytes on the wire per category, each frame counted once per link that it crossed.

    Attributes:
        links: link name -> category -> bytes.
        total: category -> bytes over all links.
        frames: ``containers``, ``bulk``, or another kind of packet -> frames on all links.
    """

    links: Mapping[str, Mapping[str, int]]
    total: Mapping[str, int]
    frames: Mapping[str, int]

    @property
    def size(self) -> int:
        """All bytes on all links."""
        return sum(self.total.values())

    def share(self, category: str) -> float:
        """The share of a category in all bytes, 0 to 1; 0 if nothing was sent."""
        return self.total[category] / self.size if self.size else 0.0


def measure_overhead(links: Iterable[LinkUse]) -> Overhead:
    """Add up the bytes of all links by category."""
    per_link: dict[str, Mapping[str, int]] = {}
    total: Counter[str] = Counter()
    frames: Counter[str] = Counter()
    for link in links:
        per_link[link.name] = sizes = link.bytes_by_category()
        total.update(sizes)
        for c, count in link.frames.items():
            frames["containers" if c.kind in CONTAINER_KINDS else c.kind] += count
    return Overhead(
        per_link,
        {category: total[category] for category in CATEGORIES},
        {
            group: frames[group]
            for group in ("containers", BULK_KIND, *NETWORK_KINDS, *CONTROL_KINDS)
        },
    )
