"""Receivers that take frames at some times and not at others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from overlaysim.planes.vector.classes import Classes
from overlaysim.planes.vector.dropped import Dropped
from overlaysim.planes.vector.window import Keys, Window
from overlaysim.planes.workload import ALWAYS, BulkFlow


class Accepting:
    """What becomes of frames at their receivers (:attr:`BulkFlow.accepts`)."""

    def __init__(self, flows: Sequence[BulkFlow], classes: Classes) -> None:
        self._timelines = {
            number: (
                np.array([since for since, _ in flow.accepts]),
                [why for _, why in flow.accepts],
            )
            for number, flow in enumerate(flows)
            if flow.accepts != ALWAYS
        }
        self._flow = classes.flow
        self._choosy = np.isin(classes.flow, list(self._timelines))
        self._choosy[classes.asking :] = False  # answers are always welcome

    def sort_out(self, keys: Keys, window: Window, refused: list[Dropped]) -> Keys:
        """Return the keys of frames that are taken; put those that are not into ``refused``."""
        if not self._timelines:
            return keys
        classes = window.classes[window.labels(keys)]
        flows = np.where(self._choosy[classes], self._flow[classes], -1)
        when = window.times(keys) + window.begin
        taken = np.ones(len(keys), bool)
        for flow, (since, reasons) in self._timelines.items():
            period = np.searchsorted(since, when, "right") - 1
            for place, reason in enumerate(reasons):
                chosen = (flows == flow) & (period == place)
                if reason and chosen.any():
                    taken &= ~chosen
                    refused.append(Dropped(keys[chosen], reason))
        return keys[taken]
