"""Flows that a host remembers for a while."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Generic, Protocol, TypeVar

_FEWEST = 1024
"""Flows before it is worth while to look for those that are over."""


class Expiring(Protocol):
    """Something that is over at an instant, picoseconds."""

    @property
    def expires(self) -> int:
        """That instant."""


Flow = TypeVar("Flow", bound=Expiring)


class Expiry(Generic[Flow]):
    """Forgets flows that are over: when somebody asks for one, and all of them now and then.

    Args:
        forget: takes a flow out of wherever it is remembered.
    """

    def __init__(self, forget: Callable[[Flow], None]) -> None:
        self._forget = forget
        self._sweep_at = _FEWEST

    def live(self, flow: Flow | None, now: int) -> Flow | None:
        """The flow, unless it is over."""
        if flow is None or now < flow.expires:
            return flow
        self._forget(flow)
        return None

    def sweep(self, flows: Collection[Flow], now: int) -> None:
        """Forget all that are over, whenever there are twice as many flows as the last time."""
        if len(flows) < self._sweep_at:
            return
        left = sum(self.live(flow, now) is not None for flow in list(flows))
        self._sweep_at = max(_FEWEST, 2 * left)
