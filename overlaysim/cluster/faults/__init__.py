"""What can be broken on purpose, and the book of what is broken at present.

Each fault acts on one mechanism of the model; what follows from it is not written anywhere.
"""

from overlaysim.cluster.faults.base import Fault
from overlaysim.cluster.faults.book import ActiveFault, FaultBook
from overlaysim.cluster.faults.churn import Churn
from overlaysim.cluster.faults.hosts import (
    BrokenOffload,
    CrashHost,
    FreezeDaemon,
    JoinSwarm,
    LeaveSwarm,
    SlowHost,
    StopDaemon,
)
from overlaysim.cluster.faults.network import BlockPort, DegradeLink, LinkState, Partition

__all__ = [
    "ActiveFault", "BlockPort", "BrokenOffload", "Churn", "CrashHost", "DegradeLink", "Fault",
    "FaultBook", "FreezeDaemon", "JoinSwarm", "LeaveSwarm", "LinkState", "Partition", "SlowHost",
    "StopDaemon",
]  # fmt: skip
