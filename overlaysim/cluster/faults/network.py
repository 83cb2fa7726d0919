"""Faults of links, paths and ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from overlaysim.cluster.faults.base import check_hosts
from overlaysim.errors import InputError, quote
from overlaysim.underlay.barriers import Undo
from overlaysim.underlay.overrides import check_changes
from overlaysim.underlay.ports import port_text
from overlaysim.underlay.spec import describe

if TYPE_CHECKING:
    from overlaysim.cluster.world import World


@dataclass(frozen=True)
class LinkState:
    """Both directions of the link between ``a`` and ``b`` go down, or up.

    Of several on one link the latest that has not ended holds.
    """

    a: str
    b: str
    up: bool

    @property
    def what(self) -> str:
        """In words."""
        return f"link {self.a} - {self.b} {'up' if self.up else 'down'}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The ends of the link, be they hosts or switches."""
        return self.a, self.b

    def check(self, world: World) -> None:
        """Check that there is such a link."""
        world.underlay.check_link(self.a, self.b)

    def begin(self, world: World) -> Undo:
        """Take it down or up."""
        return world.underlay.overrides.set_state(self.a, self.b, self.up)


@dataclass(frozen=True)
class DegradeLink:
    """The link between ``a`` and ``b`` has other properties.

    ``changes`` are fields of :class:`~overlaysim.underlay.spec.LinkSpec`.
    """

    a: str
    b: str
    changes: Mapping[str, Any]

    @property
    def what(self) -> str:
        """In words."""
        return f"link {self.a} - {self.b}: {describe(self.changes)}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The ends of the link, be they hosts or switches."""
        return self.a, self.b

    def check(self, world: World) -> None:
        """Check that there is such a link and that it can be like that."""
        world.underlay.check_link(self.a, self.b)
        check_changes(world.underlay.links[self.a, self.b].spec, self.changes)

    def begin(self, world: World) -> Undo:
        """Change it."""
        return world.underlay.overrides.change(self.a, self.b, self.changes)


@dataclass(frozen=True)
class Partition:
    """Hosts of different groups cannot reach each other; those not named are one more group.

    Frames to another group end at the sender's interface, as if the path were cut; links stay up.
    """

    groups: tuple[tuple[str, ...], ...]

    @property
    def what(self) -> str:
        """In words."""
        sides = [", ".join(group) for group in self.groups]
        return f"partition {' | '.join(sides)}" + (" | the rest" if len(sides) == 1 else "")

    @property
    def hosts(self) -> tuple[str, ...]:
        """Those that are named."""
        return tuple(host for group in self.groups for host in group)

    def check(self, world: World) -> None:
        """Check that every name is a host's, and stands once."""
        check_hosts(world, self.hosts)
        twice = next((host for host in self.hosts if self.hosts.count(host) > 1), "")
        if twice:
            raise InputError(f"{twice} is in the partition twice; a host is in one group")

    def begin(self, world: World) -> Undo:
        """Cut the paths."""
        return world.underlay.barriers.part(self.groups)


@dataclass(frozen=True)
class BlockPort:
    """A packet filter drops what is for a port: at a host's interface or on a link, both ways.

    The port is the destination port, as in ``iptables -I INPUT -p udp --dport 7946 -j DROP`` and
    the same for OUTPUT. With the protocol ``ip``, ``port`` is the number of an IP protocol, as in
    ``-p esp -j DROP``.
    """

    where: str | tuple[str, str]
    protocol: Literal["tcp", "udp", "ip"]
    port: int

    @property
    def what(self) -> str:
        """In words."""
        place = (
            f"at {self.where}" if isinstance(self.where, str) else f"on {' - '.join(self.where)}"
        )
        return f"{port_text((self.protocol, self.port))} blocked {place}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host, or the ends of the link, be they hosts or switches."""
        return (self.where,) if isinstance(self.where, str) else self.where

    def check(self, world: World) -> None:
        """Check that there are such a place and such a port."""
        if isinstance(self.where, str):
            check_hosts(world, (self.where,))
        else:
            world.underlay.check_link(*self.where)
        if self.protocol not in ("tcp", "udp", "ip"):
            raise InputError(
                f"{quote(self.protocol)} is not a protocol with ports; write tcp or udp, or ip for "
                "a whole IP protocol"
            )
        if self.protocol == "ip":
            if not 0 <= self.port <= 255:
                raise InputError(f"an IP protocol is from 0 to 255, not {self.port}")
        elif not 1 <= self.port <= 65_535:
            raise InputError(f"a port is from 1 to 65535, not {self.port}")

    def begin(self, world: World) -> Undo:
        """Put the filter in place."""
        port = (self.protocol, self.port)
        if isinstance(self.where, str):
            return world.underlay.barriers.block(self.where, port)
        return world.underlay.overrides.block(*self.where, port)
