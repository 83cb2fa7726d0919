"""TCP between applications: a full endpoint as a machine without a clock.

``endpoint.py`` puts one end together: ``opening.py`` shakes hands, ``sender.py`` sends within the
windows of path and peer, ``receiver.py`` puts together what comes. Behind the sender are
``scoreboard.py`` (what is in the network), ``recovery.py`` and ``rack.py`` (what of it is lost),
``congestion.py``, ``cubic.py``, ``newreno.py`` (how much may be there), ``rtt.py`` and ``mss.py``.
``stack.py`` holds the connections of a container or a host.
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
