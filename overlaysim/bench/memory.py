"""How much memory a process has needed."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_memory(status: Path = _STATUS) -> int:
    """Bytes that this process has needed at most.

    Linux counts in ``ru_maxrss`` what the process was before it became another program, that is the
    size of the one that started it; ``VmHWM`` (proc(5)) begins anew then.

    Args:
        status: where Linux tells; without such a file ``ru_maxrss`` has to do.
    """
    if status.exists():
        peak = re.search(r"^VmHWM:\s*(\d+) kB$", status.read_text(encoding="ascii"), re.MULTILINE)
        if peak is not None:
            return int(peak[1]) * 1024
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage if sys.platform == "darwin" else usage * 1024
