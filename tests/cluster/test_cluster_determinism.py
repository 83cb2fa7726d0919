"""Same seed, same bytes: in one process, and whatever the order of hashing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cluster_script import transcript


def elsewhere(seed: int, hash_seed: str) -> str:
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, str(here / "cluster_script.py"), str(seed)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def test_a_long_script_gives_the_same_bytes_twice() -> None:
    first = transcript(3)
    assert transcript(3) == first
    assert transcript(4) != first
    assert elsewhere(3, "1") == elsewhere(3, "2") == first + "\n"
