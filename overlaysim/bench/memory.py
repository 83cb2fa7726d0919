"""How much memory a process has needed."""

from __future__ import annotations

import resource
import sys


def peak_memory() -> int:
    """Bytes that this process has needed at most (``ru_maxrss``: KiB, on macOS bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
