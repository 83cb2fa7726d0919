"""Which hosts a tunnel frame of which others would reach, from the state of routes and links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlaysim.underlay.ports import TUNNEL, Port

if TYPE_CHECKING:
    from overlaysim.underlay.network import Underlay


class Paths:
    """Answers for one instant: make it anew when something has changed.

    Where several paths are equally short, one that works is enough: frames of other flows may be
    lost nevertheless until the routes have changed.
    """

    def __init__(self, underlay: Underlay, port: Port = TUNNEL) -> None:
        self._underlay = underlay
        self._port = port
        self._found: dict[tuple[str, str], str] = {}

    def obstacle(self, source: str, target: str) -> str:
        """Why a frame of host ``source`` does not get to host ``target``; empty if it does."""
        barrier = self._underlay.barriers.between(source, target, self._port)
        return barrier or self._on_the_way(source, target)

    def _on_the_way(self, node: str, target: str) -> str:
        if node == target:
            return ""
        known = self._found.get((node, target))
        if known is None:
            known = self._found[node, target] = self._search(node, target)
        return known

    def _search(self, node: str, target: str) -> str:
        first = ""
        for hop in self._underlay.next_hops(node, target):
            link = self._underlay.links[node, hop]
            obstacle = link.obstacle or ("port blocked" if link.blocks(self._port) else "")
            obstacle = obstacle or self._on_the_way(hop, target)
            if not obstacle:
                return ""
            first = first or obstacle
        return first or "no route"
