"""What becomes of entries when their owners fail, return or leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from overlaysim.gossip.tables import Tables


class Owners:
    """Hides, shows and removes the entries of other nodes (``NDB/networkdb.go``).

    suspendNodeTableEntries, restoreNodeTableEntries and deleteNodeNetworkEntries there.

    Args:
        tables: the node's entries.
    """

    __slots__ = ("_tables",)

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def owner_failed(self, owner: str, now: int) -> None:
        """A node cannot be reached: its entries are hidden for as long as a tombstone lives."""
        for own in self._tables.networks.values():
            for event in own.entries.hide(owner, self._tables.entry_lifetime, now):
                self._tables.tell("deleted", event, None, event.value)

    def owner_returned(self, owner: str) -> None:
        """A failed node is back: what is remembered of it can be seen again."""
        for own in self._tables.networks.values():
            for event in own.entries.show(owner):
                self._tables.tell("created", event, event.value, None)

    def owner_left(self, owner: str, network: str | None, *, hidden: bool) -> None:
        """A node has left a network, or all of them (None): its entries go, tombstones too."""
        for name in self._tables.networks if network is None else (network,):
            own = self._tables.networks.get(name)
            for event in own.entries.remove_owner(owner) if own else ():
                if not event.deleted and not hidden:
                    self._tables.tell("deleted", event, None, event.value)
