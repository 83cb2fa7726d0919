"""Reading a topology from a GraphML file that somebody else wrote."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.parsers import expat

from overlaysim.errors import InputError, Problem, nearest, quote
from overlaysim.underlay.spec import PROPERTIES, LinkSpec
from overlaysim.underlay.topology import Joined, Topology

LARGEST_FILE = 4 * 1024 * 1024
"""Bytes; the largest file that is read."""

_KINDS = ("host", "switch", "router")


class _RefusedError(Exception):
    """The document declares something that a topology does not need and that can do harm."""


def from_graphml(path: Path | str, link: LinkSpec | None = None) -> Topology:
    """Read a topology from a GraphML file.

    A node is called by its attribute ``name``, else ``label``, else by its id; what a name cannot
    hold becomes a dash. What it is says its attribute ``kind``: ``host``, ``switch`` or ``router``;
    without the attribute it is a host if it has one link, else a switch. An edge may carry the
    attributes ``rate``, ``delay``, ``queue``, ``loss``, ``jitter`` and ``mtu`` as text with units.
    The direction of edges does not matter, and other attributes are ignored.

    Args:
        path: the file. It is not trusted: document types and entities are refused, as is any file
            larger than :data:`LARGEST_FILE`.
        link: what a link is like where the file does not say.

    Raises:
        InputError: if the file cannot be read or does not describe a topology.
    """
    path = Path(path)
    try:
        graph = _parse(_read(path))
        return _topology(graph, link or LinkSpec())
    except InputError as error:
        raise InputError(
            [Problem(str(path), 0, 0, "", line) for line in str(error).split("\n")]
        ) from None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from None
    if len(data) > LARGEST_FILE:
        raise InputError(f"is larger than {LARGEST_FILE // 1024**2} MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text") from None


def _parse(text: str) -> Any:
    """Read the XML as an undirected networkx graph, once it is known to be harmless."""
    _refuse_declarations(text)
    import networkx  # noqa: PLC0415 (slow to import, and rarely needed)

    try:
        graph = networkx.parse_graphml(text)
    except Exception as error:  # whatever networkx stumbles over, the file is to blame
        raise InputError(f"is not a GraphML graph: {error}") from None
    return graph.to_undirected() if graph.is_directed() else graph


def _refuse_declarations(text: str) -> None:
    """Refuse document types, which could define entities that grow without bound or read files."""

    def refuse(*_: object) -> None:
        raise _RefusedError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except _RefusedError:
        raise InputError(
            "has a document type declaration (<!DOCTYPE …>), which is refused; remove it"
        ) from None
    except expat.ExpatError as error:
        raise InputError(f"is not well-formed XML: {error}") from None


def _topology(graph: Any, default: LinkSpec) -> Topology:
    problems: list[str] = []
    names = {node: _name(node, attributes) for node, attributes in graph.nodes(data=True)}
    nodes: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for node, attributes in graph.nodes(data=True):
        kind = attributes.get("kind", "host" if graph.degree(node) == 1 else "switch")
        if kind not in _KINDS:
            problems.append(
                f"node {names[node]}: {quote(str(kind))} is not a kind of node; "
                f"write host, switch or router{nearest(str(kind), _KINDS)}"
            )
        nodes.setdefault(kind, []).append(names[node])
    links: list[Joined] = []
    for a, b, attributes in graph.edges(data=True):
        given = {key: str(value) for key, value in attributes.items() if key in PROPERTIES}
        try:
            links.append((names[a], names[b], default.changed(given)))
        except InputError as error:
            problems.append(f"edge {names[a]} - {names[b]}: {error}")
    if problems:
        raise InputError("\n".join(problems))
    if not nodes["host"]:
        raise InputError('has no hosts: give some nodes one link or the attribute kind = "host"')
    hosts, switches, routers = (tuple(nodes[kind]) for kind in _KINDS)
    return Topology(hosts, switches, tuple(links), routers)


def _name(node: Any, attributes: dict[str, Any]) -> str:
    text = str(attributes.get("name") or attributes.get("label") or node)
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-.")[:63]
