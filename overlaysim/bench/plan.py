"""Which measurements a user's wishes come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from overlaysim.bench.jobs import GOSSIP, TCP, Job
from overlaysim.bench.workloads import (
    FULL,
    HOSTS_PER_LEAF,
    INCAST_SENDERS,
    INCASTS,
    LEAF_SPINE_HOSTS,
    QUICK,
)
from overlaysim.errors import InputError

NAMES = ("W1", "W2", "W3", "W4", "W5")
"""Of all workloads, in the order in which they are run."""
CURVE_PACKETS = (1, 3, 10, 30)
"""Times the usual number of packets."""
CURVE_HOSTS = (8, 64, 512)
MOST_PACKETS = 1_000_000_000
MOST_LEAF_SPINE_HOSTS = 4096
_GOSSIP_HOSTS, _LARGE_GOSSIP = (100, 1000), (5000,)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for.

    Attributes:
        names: of the workloads.
        planes: that play W1 to W3.
        packets: in place of the usual number.
        full: take the full number of packets, and the largest cluster.
        curve: several numbers of packets and hosts.
        hosts: of W2 and W4, in place of the usual.
    """

    names: Sequence[str]
    planes: Sequence[str]
    packets: int | None = None
    full: bool = False
    curve: bool = False
    hosts: Sequence[int] = ()

    def check(self) -> None:
        """Find out what cannot be done.

        Raises:
            InputError: if there is such a thing.
        """
        if self.packets is not None and not 1 <= self.packets <= MOST_PACKETS:
            raise InputError(f"--packets: {self.packets} is not from 1 to {MOST_PACKETS}")
        if self.hosts and not {"W2", "W4"} & set(self.names):
            raise InputError("--hosts: only W2, W4, scale and saturation come in several sizes")
        for hosts in self.hosts if "W2" in self.names else ():
            if hosts % HOSTS_PER_LEAF or not 0 < hosts <= MOST_LEAF_SPINE_HOSTS:
                raise InputError(
                    f"--hosts: {hosts} is not a number of hosts for W2, which has {HOSTS_PER_LEAF} "
                    f"on each leaf and {MOST_LEAF_SPINE_HOSTS} at most"
                )

    def groups(self) -> Iterator[list[Job]]:
        """The jobs; those of a group differ only in who plays them, and in no seed yet."""
        for name in self.names:
            if name == "W4":
                usual = (*_GOSSIP_HOSTS, *(_LARGE_GOSSIP if self.full else ()))
                yield from ([Job(name, GOSSIP, hosts=hosts)] for hosts in self.hosts or usual)
            elif name == "W5":
                yield from ([Job(variant, TCP, hosts=INCAST_SENDERS + 1)] for variant in INCASTS)
            else:
                for packets, hosts in self._sizes(name):
                    yield [Job(name, plane, packets, hosts) for plane in self.planes]

    def _sizes(self, name: str) -> Iterator[tuple[int, int]]:
        """Numbers of packets and of hosts, the latter of use for W2 only."""
        usual = FULL if self.full else QUICK
        packets = self.packets or usual[name]
        sizes = (self.hosts or (LEAF_SPINE_HOSTS,)) if name == "W2" else (LEAF_SPINE_HOSTS,)
        if not self.curve:
            yield from ((packets, hosts) for hosts in sizes)
            return
        yield from ((times * packets, LEAF_SPINE_HOSTS) for times in CURVE_PACKETS)
        if name == "W2":
            others = self.hosts or CURVE_HOSTS
            yield from ((packets, hosts) for hosts in others if hosts != LEAF_SPINE_HOSTS)
