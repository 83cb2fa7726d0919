"""What all faults have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from overlaysim.errors import InputError, nearest, quote
from overlaysim.underlay.barriers import Undo

if TYPE_CHECKING:
    from overlaysim.cluster.world import World


class Fault(Protocol):
    """Something that can be broken; a plain value that may be begun in any number of worlds."""

    @property
    def what(self) -> str:
        """What it does, in words for reports."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that it concerns; switches may be among them, as ends of a link."""

    def check(self, world: World) -> None:
        """Check that it can be begun in a world; nothing is changed.

        Raises:
            InputError: a host or link is not there, or a value is out of range.
        """

    def begin(self, world: World) -> Undo:
        """Break it; returns how to mend it, to be called once."""


def check_hosts(world: World, hosts: Iterable[str]) -> None:
    """Check that these are hosts of the world.

    Raises:
        InputError: one is not; the message says which are.
    """
    known = world.topology.hosts
    for host in hosts:
        if host not in known:
            hint = nearest(host, known) or f"; hosts are {', '.join(known[:9])}"
            raise InputError(f"there is no host {quote(host)}{hint}")
