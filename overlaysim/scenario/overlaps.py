"""Which subnets the networks of a timeline will have, and which of them overlap, before a run.

The allocator's own rules on the commands as they are written: the lowest free subnet of the swarm's
pools, or the one that is asked for. Docker does not compare them with the addresses of the hosts
(``daemon/libnetwork/cnmallocator``), so nobody says a word until something cannot be reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from overlaysim.docker.client.client import read
from overlaysim.docker.client.flags import FlagValues
from overlaysim.errors import OverlaysimError, Problem
from overlaysim.overlay.ipam import SubnetPool
from overlaysim.overlay.pool_errors import AddressInUse
from overlaysim.report.telling import listing
from overlaysim.scenario.model import Command, RunStep, Scenario, UnderlaySpec

INGRESS = "ingress"


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two ranges of addresses that overlap; ``line`` and ``column`` are where that comes from."""

    line: int
    column: int
    message: str

    def at(self, file: str) -> Problem:
        """The same as a line to print, with the name of the file."""
        return Problem(file, self.line, self.column, "warning", self.message)

    def __str__(self) -> str:
        place = f", line {self.line}" if self.line else ""
        return f"warning{place}: {self.message}"


def find_overlaps(scenario: Scenario) -> tuple[Overlap, ...]:
    """Foretell the overlaps of a scenario, in the order in which they would come about."""
    plan = _Plan(scenario.underlay)
    return tuple(overlap for command in _in_order(scenario) for overlap in plan.follow(command))


def _in_order(scenario: Scenario) -> Sequence[Command]:
    """The commands that are meant to succeed, by the time at which their step can begin."""
    steps, now = [], 0
    for step in scenario.timeline:
        now = step.at if step.at is not None else now
        if isinstance(step, RunStep) and not step.fails:
            steps.append((now, step))
    steps.sort(key=lambda entry: entry[0])  # stable: as in the file where the time is the same
    return [command for _, step in steps for command in step.commands]


class _Plan:
    """The subnets in use after some of the commands."""

    def __init__(self, underlay: UnderlaySpec) -> None:
        self._underlay = IPv4Network(underlay.subnet)
        self._addresses = underlay.addresses
        self._pool: SubnetPool | None = None  # there is no swarm yet
        self._overlays: dict[str, str] = {}

    def follow(self, command: Command) -> Iterator[Overlap]:
        """Carry out what one command does to the subnets, and tell the overlaps."""
        found = read(command.text)
        if found is None:
            return
        name, flags, arguments = found
        if name == "swarm init":
            yield from self._init(command, flags)
        elif name == "network create":
            yield from self._create(command, flags, arguments[0])
        elif name == "network rm":
            for network in arguments:
                self._release(network)

    def _init(self, command: Command, flags: FlagValues) -> Iterator[Overlap]:
        pools = tuple(flags.items("default-addr-pool")) or ("10.0.0.0/8",)
        try:
            pool = SubnetPool(pools, flags.number("default-addr-pool-mask-length") or 24)
            subnet = pool.allocate()
        except OverlaysimError:
            return  # the command itself will say what is wrong
        self._pool, self._overlays = pool, {INGRESS: subnet}
        yield from self._compare(command, INGRESS, subnet, "containers with published ports")

    def _create(self, command: Command, flags: FlagValues, network: str) -> Iterator[Overlap]:
        subnet = next(iter(flags.items("subnet")), "")
        if flags.text("driver") == "overlay":
            if self._pool is None:
                return
            try:
                subnet = self._pool.request(subnet) if subnet else self._pool.allocate()
            except AddressInUse:
                yield Overlap(command.line, command.column, self._taken(network, subnet))
                return
            except OverlaysimError:
                return  # the command itself will say what is wrong
            self._overlays[network] = subnet
        if subnet and not flags.on("internal"):  # from that there is no way to a host anyway
            yield from self._compare(command, network, subnet, "its containers")

    def _release(self, network: str) -> None:
        subnet = self._overlays.pop(network, None)
        if subnet is not None and self._pool is not None:
            self._pool.release(subnet)

    def _taken(self, network: str, wanted: str) -> str:
        other = next(
            (f"{name}'s {subnet}" for name, subnet in self._overlays.items()
             if IPv4Network(subnet).overlaps(IPv4Network(wanted))), "another one's",
        )  # fmt: skip
        return (
            f"network {network} asks for {wanted}, which overlaps network {other}: it is created "
            "and stays without addresses, so that nothing can join it; write another --subnet"
        )

    def _compare(
        self, command: Command, network: str, wanted: str, whose: str
    ) -> Iterator[Overlap]:  # fmt: skip
        """Compare a network's subnet with the underlay's."""
        try:
            subnet = IPv4Network(wanted)
        except ValueError:
            return  # the command itself will say what is wrong
        if not subnet.overlaps(self._underlay):
            return
        hidden = _within(self._addresses, subnet) or "anybody"
        what = f"{whose} do not reach {hidden} there"
        message = (
            f"network {network} takes {subnet}, which overlaps the hosts' own {self._underlay}: "
            f"{what}; write another --subnet, or --default-addr-pool for docker swarm init"
        )
        yield Overlap(command.line, command.column, message)


def _within(addresses: Mapping[str, str], subnet: IPv4Network) -> str:
    """The hosts with an address in a subnet, in words; empty if there are none."""
    return listing([f"{h} ({a})" for h, a in addresses.items() if IPv4Address(a) in subnet])
