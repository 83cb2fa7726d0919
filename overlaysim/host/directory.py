"""Who is who, for the traces: the one place that knows every host and every address at once.

The model itself never looks here to decide where a packet goes; it only serves to say whom a sender
meant, and to reach the host behind an underlay address.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostAddress:
    """A host's place in the underlay."""

    name: str
    address: str
    mac: str


class Directory:
    """Underlay addresses of hosts, and current owners of container addresses."""

    def __init__(self) -> None:
        self._by_address: dict[str, HostAddress] = {}
        self._owners: dict[tuple[str, str], str] = {}

    def add_host(self, host: HostAddress) -> None:
        """Enter a host."""
        self._by_address[host.address] = host

    def host_at(self, address: str) -> HostAddress | None:
        """Return the host with this underlay address."""
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
