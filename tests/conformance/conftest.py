"""The cluster, the bench and the walk of the gossip room's own tests serve here, too."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "gossip"))
