"""What the names of one network mean, as one host sees it.

Names are case-insensitive and kept in lower case. Sources: moby
``daemon/libnetwork/{network,service_common}.go``.
"""

from __future__ import annotations

from overlaysim.naming.records import EndpointRecord

Change = tuple[str, str, str]
"""``added`` or ``removed``, the name in lower case, the address."""


class NameView:
    """The names of one network, from the records a host holds.

    Several records may give one name several addresses: containers of the same name on two hosts,
    an alias that was given twice, a service and a container called alike. The ingress network
    registers no names, so nobody should feed its records to a view.
    """

    def __init__(self) -> None:
        self._records: dict[str, EndpointRecord] = {}
        self._names: dict[str, dict[tuple[str, str], None]] = {}  # name -> (address, record key)

    def add(self, key: str, record: EndpointRecord) -> list[Change]:
        """Enter a record, or replace the one under ``key``; returns what is answered otherwise."""
        old = self._records.get(key)
        if old == record:
            return []
        before = self._addresses_of(old, record)
        self._take_out(key)
        self._records[key] = record
        for name, address in _answers(record):
            self._names.setdefault(name, {})[address, key] = None
        return self._changes(before)

    def remove(self, key: str) -> list[Change]:
        """Remove the record under ``key``, if there is one; returns what is answered otherwise."""
        before = self._addresses_of(self._records.get(key))
        self._take_out(key)
        return self._changes(before)

    def lookup(self, name: str) -> tuple[str, ...]:
        """Return the addresses of ``name``, each once, in the order in which they were learned."""
        owned = self._names.get(name.lower(), {})
        return tuple(dict.fromkeys(address for address, _ in owned))

    def knows(self, name: str) -> bool:
        """Whether the network has ``name``."""
        return name.lower() in self._names

    def reverse(self, ip: str) -> str | None:
        """Return the container that has the address ``ip``; None for virtual IPs and the like."""
        for record in self._records.values():
            if record.endpoint_ip == ip and not record.disabled:
                return record.name
        return None

    def names(self) -> dict[str, tuple[str, ...]]:
        """Return every name with its addresses, in the order in which they were learned."""
        return {name: self.lookup(name) for name in self._names}

    def _take_out(self, key: str) -> None:
        record = self._records.pop(key, None)
        for name, address in _answers(record):
            owned = self._names[name]
            del owned[address, key]
            if not owned:
                del self._names[name]

    def _addresses_of(self, *records: EndpointRecord | None) -> dict[str, tuple[str, ...]]:
        """The present answers for every name that occurs in ``records``."""
        return {name: self.lookup(name) for record in records for name, _ in _answers(record)}

    def _changes(self, before: dict[str, tuple[str, ...]]) -> list[Change]:
        changes: list[Change] = []
        for name, old in before.items():
            new = self.lookup(name)
            changes += [("removed", name, address) for address in old if address not in new]
            changes += [("added", name, address) for address in new if address not in old]
        return changes


def _answers(record: EndpointRecord | None) -> list[tuple[str, str]]:
    """What a record answers, in lower case and each once: a container may be called like a task."""
    pairs = record.answers() if record else ()
    return list(dict.fromkeys((name.lower(), address) for name, address in pairs))
