"""Queues in arrays against the link of the underlay, which takes one frame after another."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from overlaysim.planes.vector.queues import Backlog, Limits, serve
from overlaysim.sim import Simulator, composition
from overlaysim.underlay import Link, LinkSpec
from overlaysim.units import BYTE_PER_PS as RATE

FRAMES = 6000
"""Some blocks of those in which :mod:`overlaysim.planes.vector.queues` goes through frames again."""

Times = NDArray[np.int64]
