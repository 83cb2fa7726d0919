"""Clock, random streams, trace events, packet ledger and the driver of machines."""

from overlaysim.sim.accounts import KINDS, Composition
from overlaysim.sim.accounts import composition as composition
from overlaysim.sim.clock import Event, Process, Simulator, Steps, Timer
from overlaysim.sim.driver import Driver, Machine
from overlaysim.sim.journey import DROP_REASONS, PARTS, Hop, Journey, Ledger
from overlaysim.sim.streams import Streams

__all__ = [
    "DROP_REASONS", "KINDS", "PARTS", "Composition", "Driver", "Event", "Hop", "Journey", "Ledger",
    "Machine", "Process", "Simulator", "Steps", "Streams", "Timer", "composition",
]  # fmt: skip
