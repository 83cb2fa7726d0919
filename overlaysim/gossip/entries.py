"""The entries of one network."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from overlaysim.gossip.messages import Compound, TableEvent
from overlaysim.gossip.ticker import Reaper
from overlaysim.units import SECOND

Key = tuple[str, str]
"""Table and key."""


class Entries:
    """The last event of every key, live or tombstone.

    Events are shared with the messages they came in, and a full copy for a bulk sync is made only
    after a change, so that a thousand nodes with a thousand entries each stay affordable.

    Args:
        reaper: removes tombstones when their time is over.
    """

    def __init__(self, reaper: Reaper) -> None:
        self._reaper = reaper
        self._events: dict[Key, TableEvent] = {}
        self._owned: dict[str, dict[Key, None]] = {}
        self._expiry: dict[Key, int] = {}
        self._snapshot: Compound | None = None
        self._snapshot_ticks = 0

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[TableEvent]:
        return iter(self._events.values())

    def get(self, table: str, key: str) -> TableEvent | None:
        """The last event of a key."""
        return self._events.get((table, key))

    def live(self, table: str) -> list[TableEvent]:
        """The live entries of a table, sorted by key."""
        found = (event for event in self if event.table == table and not event.deleted)
        return sorted(found, key=lambda event: event.key)

    def store(self, event: TableEvent, residual: int, now: int) -> None:
        """Put an event in the place of the last one of its key.

        Args:
            event: what happened to the key.
            residual: picoseconds a tombstone still has to live.
            now: the present instant.
        """
        place = (event.table, event.key)
        self.remove(event.table, event.key)
        self._snapshot = None
        self._events[place] = event
        self._owned.setdefault(event.owner, {})[place] = None
        if event.deleted:
            self._expiry[place] = residual + self._reaper.ticks(now) * self._reaper.period
            # A remainder below one second would be told as zero (NDB/cluster.go
            # reapTableEntries), so the entry goes one period and one second early.
            slack = self._reaper.period + SECOND
            self._reaper.schedule(residual, slack, now, partial(self._expire, event))

    def remove(self, table: str, key: str) -> None:
        """Remove a key without leaving a tombstone, if it is there."""
        event = self._events.pop((table, key), None)
        if event is not None:
            del self._owned[event.owner][table, key]
            self._expiry.pop((table, key), None)
            self._snapshot = None

    def remove_owner(self, owner: str) -> list[TableEvent]:
        """Remove all entries of an owner; return them."""
        removed = [self._events[place] for place in self._owned.get(owner, {})]
        for event in removed:
            self.remove(event.table, event.key)
        return removed

    def snapshot(self, now: int) -> Compound:
        """Everything, as a bulk sync tells it; tombstones with the time they have left."""
        ticks = self._reaper.ticks(now)
        stale = self._expiry and ticks != self._snapshot_ticks
        if self._snapshot is None or stale:
            gone = ticks * self._reaper.period
            self._snapshot = Compound(
                tuple(
                    event.for_sync(self._expiry.get(place, gone) - gone)
                    for place, event in self._events.items()
                )
            )
            self._snapshot_ticks = ticks
        return self._snapshot

    def _expire(self, tombstone: TableEvent) -> None:
        if self.get(tombstone.table, tombstone.key) is tombstone:
            self.remove(tombstone.table, tombstone.key)
