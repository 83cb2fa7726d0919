"""Small things that are done to arrays in several places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_KEPT = 31 << 20
"""Bytes, a little less than glibc's largest M_MMAP_THRESHOLD (``malloc/malloc.c``,
DEFAULT_MMAP_THRESHOLD_MAX)."""

Scalar = TypeVar("Scalar", bound=np.generic)


def keep_memory() -> None:
    """Let the C library keep the memory of arrays that are made and dropped all the time.

    It gives large blocks back to the kernel at once, and each new one is a page fault for every
    4 kB, until it has seen a large one freed: then it takes blocks up to that size from its own
    heap (mallopt(3), M_MMAP_THRESHOLD). Elsewhere than on glibc this does nothing.
    """
    np.empty(_KEPT, np.uint8)


def nothing() -> NDArray[np.int64]:
    """No integers."""
    return np.empty(0, np.int64)


def concatenated(arrays: Sequence[NDArray[Scalar]]) -> NDArray[Scalar]:
    """The arrays in one; no copy is made of one that is alone in not being empty."""
    filled = [array for array in arrays if len(array)] or arrays[:1]
    return filled[0] if len(filled) == 1 else np.concatenate(filled)


def merged(arrays: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Ascending arrays as one."""
    filled = [array for array in arrays if len(array)]
    if len(filled) < 2:
        return filled[0] if filled else nothing()
    # numpy's stable sort finds the ascending runs and merges them: several times as fast.
    return np.sort(np.concatenate(filled), kind="stable")


def same(one: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    """Whether two arrays hold the same integers."""
    return len(one) == len(other) and bool((one == other).all())
