"""The garbage collector, told that a simulation is one large heap that stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG = 50_000
"""New objects between two collections of the youngest generation; Python's own default is 700."""
_OLD = 50


@contextmanager
def long_lived_heap() -> Iterator[None]:
    """Spare what exists already the repeated search for cycles.

    A cluster of a thousand hosts is millions of objects that live as long as the run. Python would
    look through all of them again and again, for a third of the running time; what is garbage here
    goes by reference counts, and cycles among new objects are still found.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _OLD, _OLD)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
