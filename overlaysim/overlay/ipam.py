"""Address management: subnets for networks, and the addresses in one subnet.

Sources: moby ``daemon/libnetwork/ipams/defaultipam/{address_space,allocator}.go``; swarm networks
always ask for serial allocation (``daemon/libnetwork/cnmallocator/networkallocator.go``).
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from itertools import pairwise

from overlaysim.errors import InputError, ModelError
from overlaysim.overlay.pool_errors import AddressInUse, PoolExhausted
from overlaysim.overlay.serial import SerialPool

LONGEST_MASK = 29
"""Longest subnet mask that ``swarm init`` accepts (moby ``daemon/cluster/swarm.go``)."""


class AddressPool:
    """The addresses of one subnet.

    The network and the broadcast address are reserved. Dynamic addresses come one after the other
    from ``ip_range`` or else the whole subnet, and the gateway is the first of them if not given.

    Args:
        subnet: as in ``10.0.1.0/24``.
        gateway: an address in the subnet.
        ip_range: part of the subnet that dynamic addresses come from, as in ``10.0.1.128/25``.

    Raises:
        InputError: if something is not an address, or lies outside of the subnet.
        PoolExhausted: if there is no room for a gateway.
    """

    def __init__(self, subnet: str, gateway: str | None = None, ip_range: str | None = None):
        self._network = _network(subnet, "subnet")
        part = self._network if ip_range is None else _network(ip_range, "range")
        if not part.subnet_of(self._network):
            raise InputError(f"the range {ip_range} is not part of the subnet {subnet}")
        self.subnet = str(self._network)
        self.prefix_length = self._network.prefixlen
        self._pool = SerialPool(int(part.network_address), int(part.broadcast_address))
        self._reserved = self._reserve()
        self.gateway = self.allocate() if gateway is None else self.request(gateway)

    def allocate(self) -> str:
        """Return the next free address; raises :class:`PoolExhausted`."""
        number = self._pool.allocate()
        if number is None:
            raise PoolExhausted(f"no free address is left in {self.subnet}")
        return str(IPv4Address(number))

    def request(self, address: str) -> str:
        """Take a certain address, anywhere in the subnet, and return it in canonical form.

        Raises :class:`InputError` if it is not in the subnet, :class:`AddressInUse` if it is taken.
        """
        wanted = _address(address)
        if wanted not in self._network:
            raise InputError(f"the address {wanted} is not in the subnet {self.subnet}")
        if not self._pool.take(int(wanted)):
            what = "reserved" if int(wanted) in self._reserved else "in use"
            raise AddressInUse(f"the address {wanted} of {self.subnet} is {what}")
        return str(wanted)

    def release(self, address: str) -> None:
        """Give an address back; raises :class:`ModelError` if nobody had it."""
        number = int(_address(address))
        if number in self._reserved or not self._pool.release(number):
            raise ModelError(f"{address} of {self.subnet} was released but nobody had it")

    def _reserve(self) -> frozenset[int]:
        """Both addresses of a /31 and the one of a /32 can be used (RFC 3021)."""
        if self.prefix_length >= 31:
            return frozenset()
        ends = (self._network.network_address, self._network.broadcast_address)
        reserved = tuple(int(end) for end in ends)
        for number in reserved:
            self._pool.take(number)
        return frozenset(reserved)


class SubnetPool:
    """Subnets for networks: the lowest free one is given, so a released one soon again.

    (Engine 20.10 was seen counting upwards instead; current sources take the lowest.)

    Args:
        pools: ranges to cut up.
        mask: prefix length of each subnet.

    Raises:
        InputError: for a bad range, overlapping ranges, or a mask that does not fit.
    """

    def __init__(self, pools: Sequence[str] = ("10.0.0.0/8",), mask: int = 24) -> None:
        self._pools = sorted(_network(pool, "pool of subnets") for pool in pools)
        self._mask = mask
        for pool in self._pools:
            if not pool.prefixlen <= mask <= LONGEST_MASK:
                raise InputError(
                    f"subnets of /{mask} cannot be cut from {pool}; write a mask length from "
                    f"{pool.prefixlen} to {LONGEST_MASK}"
                )
        for low, high in pairwise(self._pools):
            if low.overlaps(high):
                raise InputError(f"the address pools {low} and {high} overlap")
        self._used: list[IPv4Network] = []  # sorted and disjoint

    def allocate(self) -> str:
        """Return the lowest free subnet; raises :class:`PoolExhausted`."""
        for pool in self._pools:
            start, last = int(pool.network_address), int(pool.broadcast_address)
            size = 1 << (32 - self._mask)
            for used in self._used:
                if int(used.network_address) >= start + size or start > last:
                    break
                if int(used.broadcast_address) >= start:
                    start = int(used.broadcast_address) // size * size + size
            if start <= last:
                subnet = IPv4Network((start, self._mask))
                insort(self._used, subnet)
                return str(subnet)
        raise PoolExhausted(
            f"no free /{self._mask} subnet is left in {', '.join(map(str, self._pools))}"
        )

    def request(self, cidr: str) -> str:
        """Take a certain subnet, inside of the pools or not, and return it in canonical form.

        Raises :class:`InputError` if it is none, :class:`AddressInUse` if it overlaps another.
        """
        subnet = _network(cidr, "subnet")
        for used in self._used:
            if used.overlaps(subnet):
                raise AddressInUse(f"the subnet {subnet} overlaps {used}, which is in use")
        insort(self._used, subnet)
        return str(subnet)

    def release(self, cidr: str) -> None:
        """Give a subnet back; raises :class:`ModelError` if nobody had it."""
        try:
            self._used.remove(_network(cidr, "subnet"))
        except ValueError:
            raise ModelError(f"the subnet {cidr} was released but nobody had it") from None


def _network(text: str, what: str) -> IPv4Network:
    try:
        return IPv4Network(text)
    except ValueError:
        raise InputError(
            f'"{text}" is not a {what}; write a network address and its length, as in 10.0.1.0/24'
        ) from None


def _address(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        raise InputError(f'"{text}" is not an IPv4 address; write one as in 10.0.1.2') from None
