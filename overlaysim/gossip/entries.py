"""The entries of one network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from overlaysim.gossip.messages import Compound, TableEvent
from overlaysim.gossip.ticker import Reaper
from overlaysim.units import SECOND

Key = tuple[str, str]
"""Table and key."""

MOST_SEEN = 64


class Entries:
    """The last event of every key: live, hidden or tombstone.

    Events are shared with the messages they came in, and a full copy for a bulk sync is made only
    after a change, so that a thousand nodes with a thousand entries each stay affordable.

    Args:
        reaper: removes tombstones and hidden entries when their time is over.

    Attributes:
        events: the last event of each key; written here alone.
        seen: a few events of which it is known that they are no news any more. In a large cluster
            every host hears each of them a hundred times, and this small set is at hand where the
            table is not.
    """

    __slots__ = (
        "_by_owner",
        "_expiry",
        "_reaper",
        "_snapshot",
        "_snapshot_made",
        "_sorted",
        "events",
        "seen",
    )

    def __init__(self, reaper: Reaper) -> None:
        self._reaper = reaper
        self.events: dict[Key, TableEvent] = {}
        self.seen: set[TableEvent] = set()
        self._expiry: dict[Key, int] = {}
        self._by_owner: dict[str, list[TableEvent]] | None = None
        self._sorted: list[Key] | None = None
        """The keys in order; an update does not change it."""
        self._snapshot: Compound | None = None
        self._snapshot_made = 0

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[TableEvent]:
        return iter(self.events.values())

    def acquaint(self, events: dict[Key, TableEvent]) -> None:
        """Have held these live entries for long; copied."""
        self.events = events.copy()
        self._by_owner = self._sorted = self._snapshot = None

    def get(self, place: Key) -> TableEvent | None:
        """The last event of a key."""
        return self.events.get(place)

    def remaining(self, place: Key, now: int) -> int | None:
        """How long a tombstone or hidden entry still has; None for one that stays."""
        expiry = self._expiry.get(place)
        return None if expiry is None else expiry - self._reaper.counted(now)

    def store(self, event: TableEvent, lifetime: int | None, now: int) -> None:
        """Put an event in the place of the last one of its key.

        Args:
            event: what happened to the key.
            lifetime: picoseconds until it is removed; None for one that stays.
            now: the present instant.
        """
        if event.place not in self.events:
            self._sorted = None
        self.events[event.place] = event
        self._expiry.pop(event.place, None)
        self._by_owner = self._snapshot = None
        if lifetime is not None:
            self._set_expiry(event, lifetime, now)

    def has(self, event: TableEvent) -> bool:
        """Whether this event or a later one of its key is stored."""
        stored = self.events.get(event.place)
        return stored is not None and stored.time >= event.time

    def unlike(self, told: Compound, now: int) -> Sequence[TableEvent]:
        """What another node tells of the network and this one would not tell in the same words.

        Mostly both know the same, and place by place it is the same object.
        """
        own = self.snapshot(now).messages
        if len(own) != len(told.messages):
            return told.messages
        return [event for event, mine in zip(told.messages, own, strict=True) if event is not mine]

    def remember(self, event: TableEvent) -> None:
        """Keep in mind that an event is no news any more."""
        if len(self.seen) >= MOST_SEEN:
            self.seen.clear()
        self.seen.add(event)

    def remove(self, place: Key) -> None:
        """Remove a key without leaving a tombstone, if it is there."""
        if self.events.pop(place, None) is not None:
            self._expiry.pop(place, None)
            self._by_owner = self._sorted = self._snapshot = None
            self.seen.clear()

    def owned(self, owner: str) -> list[TableEvent]:
        """All entries of an owner."""
        if self._by_owner is None:
            self._by_owner = {}
            for event in self:
                self._by_owner.setdefault(event.owner, []).append(event)
        return self._by_owner.get(owner, [])

    def remove_owner(self, owner: str) -> list[TableEvent]:
        """Remove all entries of an owner; return them."""
        removed = self.owned(owner)
        for event in removed:
            self.remove(event.place)
        return removed

    def hide(self, owner: str, lifetime: int, now: int) -> list[TableEvent]:
        """Give the live entries of an owner a limited time; return them."""
        hidden = [event for event in self.owned(owner) if not event.deleted]
        for event in hidden:
            self._set_expiry(event, lifetime, now)
        return hidden

    def show(self, owner: str) -> list[TableEvent]:
        """Let the live entries of an owner stay again; return them."""
        shown = [event for event in self.owned(owner) if not event.deleted]
        for event in shown:
            self._expiry.pop(event.place, None)
        self._snapshot = None
        return shown

    def snapshot(self, now: int) -> Compound:
        """Everything in order of table and key, as a bulk sync tells it.

        What has a limited time goes with the time it has left.
        """
        counted = self._reaper.counted(now)
        if self._snapshot is None or (self._expiry and counted != self._snapshot_made):
            expiry, events = self._expiry, self.events
            if self._sorted is None:
                self._sorted = sorted(events)
            told = [
                events[place].lasting(expiry[place] - counted) if place in expiry
                else events[place].told
                for place in self._sorted
            ]  # fmt: skip
            self._snapshot = Compound(tuple(told))
            self._snapshot_made = counted
        return self._snapshot

    def _set_expiry(self, event: TableEvent, lifetime: int, now: int) -> None:
        expiry = self._expiry[event.place] = lifetime + self._reaper.counted(now)
        self._snapshot = None
        # A remainder below one second would be told as zero (NDB/cluster.go
        # reapTableEntries), so the entry goes one period and one second early.
        slack = self._reaper.period + SECOND
        self._reaper.schedule(lifetime, slack, now, partial(self._expire, event, expiry))

    def _expire(self, event: TableEvent, expiry: int) -> None:
        if self.get(event.place) is event and self._expiry.get(event.place) == expiry:
            self.remove(event.place)
