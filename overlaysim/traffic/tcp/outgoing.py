"""The stream that an application writes: its length, and which objects end where in it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import Any

_OFFSET = itemgetter(0)


class Outgoing:
    """Bytes to send, by their offset; the first has offset 1, as the SYN has 0.

    Attributes:
        end: offset behind the last byte written, where the FIN will be.
        closed: whether a FIN stands there.
        contents: (offset behind its last byte, object), ascending, of what is not acknowledged.
    """

    __slots__ = ("closed", "contents", "end")

    def __init__(self) -> None:
        self.end = 1
        self.closed = False
        self.contents: list[tuple[int, Any]] = []

    @property
    def span(self) -> int:
        """Offset behind all there is, the FIN included."""
        return self.end + self.closed

    def write(self, length: int, content: Any) -> None:
        """Append ``length`` bytes."""
        self.end += length
        if content is not None:
            self.contents.append((self.end, content))

    def ending_in(self, start: int, end: int) -> tuple[tuple[int, Any], ...]:
        """The objects that end in a range, each behind its distance from ``start``."""
        contents = self.contents
        first = bisect_right(contents, start, key=_OFFSET)
        last = bisect_right(contents, end, lo=first, key=_OFFSET)
        return tuple((offset - start, content) for offset, content in contents[first:last])

    def forget_below(self, offset: int) -> None:
        """The peer has everything below ``offset``."""
        del self.contents[: bisect_left(self.contents, offset + 1, key=_OFFSET)]
