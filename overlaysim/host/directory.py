"""Who is who, for the traces: the one place that knows every host and every address at once.

The model itself never looks here to decide where a packet goes; it only serves to say whom a sender
meant, and to reach the host behind an underlay address.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

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
    return ip6_text(b"\xfd\x77" + bytes(10) + ip4_bytes(address))


class Directory:
    """Underlay addresses of hosts, and current owners of container addresses."""

    def __init__(self) -> None:
        self._by_address: dict[str, HostAddress] = {}
        self.streams: dict[tuple[str, str, int], list[tuple[str, str, int, int]]] = {}
        """Flows of the streams of CONNECT-UDP, by sender, receiver and connection."""
        self._owners: dict[tuple[str, str], str] = {}

    def add_host(self, host: HostAddress) -> None:
        """Enter a host."""
        self._by_address[host.address] = self._by_address[host.address6] = host

    def host_at(self, address: str) -> HostAddress | None:
        """Return the host with this underlay address, IPv4 or IPv6."""
        return self._by_address.get(address)

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
