"""What others tell of the entries of a network."""

from __future__ import annotations

from typing import Literal

from overlaysim.gossip.context import Context
from overlaysim.gossip.messages import Compound, TableEvent
from overlaysim.gossip.tables import Tables
from overlaysim.units import SECOND


class Hearsay:
    """Takes in events of other nodes, and passes on what is news.

    Rules: ``NDB/delegate.go`` handleTableEvent and handleTableMessage.

    Args:
        context: the node.
        tables: its entries.
    """

    __slots__ = ("_context", "_tables")

    def __init__(self, context: Context, tables: Tables) -> None:
        self._context = context
        self._tables = tables

    def on_events(self, compound: Compound, now: int) -> None:
        """Events came in by gossip."""
        for event in compound.messages:
            own = self._tables.networks.get(event.network)
            # Most copies are no news; the clock has seen their time as well.
            if own is not None and event in own.entries.seen:
                continue
            if own is not None and own.entries.has(event):
                own.entries.remember(event)
            elif event.owner != self._context.name and self._accept(event, now, by_bulk_sync=False):
                self._tables.networks[event.network].relayed.put(event.place, event)

    def on_sync(self, compound: Compound, now: int) -> None:
        """All entries of one network came, as another node knows them."""
        own = self._tables.networks.get(compound.messages[0].network) if compound.messages else None
        if own is None:
            return
        for event in own.entries.unlike(compound, now):
            if own.entries.has(event) or event.owner == self._context.name:
                continue
            relay = self._accept(event, now, by_bulk_sync=True)
            if relay and len(own.relayed) <= self._context.settings.relay_limit_on_sync:
                own.relayed.put(event.place, event)

    def _accept(self, event: TableEvent, now: int, *, by_bulk_sync: bool) -> bool:
        """Store an event if it is news; tell whether it is to be relayed."""
        self._tables.clock.witness(event.time)
        own = self._tables.networks.get(event.network)
        if own is None or own.leaving:
            return False
        if not self._tables.directory.networks.holds(event.owner, event.network):
            return False
        before = own.entries.get(event.place)
        hidden = self._tables.directory.is_failed(event.owner)
        seen = before if before is not None and self._tables.shows(before) else None
        lifetime = self._lifetime(event) if event.deleted or hidden else None
        own.entries.store(event, lifetime, now)
        if before is None and event.deleted:
            # An unknown entry's tombstone is passed on only while it is young and came by bulk
            # sync, or deletes would go round for ever (NDB/delegate.go handleTableEvent).
            young = 6 * self._lifetime(event) > self._context.settings.entry_lifetime
            return by_bulk_sync and own.in_sync and young
        if not hidden:
            self._show_change(event, seen)
        elif seen is not None:
            # Its owner has taken it over from another node that is still there.
            self._tables.tell("deleted", seen, None, seen.value)
        return own.in_sync

    def _lifetime(self, event: TableEvent) -> int:
        """What an event says of its time; zero comes from those for whom it has no end."""
        return event.residual * SECOND or self._context.settings.entry_lifetime

    def _show_change(self, event: TableEvent, seen: TableEvent | None) -> None:
        """Tell watchers what a stored event changes for them, not what it says itself."""
        if not event.deleted:
            kind: Literal["created", "updated"] = "updated" if seen else "created"
            self._tables.tell(kind, event, event.value, seen.value if seen else None)
        elif seen is not None:
            self._tables.tell("deleted", seen, None, seen.value)
