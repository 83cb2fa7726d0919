"""A cache that costs less than a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Memo(dict[K, V]):
    """What ``function`` returned for the arguments it was asked for, at most ``size`` of them.

    ``memo[argument]`` is a look-up in a dict, which Python does several times faster than calling
    even the simplest function. When it is full everything is forgotten: to know what was used
    least would make each look-up dearer.
    """

    __slots__ = ("_function", "_size")

    def __init__(self, function: Callable[[K], V], size: int) -> None:
        super().__init__()
        self._function = function
        self._size = size

    def __missing__(self, argument: K) -> V:
        value = self._function(argument)
        if len(self) >= self._size:
            self.clear()
        self[argument] = value
        return value
