"""The underlay: links, receivers and routes put together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from overlaysim.errors import InputError, ModelError
from overlaysim.sim import Journey, Simulator
from overlaysim.sim.events import LinkChanged
from overlaysim.underlay.barriers import Barriers
from overlaysim.underlay.link import Forward, Link, TracedLink
from overlaysim.underlay.overrides import LinkOverrides
from overlaysim.underlay.ports import Port
from overlaysim.underlay.routing import Routes
from overlaysim.underlay.spec import describe
from overlaysim.underlay.topology import Topology, no_link

ETHERNET_EXTRAS = 24
"""Bytes a frame occupies on the wire besides its own: preamble 8, FCS 4, gap 12 (IEEE 802.3)."""

_MASK = 0xFFFF_FFFF


RouterForward = Callable[[Link, Journey], None]
"""Takes a frame at a router on to a link, or does otherwise with it."""


class _Exits(dict[str, Forward]):
    """Where one node takes a frame, by destination host; worked out when first asked for."""

    def __init__(self, node: str, find: Callable[[str, str], Forward]) -> None:
        super().__init__()
        self._node = node
        self._find = find

    def __missing__(self, destination: str) -> Forward:
        return self._find(self._node, destination)


class _EqualPaths:
    """Several next hops that are equally near: the flow hash decides (RFC 2992's hash threshold).

    The 32-bit hash, taken as a fraction of 2**32, selects one of n equal shares. Were every switch
    to do that with the same number, then the flows that the first switch sends to its left would
    all be sent to the left by the second one too, and half of the paths of a fat-tree would lie
    idle ("polarisation"). So each switch first multiplies the hash by an odd number of its own,
    which permutes the 32-bit numbers.
    """

    __slots__ = ("_exits", "_multiplier")

    def __init__(self, exits: list[Forward], multiplier: int) -> None:
        self._exits = exits
        self._multiplier = multiplier

    def send(self, journey: Journey) -> None:
        """Take a frame to the next hop of its flow."""
        exits = self._exits
        exits[_share(journey.flow_hash, self._multiplier, len(exits))](journey)


def _share(flow_hash: int, multiplier: int, shares: int) -> int:
    """Return which of so many equal shares a flow falls into at a switch with this multiplier."""
    return (flow_hash * multiplier & _MASK) * shares >> 32


def _own_multiplier(node: str) -> int:
    """Return an odd 32-bit number that depends on the node's name alone."""
    return int.from_bytes(hashlib.sha256(node.encode()).digest()[:4], "big") | 1


class Underlay:
    """The physical network that carries frames from host to host.

    Store and forward at every switch and router; shortest paths; equal paths shared out by flow
    hash.

    Args:
        simulator: clock, random streams, ledger, bus.
        topology: hosts, switches, routers, links.
        framing: ``ethernet`` lets a frame occupy a link for 24 bytes more than its own (preamble,
            FCS, gap), ``none`` for its own alone.
        convergence_delay: picoseconds from a link's change of state until the routes know of it.
        ecmp: ``per-switch`` lets each switch mix the flow hash in its own way, ``shared`` makes all
            of them use it as it is.
        hash_keys: whether switches hash GRE keys, SPIs and the like too; those who work out the
            flow hash of a frame look here.
        trace: write every link crossed into ``journey.hops``.
    """

    def __init__(
        self,
        simulator: Simulator,
        topology: Topology,
        *,
        framing: Literal["ethernet", "none"] = "ethernet",
        convergence_delay: int = 0,
        ecmp: Literal["per-switch", "shared"] = "per-switch",
        hash_keys: bool = False,
        trace: bool = False,
    ) -> None:
        self.simulator = simulator
        self.topology = topology
        self.convergence_delay = convergence_delay
        self.hash_keys = hash_keys
        self.neighbours = topology.neighbours()
        """The nodes that each node is linked to, sorted by name; links that are down count too."""
        self.barriers = Barriers(self._barriers_changed)
        """What keeps frames from entering or leaving at the hosts."""
        self.overrides = LinkOverrides(self)
        """Changes of links that can be taken back in any order."""
        self.on_change: list[Callable[[], None]] = []
        """Called after each change of links, routes and barriers."""
        self._hosts = frozenset(topology.hosts)
        self._attached: dict[str, Forward] = {}
        self._receivers: dict[str, Forward] = {}  # the same, with a look at the barriers if any
        self._routers: dict[str, RouterForward] = {}
        self._exits = {node: _Exits(node, self._find_exit) for node in topology.nodes}
        self._multipliers = {
            node: _own_multiplier(node) if ecmp == "per-switch" else 1 for node in topology.nodes
        }
        extra = ETHERNET_EXTRAS if framing == "ethernet" else 0
        kind = TracedLink if trace else Link
        self.links: dict[tuple[str, str], Link] = {}
        """Both directions of every link, by the names of their ends."""
        for a, b, spec in topology.links:
            for source, target in ((a, b), (b, a)):
                self.links[source, target] = kind(
                    source, target, spec, simulator, exits=self._exits[target], extra=extra
                )
        self._routes = Routes(self.neighbours, topology.hosts)

    def attach(self, host: str, receive: Forward) -> Forward | None:
        """Let ``receive(journey)`` take every frame that reaches ``host``.

        Returns:
            Who took them until now, if anybody did.

        Raises:
            ModelError: if there is no such host.
        """
        if host not in self._hosts:
            raise ModelError(f"the underlay has no host {host}")
        before = self._attached.get(host)
        self._attached[host] = receive
        self._set_receiver(host)
        return before

    def attach_router(self, router: str, forward: RouterForward) -> None:
        """Let ``forward(link, journey)`` take every frame that comes to ``router`` to its next
        link; without one a router passes frames on as a switch does.

        Raises:
            ModelError: if there is no such router.
        """
        if router not in self.topology.routers:
            raise ModelError(f"the underlay has no router {router}")
        self._routers[router] = forward
        self._exits[router].clear()

    def _set_receiver(self, host: str) -> None:
        """Let a host's frames pass its barriers, if it has any."""
        receive = self._attached[host]
        if self.barriers.guards(host):
            receive = partial(self._let_in, host, receive)
        self._receivers[host] = self._exits[host][host] = receive

    def _let_in(self, host: str, receive: Forward, journey: Journey) -> None:
        obstacle = self.barriers.at_receiver(journey, host)
        if obstacle:
            self.simulator.ledger.drop(journey, self.simulator.now, obstacle, host)
        else:
            receive(journey)

    def send(self, journey: Journey, source_host: str) -> None:
        """Take a frame from a host's stack.

        The caller has set ``composition``, ``length``, ``destination`` (another host) and
        ``flow_hash``. The frame ends at the receiver of its destination or as a drop in the ledger.

        Raises:
            ModelError: if the length is not that of the composition, or nobody is attached to the
                destination.
        """
        if journey.length != journey.composition.length:
            raise ModelError(
                f"frame of {journey.length} B, but its parts add up to {journey.composition.length}"
            )
        if self.barriers.any and (obstacle := self.barriers.at_sender(journey, source_host)):
            self.simulator.ledger.drop(journey, self.simulator.now, obstacle, source_host)
            return
        self._exits[source_host][journey.destination](journey)

    @property
    def in_flight(self) -> int:
        """Frames that the links hold at present, counted one link at a time."""
        return sum(link.held for link in self.links.values())

    def set_link_state(self, a: str, b: str, up: bool) -> None:
        """Take both directions of a link down or up.

        At once: frames that the link holds are lost, and none enter while it is down. The routes
        follow ``convergence_delay`` later. Nothing happens if the link is in that state already.

        Raises:
            InputError: if ``a`` and ``b`` are not linked.
        """
        directions = self._directions(a, b)
        if directions[0].up == up:
            return
        for link in directions:
            if up:
                link.go_up()
            else:
                link.go_down()
        self.simulator.bus.emit(LinkChanged(self.simulator.now, a, b, "up" if up else "down"))
        self._changed()
        if self.convergence_delay:
            self.simulator.call_in(self.convergence_delay, self._learn, (a, b, up))
        else:
            self._learn((a, b, up))

    def change_link(self, a: str, b: str, **fields: Any) -> None:
        """Give both directions of a link other properties, for the frames that enter from now on.

        Args:
            fields: fields of :class:`~overlaysim.underlay.spec.LinkSpec`.

        Raises:
            InputError: if ``a`` and ``b`` are not linked, or a property is out of range.
        """
        for link in self._directions(a, b):
            link.configure(replace(link.spec, **fields))
        self.simulator.bus.emit(LinkChanged(self.simulator.now, a, b, describe(fields)))
        self._changed()

    def block_on_link(self, a: str, b: str, ports: frozenset[Port]) -> None:
        """Let both directions of a link drop what is for exactly these ports.

        Raises:
            InputError: if ``a`` and ``b`` are not linked.
        """
        for link in self._directions(a, b):
            link.block(ports)
        self._changed()

    def lose_unsent(self, host: str) -> None:
        """Lose what waits in a host's own interfaces: it has no power any more."""
        for neighbour in self.neighbours[host]:
            self.links[host, neighbour].lose_unsent("host down")

    def check_link(self, a: str, b: str) -> None:
        """Check that two nodes are linked.

        Raises:
            InputError: if they are not; the message says what ``a`` is linked to.
        """
        if (a, b) not in self.links:
            raise InputError(no_link(a, b, self.neighbours))

    def next_hops(self, node: str, host: str) -> tuple[str, ...]:
        """The neighbours that a node sends frames for a host to, as the routes are at present."""
        return self._routes.next_hops(node, host)

    def next_link(self, node: str, host: str, flow_hash: int) -> Link | None:
        """The link that a node sends a flow's frames for a host to at present; None without one."""
        targets = self._routes.next_hops(node, host)
        if not targets:
            return None
        return self.links[node, targets[_share(flow_hash, self._multipliers[node], len(targets))]]

    def _directions(self, a: str, b: str) -> tuple[Link, Link]:
        self.check_link(a, b)
        return self.links[a, b], self.links[b, a]

    def _changed(self) -> None:
        for listener in self.on_change:
            listener()

    def _barriers_changed(self, hosts: Sequence[str]) -> None:
        for host in hosts:
            if host in self._attached:
                self._set_receiver(host)
        self._changed()

    def _learn(self, change: tuple[str, str, bool]) -> None:
        """The routes take notice of a link's change of state."""
        self._routes.set_link(*change)
        for exits in self._exits.values():
            exits.clear()
        self._changed()

    def _find_exit(self, node: str, destination: str) -> Forward:
        """Work out where ``node`` takes frames for ``destination``, and remember it."""
        if destination not in self._receivers:
            raise ModelError(f"no host {destination} is attached to the underlay")
        self._exits[node][destination] = forward = self._exit(node, destination)
        return forward

    def _exit(self, node: str, destination: str) -> Forward:
        if node == destination:
            return self._receivers[destination]
        targets = self._routes.next_hops(node, destination)
        if not targets:
            return partial(self._no_route, node)
        forwards = [self._forward(node, target) for target in targets]
        if len(forwards) == 1:
            return forwards[0]
        return _EqualPaths(forwards, self._multipliers[node]).send

    def _forward(self, node: str, target: str) -> Forward:
        link, router = self.links[node, target], self._routers.get(node)
        return link.send if router is None else partial(router, link)

    def _no_route(self, node: str, journey: Journey) -> None:
        self.simulator.ledger.drop(journey, self.simulator.now, "no route", node)
