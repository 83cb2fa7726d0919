"""Faults of hosts and their daemons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from overlaysim.cluster.faults.base import check_hosts
from overlaysim.errors import InputError
from overlaysim.underlay.barriers import Undo
from overlaysim.units import format_duration

if TYPE_CHECKING:
    from overlaysim.cluster.world import World


@dataclass(frozen=True)
class HostFault:
    """A fault of one host."""

    host: str

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host."""
        return (self.host,)

    def check(self, world: World) -> None:
        """Check that there is such a host."""
        check_hosts(world, self.hosts)


@dataclass(frozen=True)
class CrashHost(HostFault):
    """The power is cut: whatever is in memory is gone, and nobody is told.

    Its end is a boot: the daemon starts, with a new gossip node at the old address. Containers have
    exited; the swarm's managers decide what becomes of services.
    """

    @property
    def what(self) -> str:
        """In words."""
        return f"{self.host} crashed"

    def begin(self, world: World) -> Undo:
        """Cut the power."""
        return world.supervisors[self.host].cut_power()


@dataclass(frozen=True)
class FreezeDaemon(HostFault):
    """The daemon stands still (SIGSTOP) until the end (SIGCONT); the kernel goes on.

    Containers keep their forwarding entries and their traffic; gossip, names and the swarm stop.
    Nothing happens if the daemon does not run, nor at the end if it is another one by then.
    """

    @property
    def what(self) -> str:
        """In words."""
        return f"{self.host} daemon frozen"

    def begin(self, world: World) -> Undo:
        """Freeze it."""
        return world.supervisors[self.host].freeze()


@dataclass(frozen=True)
class StopDaemon(HostFault):
    """``systemctl stop docker``: containers stop, gossip says farewell; the end starts it again."""

    @property
    def what(self) -> str:
        """In words."""
        return f"{self.host} daemon stopped"

    def begin(self, world: World) -> Undo:
        """Stop it."""
        return world.supervisors[self.host].stop_daemon()


@dataclass(frozen=True)
class LeaveSwarm(HostFault):
    """``docker swarm leave`` in good order; at the end the host joins again, as a worker."""

    @property
    def what(self) -> str:
        """In words."""
        return f"{self.host} left the swarm"

    def begin(self, world: World) -> Undo:
        """Let it leave."""
        return world.supervisors[self.host].leave()


@dataclass(frozen=True)
class JoinSwarm(HostFault):
    """The host joins the swarm as a worker, by any manager there is; at the end it leaves."""

    @property
    def what(self) -> str:
        """In words."""
        return f"{self.host} joined the swarm"

    def begin(self, world: World) -> Undo:
        """Let it join."""
        return world.supervisors[self.host].join()


@dataclass(frozen=True)
class BrokenOffload(HostFault):
    """The network card spoils checksums: those of TCP and UDP inside of what the host tunnels.

    What some cards make of ``tx-checksum-ip-generic`` for encapsulated packets. The outer headers
    are right, and so is ICMP, whose checksum the kernel works out itself. Receivers drop what is
    spoilt.
    """

    @property
    def what(self) -> str:
        """In words."""
        return f"{self.host} checksum offload broken"

    def begin(self, world: World) -> Undo:
        """Spoil them."""
        return world.hosts[self.host].datapath.break_offload()


@dataclass(frozen=True)
class SlowHost(HostFault):
    """An overloaded host: whatever comes in for its daemon takes ``delay`` picoseconds more.

    One after the other: gossip packets and messages, the managers' calls, DNS questions. Faults of
    this kind on one host add up. The containers' own traffic is as fast as ever.
    """

    delay: int

    @property
    def what(self) -> str:
        """In words."""
        return f"{self.host} slow by {format_duration(self.delay)} a message"

    def check(self, world: World) -> None:
        """Check that there is such a host and that the delay is one."""
        super().check(world)
        if self.delay < 1:
            raise InputError(f"a slow host's delay is more than 0, not {self.delay}")

    def begin(self, world: World) -> Undo:
        """Slow it down."""
        return world.hosts[self.host].daemon.slow_down(self.delay)
