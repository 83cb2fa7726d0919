"""Packets that a link or a receiver drops."""

from __future__ import annotations

from typing import NamedTuple

from overlaysim.planes.vector.window import Keys


class Dropped(NamedTuple):
    """Packets that ended here: their keys at that instant, and the reason."""

    keys: Keys
    reason: str
