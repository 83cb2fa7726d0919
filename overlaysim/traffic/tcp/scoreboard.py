"""What a sender has in the network, segment by segment, and what became of each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
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
        fate: one of the four above.
        resent: whether it has been sent more than once.
    """

    __slots__ = ("end", "fate", "resent", "sent_at", "start")

    def __init__(self, start: int, end: int, sent_at: int) -> None:
        self.start = start
        self.end = end
        self.sent_at = sent_at
        self.fate = IN_FLIGHT
        self.resent = False


class Scoreboard:
    """All segments that are not acknowledged cumulatively, in the order of the stream.

    Attributes:
        records: the segments.
        pipe: bytes that are in the network by all that is known (RFC 6675 section 5).
        sacked: what the peer has selectively acknowledged.
        by_time: (when sent, segment) in the order of sending; entries that are no longer true are
            for the reader to skip.
    """

    __slots__ = ("_lost", "by_time", "pipe", "records", "sacked")

    def __init__(self) -> None:
        self.records: list[Sent] = []
        self.pipe = 0
        self.sacked = Ranges()
        self.by_time: deque[tuple[int, Sent]] = deque()
        self._lost: list[tuple[int, Sent]] = []  # a heap by offset, with entries no longer true

    def add(self, start: int, end: int, now: int) -> None:
        """A segment with new bytes was sent."""
        record = Sent(start, end, now)
        self.records.append(record)
        self.by_time.append((now, record))
        self.pipe += end - start

    def acknowledge(self, offset: int) -> list[Sent]:
        """Everything below ``offset`` is with the peer; returns the segments that are done.

        Those selectively acknowledged before are among them, with fate ``SACKED``; the others keep
        theirs as it was, for the caller to read it, until :meth:`settle`.
        """
        records = self.records
        count = 0
        for record in records:
            if record.end > offset:
                break
            if record.fate == IN_FLIGHT:
                self.pipe -= record.end - record.start
            count += 1
        done = records[:count]
        del records[:count]
        if records and records[0].start < offset:  # a shorter copy of its beginning arrived
            if records[0].fate == IN_FLIGHT:
                self.pipe -= offset - records[0].start
            records[0].start = offset
        if self.sacked:
            self.sacked.remove_below(offset)
        return done

    def settle(self, done: Sequence[Sent]) -> None:
        """Forget segments that :meth:`acknowledge` returned."""
        for record in done:
            record.fate = ACKNOWLEDGED
        by_time = self.by_time
        while by_time and by_time[0][1].fate == ACKNOWLEDGED:
            by_time.popleft()

    def select(self, start: int, end: int) -> list[Sent]:
        """The peer has the range; returns the segments of which that was not known."""
        found: list[Sent] = []
        start = self.sacked.covered_until(start)
        if start >= end:
            return found
        for record in self.between(start, end):
            if record.fate != SACKED:
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
        self.by_time.append((now, record))
        self.pipe += record.end - record.start

    def _cut(self, record: Sent, offset: int) -> None:
        """Let a lost segment end at ``offset``; the rest of it is lost as one of its own."""
        rest = Sent(offset, record.end, record.sent_at)
        rest.fate, rest.resent = LOST, record.resent
        record.end = offset
        place = bisect_left(self.records, offset, key=_START)
        self.records.insert(place, rest)
        heappush(self._lost, (offset, rest))
