"""TCP between applications: a full endpoint as a machine without a clock.

``stack.py`` holds the connections of a container or a host. Each is an ``endpoint.py``: it shakes
hands (``opening.py``) and then has a ``conversation.py``, which decides what to believe and when
all is said. That has two halves: ``sender.py`` sends within the windows of path and peer, and
``receiver.py`` puts together what comes. Behind the sender are ``scoreboard.py`` (what is in the
network), ``recovery.py`` with ``rack.py``, ``tail.py`` and ``prr.py`` (what of it is lost),
``congestion.py`` with ``cubic.py``, ``newreno.py`` and ``hystart.py`` (how much may be there),
``timer.py``, ``rtt.py`` and ``mss.py``.

What is left out: ECN, data in SYNs, undoing what a spurious time-out did, a receive buffer that
grows by itself (all of it is offered from the beginning), pacing, probing for a longer path MTU,
and a time-out in FIN-WAIT-2.
"""

from overlaysim.traffic.tcp.endpoint import Endpoint
from overlaysim.traffic.tcp.events import (
    Acknowledged,
    BlackHole,
    Closed,
    Established,
    Event,
    Failed,
    PeerClosed,
    Received,
)
from overlaysim.traffic.tcp.info import TcpInfo
from overlaysim.traffic.tcp.segment import TcpSegment
from overlaysim.traffic.tcp.settings import TcpSettings
from overlaysim.traffic.tcp.stack import TcpStack

__all__ = [
    "Acknowledged", "BlackHole", "Closed", "Endpoint", "Established", "Event", "Failed",
    "PeerClosed", "Received", "TcpInfo", "TcpSegment", "TcpSettings", "TcpStack",
]  # fmt: skip
