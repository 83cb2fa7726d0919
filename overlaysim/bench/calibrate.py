"""The unit of the benchmarks: what the interpreter and the machine are worth at this moment."""

from __future__ import annotations

import random
import time
from heapq import heapify, heappop, heappush

_ENTRIES = 1_000
_OPERATIONS = 1_000_000


def cal_ops_per_second(operations: int = _OPERATIONS) -> float:
    """Measure cal ops per CPU second.

    A cal op is one ``heappop`` and one ``heappush`` of a later time on a heap of 1 000 entries
    ``(time: float, seq: int, None)``, in a plain loop.
    """
    rng = random.Random(1)
    heap = [(rng.random(), sequence, None) for sequence in range(_ENTRIES)]
    heapify(heap)
    gaps = [rng.random() for _ in range(_ENTRIES)]
    started = time.process_time()
    for sequence in range(_ENTRIES, _ENTRIES + operations):
        when, _, _ = heappop(heap)
        heappush(heap, (when + gaps[sequence % _ENTRIES], sequence, None))
    return operations / (time.process_time() - started)
