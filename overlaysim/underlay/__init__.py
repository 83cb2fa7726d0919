"""The physical network: topologies, links with queues, routes, and the event data plane."""

from overlaysim.underlay.graphml import from_graphml
from overlaysim.underlay.link import ETHERNET_HEADER, Link
from overlaysim.underlay.network import ETHERNET_EXTRAS, Underlay
from overlaysim.underlay.spec import PROPERTIES, LinkSpec
from overlaysim.underlay.topology import (
    Topology,
    dumbbell,
    fat_tree,
    leaf_spine,
    line,
    listed,
    ring,
    star,
)

__all__ = [
    "ETHERNET_EXTRAS", "ETHERNET_HEADER", "PROPERTIES", "Link", "LinkSpec", "Topology", "Underlay",
    "dumbbell", "fat_tree", "from_graphml", "leaf_spine", "line", "listed", "ring", "star",
]  # fmt: skip
