"""Packets that something became of in a window."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from overlaysim.planes.vector.window import Labels, Times


class Ended(NamedTuple):
    """Labels, when it was, and the reason if they were dropped."""

    labels: Labels
    when: Times
    reason: str = ""

    def where(self, chosen: np.typing.NDArray[np.bool_], reason: str) -> Ended:
        """Those chosen, for another reason."""
        return Ended(self.labels[chosen], self.when[chosen], reason)
