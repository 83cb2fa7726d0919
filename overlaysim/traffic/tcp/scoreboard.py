"""What a sender has in the network, segment by segment, and what became of each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from heapq import heappop, heappush
from operator import attrgetter

from overlaysim.traffic.tcp.ranges import Ranges

IN_FLIGHT, SACKED, LOST, ACKNOWLEDGED = range(4)
"""Fates of a segment. A lost one that is sent again is in flight again."""

_START, _END = attrgetter("start"), attrgetter("end")


class Sent:
    """The bytes from ``start`` to ``end`` of the stream, sent as one segment.

    Attributes:
        start: offset of the first byte.
        end: offset behind the last; a FIN counts as one.
        sent_at: when it was last sent, picoseconds.
        order: how many sendings there were before the last one of it.
        fate: one of the four above.
        resent: whether it has been sent more than once.
    """

    __slots__ = ("end", "fate", "order", "resent", "sent_at", "start")

    def __init__(self, start: int, end: int, sent_at: int, order: int) -> None:
        self.start = start
        self.end = end
        self.sent_at = sent_at
        self.order = order
        self.fate = IN_FLIGHT
        self.resent = False


class Scoreboard:
    """All segments that are not acknowledged cumulatively, in the order of the stream.

    Attributes:
        records: the segments.
        pipe: bytes that are in the network by all that is known (RFC 6675 section 5).
        sent: bytes sent in all, copies counted.
        sacked: what the peer has selectively acknowledged.
        sendings: (order, segment), oldest first; an entry whose segment has been sent again since
            is for the reader to skip.
    """

    __slots__ = ("_count", "_lost", "pipe", "records", "sacked", "sendings", "sent")

    def __init__(self) -> None:
        self.records: list[Sent] = []
        self.pipe = 0
        self.sacked = Ranges()
        self.sendings: deque[tuple[int, Sent]] = deque()
        self._count = 0
        self.sent = 0
        self._lost: list[tuple[int, Sent]] = []  # a heap by offset, with entries no longer true

    def add(self, start: int, end: int, now: int) -> None:
        """A segment with new bytes was sent."""
        count = self._count
        record = Sent(start, end, now, count)
        self.records.append(record)
        self.sendings.append((count, record))
        self._count = count + 1
        self.pipe += end - start
        self.sent += end - start

    def acknowledge(self, offset: int) -> tuple[list[Sent], int, bool]:
        """Everything below ``offset`` is with the peer.

        Returns the segments of which that was not known, how many are done in all, and whether
        each of these was sent once only.
        """
        records = self.records
        arrived: list[Sent] = []
        count, once = 0, True
        for record in records:
            if record.end > offset:
                break
            count += 1
            if record.fate != SACKED:
                arrived.append(record)
                if record.fate == IN_FLIGHT:
                    self.pipe -= record.end - record.start
            once = once and not record.resent
            record.fate = ACKNOWLEDGED
        del records[:count]
        if records and records[0].start < offset:  # a shorter copy of its beginning arrived
            if records[0].fate == IN_FLIGHT:
                self.pipe -= offset - records[0].start
            records[0].start = offset
        if self.sacked:
            self.sacked.remove_below(offset)
        sendings = self.sendings
        while sendings and sendings[0][1].fate == ACKNOWLEDGED:
            sendings.popleft()
        return arrived, count, once

    def select(self, start: int, end: int) -> list[Sent]:
        """The peer has the range; returns the segments of which that was not known."""
        found: list[Sent] = []
        known = self.sacked.covered_until(start)
        if known >= end:
            return found
        records = self.records
        first = bisect_right(records, known, key=_END)
        for record in records[first : bisect_right(records, end, lo=first, key=_END)]:
            if record.start >= start and record.fate != SACKED:
                if record.fate == IN_FLIGHT:
                    self.pipe -= record.end - record.start
                record.fate = SACKED
                found.append(record)
        self.sacked.add(start, end)
        return found

    def between(self, start: int, end: int) -> list[Sent]:
        """The segments that lie in a range of offsets."""
        records = self.records
        first = bisect_left(records, start, key=_START)
        return records[first : bisect_right(records, end, lo=first, key=_END)]

    def lose(self, record: Sent) -> None:
        """Take a segment in flight for lost."""
        record.fate = LOST
        self.pipe -= record.end - record.start
        heappush(self._lost, (record.start, record))

    def lose_all(self) -> None:
        """Take all that is in flight for lost."""
        for record in self.records:
            if record.fate == IN_FLIGHT:
                self.lose(record)

    def first_lost(self) -> Sent | None:
        """The first segment that is lost and has not been sent again."""
        lost = self._lost
        while lost:
            start, record = lost[0]
            if record.fate == LOST and record.start == start:
                return record
            heappop(lost)
            if record.fate == LOST:  # its beginning has been acknowledged since
                heappush(lost, (record.start, record))
        return None

    def resend(self, record: Sent, length: int, now: int) -> None:
        """A lost segment, or the first ``length`` bytes of it, is sent again."""
        if length < record.end - record.start:
            self._cut(record, record.start + length)
        record.fate, record.resent, record.sent_at = IN_FLIGHT, True, now
        record.order = self._count
        self.sendings.append((self._count, record))
        self._count += 1
        self.pipe += record.end - record.start
        self.sent += record.end - record.start

    def _cut(self, record: Sent, offset: int) -> None:
        """Let a lost segment end at ``offset``; the rest of it is lost as one of its own."""
        rest = Sent(offset, record.end, record.sent_at, record.order)
        rest.fate, rest.resent = LOST, record.resent
        record.end = offset
        place = bisect_left(self.records, offset, key=_START)
        self.records.insert(place, rest)
        heappush(self._lost, (offset, rest))
