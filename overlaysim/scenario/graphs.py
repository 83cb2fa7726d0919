"""The ``underlay`` section as a topology with addresses, its mistakes reported where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from overlaysim.errors import InputError, nearest
from overlaysim.scenario.fields import Record
from overlaysim.scenario.keys import TOPOLOGIES, UNDERLAY
from overlaysim.scenario.link_keys import LINK
from overlaysim.scenario.model import UnderlaySpec
from overlaysim.scenario.nodes import ProblemLog
from overlaysim.underlay.graphml import from_graphml
from overlaysim.underlay.spec import LinkSpec
from overlaysim.underlay.topology import Topology, listed, no_link

_DEFAULT_HOSTS = ("host-a", "host-b", "host-c")
_OPTIONS = ("switches", "spines", "leaves", "k")
_SHAPE_KEYS = (*UNDERLAY.one_of, "hosts", *_OPTIONS)
_FIRST_HOST = 11
"""Last byte of the first host's address: room is left below for what stands in the network."""


def build_underlay(record: Record, folder: Path, log: ProblemLog) -> UnderlaySpec | None:
    """Build the underlay of a scenario.

    A bad link property does not keep the shape from being built, so that links that a fault names
    can still be checked.

    Args:
        record: what was read of the ``underlay`` section.
        folder: where a GraphML file with a relative name is looked for.
        log: gets what is wrong with shape, links and addresses.

    Returns:
        None if the shape is not known.
    """
    if any(record.written(key) and record[key] is None for key in _SHAPE_KEYS):
        return None
    written = [key for key in UNDERLAY.one_of if record.written(key)]
    if len(written) > 1:
        return None
    link = LinkSpec(**_properties(record["link"])) if record["link"] else LinkSpec()
    if written not in ([], ["topology"]) and record.written("hosts"):
        record.report("hosts", f"not together with {written[0]}, which names the hosts too", log)
    if written == ["nodes"]:
        shape, topology = "listed", _listed(record, link, log)
    elif written == ["file"]:
        shape, topology = "graphml", _graphml(record, link, folder, log)
    else:
        shape, topology = record["topology"], _named(record, link, log)
    if topology is None:
        return None
    if shape != "listed":
        topology = _with_links(topology, record, log)
    return UnderlaySpec(
        shape, topology, record["framing"], record["convergence"], record["ecmp"],
        record["hash"] == "keys",
        str(record["subnet"]), _addresses(topology, record, log),
    )  # fmt: skip


def _properties(link: Record) -> dict[str, Any]:
    """Merge the LinkSpec fields of all properties that are written or have a default."""
    merged: dict[str, Any] = {}
    for field in LINK.fields:
        merged |= link[field.key] or {}
    return merged


def _host_names(record: Record) -> tuple[str, ...]:
    hosts = record["hosts"]
    if hosts is None:
        return _DEFAULT_HOSTS
    return hosts if isinstance(hosts, tuple) else tuple(f"host-{n}" for n in range(1, hosts + 1))


def _try(
    build: Callable[[], Topology], record: Record, key: str, log: ProblemLog
) -> Topology | None:
    """Build a topology; what it refuses is reported at ``key``, one problem a line."""
    try:
        return build()
    except InputError as error:
        for message in str(error).split("\n"):
            record.report(key, message, log)
        return None


def _named(record: Record, link: LinkSpec, log: ProblemLog) -> Topology | None:
    hosts, shape = _host_names(record), record["topology"]
    options = {}
    for key in _OPTIONS:
        needs = UNDERLAY.field(key).needs
        if record.written(key) and needs and shape in needs.values:
            options[key] = record[key]
    builder = TOPOLOGIES[shape]
    key = next(iter(options), "hosts" if record.written("hosts") else "topology")
    return _try(lambda: builder(hosts, link, **options), record, key, log)


def _graphml(record: Record, link: LinkSpec, folder: Path, log: ProblemLog) -> Topology | None:
    path = folder / record["file"]
    return _try(lambda: from_graphml(path, link), record, "file", log)


def _listed(record: Record, link: LinkSpec, log: ProblemLog) -> Topology | None:
    """Build from ``nodes`` and ``links``; None if a link cannot be built."""
    before = len(log)
    nodes: dict[str, str] = record["nodes"]
    links = []
    for entry, a, b in _entries(record, log):
        for node in (a, b):
            if node not in nodes:
                entry.report("between", f"there is no node {node}{nearest(node, nodes)}", log)
        links.append((a, b, replace(link, **_properties(entry))))
    if len(log) > before or len(links) < len(record["links"] or ()):
        return None
    hosts, switches, routers = (
        [node for node, its_kind in nodes.items() if its_kind == kind]
        for kind in ("host", "switch", "router")
    )
    return _try(lambda: listed(hosts, switches, links, routers), record, "nodes", log)


def _with_links(topology: Topology, record: Record, log: ProblemLog) -> Topology:
    """Apply the ``links`` entries: properties that differ on single links."""
    neighbours = topology.neighbours()
    changes: dict[tuple[str, str], dict[str, Any]] = {}
    for entry, a, b in _entries(record, log):
        if b in neighbours.get(a, ()):
            changes[a, b] = _properties(entry)
        else:
            entry.report("between", no_link(a, b, neighbours), log)
    return topology.with_links(changes) if changes else topology


def _entries(record: Record, log: ProblemLog) -> Iterator[tuple[Record, str, str]]:
    """The ``links`` entries whose two ends are readable; one that was there before is reported."""
    seen: set[frozenset[str]] = set()
    for entry in record["links"] or ():
        if entry["between"] is None:
            continue
        a, b = entry["between"]
        if frozenset((a, b)) in seen:
            entry.report("between", f"the link between {a} and {b} is there twice", log)
        seen.add(frozenset((a, b)))
        yield entry, a, b


def _addresses(topology: Topology, record: Record, log: ProblemLog) -> dict[str, str]:
    subnet: IPv4Network | None = record["subnet"]
    if subnet is None:
        return {}
    named = (*topology.hosts, *topology.routers)
    room, needed = max(subnet.num_addresses - 2, 0), len(named)
    if needed > room:
        wider = next(p for p in range(32, 0, -1) if 2 ** (32 - p) - 2 >= needed)
        larger = subnet.supernet(new_prefix=wider)
        who = "hosts and routers" if topology.routers else "hosts"
        message = f"{subnet} has {room} addresses for {needed} {who}; write for example {larger}"
        record.report("subnet", message, log)
        return {}
    first = _FIRST_HOST if needed + _FIRST_HOST - 1 <= room else 1
    return {node: str(subnet[first + index]) for index, node in enumerate(named)}
