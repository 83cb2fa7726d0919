"""The hosts, switches and links that a scenario may name, and what to say of any other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from overlaysim.errors import nearest, quote
from overlaysim.scenario.nodes import listed
from overlaysim.underlay.topology import Topology, no_link


class Places:
    """Looks names up in a topology.

    Args:
        topology: None if it could not be read; then every name is taken as good.
    """

    def __init__(self, topology: Topology | None) -> None:
        self.hosts: tuple[str, ...] = topology.hosts if topology else ()
        self._routers: tuple[str, ...] = topology.routers if topology else ()
        self._neighbours: Mapping[str, tuple[str, ...]] = topology.neighbours() if topology else {}

    def wrong_host(self, name: str) -> str:
        """Say why a name is no host; empty if it is one."""
        if not self._neighbours or name in self.hosts:
            return ""
        if name in self._neighbours:
            kind = "router" if name in self._routers else "switch"
            return f"{name} is a {kind}; hosts are {listed(self.hosts)}"
        hint = nearest(name, self.hosts) or f"; hosts are {listed(self.hosts)}"
        return f"there is no host {quote(name)}{hint}"

    def wrong_link(self, a: str, b: str) -> str:
        """Say why two nodes are no ends of a link; empty if they are."""
        if not self._neighbours or b in self._neighbours.get(a, ()):
            return ""
        return no_link(a, b, self._neighbours)

    def wrong_node(self, name: str, others: Iterable[str] = ()) -> str:
        """Say why a word is neither a host nor a switch nor one of ``others``; empty if it is."""
        known = [*others, *self._neighbours]
        if not self._neighbours or name in known:
            return ""
        hint = nearest(name, known) or f"; there are {listed(known, 20)}"
        return f"there is no {quote(name)} here{hint}"
