"""Small things that are done to arrays in several places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


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
