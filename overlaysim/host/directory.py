"""Who is who, for the traces: the one place that knows every host and every address at once.

The model itself never looks here to decide where a packet goes; it only serves to say whom a sender
meant, and to reach the host behind an underlay address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network

from overlaysim.wire import ip4_bytes, ip6_text


@dataclass(frozen=True, slots=True)
class HostAddress:
    """A host's place in the underlay."""

    name: str
    address: str
    mac: str

    @property
    def address6(self) -> str:
        """Its IPv6 address, which only tunnels over IPv6 use: fd77:: and the IPv4 address."""
        return _ipv6_of(self.address)

    def at(self, family: int) -> str:
        """Its address of IP version 4 or 6."""
        return self.address6 if family == 6 else self.address


@lru_cache(65_536)
def _ipv6_of(address: str) -> str:
    if ":" in address:
        return address
    return ip6_text(b"\xfd\x77" + bytes(10) + ip4_bytes(address))


class Directory:
    """Underlay addresses of hosts, and current owners of container addresses."""

    def __init__(self) -> None:
        self._by_address: dict[str, HostAddress] = {}
        self.streams: dict[tuple[str, str, int], list[tuple[str, str, int, int]]] = {}
        """Flows of the streams of CONNECT-UDP, by sender, receiver and connection."""
        self._owners: dict[tuple[str, str], str] = {}
        self._told_outside: set[tuple[str, str]] = set()
        self._within: dict[str, list[HostAddress]] = {}

    def add_host(self, host: HostAddress) -> None:
        """Enter a host."""
        self._by_address[host.address] = self._by_address[host.address6] = host
        self._within.clear()

    def host_at(self, address: str) -> HostAddress | None:
        """Return the host with this underlay address, IPv4 or IPv6."""
        return self._by_address.get(address)

    def hosts_within(self, subnet: str) -> Sequence[HostAddress]:
        """Return the hosts whose underlay addresses lie in a subnet."""
        hosts = self._within.get(subnet)
        if hosts is None:
            network, all_hosts = IPv4Network(subnet), dict.fromkeys(self._by_address.values())
            hosts = [host for host in all_hosts if IPv4Address(host.address) in network]
            self._within[subnet] = hosts
        return hosts

    def told(self, endpoint: str, address: str, *, outside: bool) -> None:
        """An endpoint was told an address, by the DNS server outside or by the hosts' tables."""
        if not outside:
            self._told_outside.discard((endpoint, address))
        elif address in self._by_address:
            self._told_outside.add((endpoint, address))

    def host_meant(self, endpoint: str, address: str) -> HostAddress | None:
        """Return the host at an underlay address, if an endpoint was told the address outside."""
        told = (endpoint, address) in self._told_outside
        return self._by_address.get(address) if told else None

    def add_owner(self, network: str, address: str, label: str) -> None:
        """From now on the address in the network belongs to ``label``."""
        self._owners[network, address] = label

    def remove_owner(self, network: str, address: str, label: str) -> None:
        """The address is free again (unless somebody else took it over meanwhile)."""
        if self._owners.get((network, address)) == label:
            del self._owners[network, address]

    def owner(self, network: str, address: str) -> str | None:
        """Trace label of the address's owner; None when nobody has it."""
        return self._owners.get((network, address))
