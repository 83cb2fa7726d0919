"""How long a change takes in the real NetworkDB, for figures to compare with.

Quantiles over 90 runs (3 and 10 nodes) and 66 runs (50 nodes) of moby's NetworkDB at commit
b985e2313a over memberlist v0.6.0 in virtual time: one entry is created on one node; 0.5 ms between
nodes, no loss, 100 other entries in the table. Measured for this project; ``overlaysim validate
gossip`` compares every such table with this simulator.
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Reached(NamedTuple):
    """When a share of the other nodes had the entry: over the runs, in seconds."""

    percent: int
    p5: float
    mean: float
    p95: float


CREATE: dict[int, tuple[Reached, ...]] = {
    3: (Reached(50, 0.015, 0.104, 0.193), Reached(100, 0.015, 0.104, 0.193)),
    10: (
        Reached(25, 0.027, 0.118, 0.190), Reached(50, 0.055, 0.171, 0.282),
        Reached(75, 0.118, 0.226, 0.343), Reached(100, 0.177, 0.322, 0.495),
    ),
    50: (
        Reached(25, 0.126, 0.226, 0.344), Reached(50, 0.176, 0.299, 0.403),
        Reached(75, 0.270, 0.369, 0.467), Reached(90, 0.315, 0.440, 0.561),
        Reached(100, 0.403, 0.580, 0.803),
    ),
}  # fmt: skip
"""Nodes of the cluster -> shares of the others, ascending."""


def nearest_size(nodes: float) -> int:
    """The measured cluster size that is nearest, by ratio: time grows with the logarithm."""
    return min(CREATE, key=lambda size: abs(math.log(size / nodes)))
