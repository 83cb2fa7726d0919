"""Open-loop flows as arrays: births and sizes of packets, the same for whoever sends them.

Everything here needs numpy and is therefore imported late.
"""

from overlaysim.traffic.schedule.chance import Chance, Gaps, Indices, Sizes, Times
from overlaysim.traffic.schedule.chunks import HORIZON
from overlaysim.traffic.schedule.emissions import Emissions
from overlaysim.traffic.schedule.gaps import Constant, Poisson, spacing
from overlaysim.traffic.schedule.logarithm import exponential
from overlaysim.traffic.schedule.onoff import Exponential, OnOff
from overlaysim.traffic.schedule.replay import Replay
from overlaysim.traffic.schedule.schedule import Schedule
from overlaysim.traffic.schedule.sizes import LARGEST_PAYLOAD, Fixed, Mix, imix

__all__ = [
    "HORIZON", "LARGEST_PAYLOAD", "Chance", "Constant", "Emissions", "Exponential", "Fixed", "Gaps",
    "Indices", "Mix", "OnOff", "Poisson", "Replay", "Schedule", "Sizes", "Times", "exponential",
    "imix", "spacing",
]  # fmt: skip
