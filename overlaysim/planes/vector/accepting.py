"""Receivers that take frames at some times and not at others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from overlaysim.planes.vector.classes import Classes
from overlaysim.planes.vector.ended import Ended
from overlaysim.planes.vector.window import Labels, Times, Window
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

    def sort_out(
        self, labels: Labels, when: Times, window: Window, refused: list[Ended]
    ) -> tuple[Labels, Times]:
        """Return the frames that are taken; put those that are not into ``refused``."""
        if not self._timelines:
            return labels, when
        frames = Ended(labels, when)
        flows = np.where(
            self._choosy[window.classes[labels]], self._flow[window.classes[labels]], -1
        )
        taken = np.ones(len(labels), bool)
        for flow, (since, reasons) in self._timelines.items():
            period = np.searchsorted(since, when + window.begin, "right") - 1
            for place, reason in enumerate(reasons):
                if reason:
                    chosen = (flows == flow) & (period == place)
                    taken &= ~chosen
                    refused.append(frames.where(chosen, reason))
        return labels[taken], when[taken]
