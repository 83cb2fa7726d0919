"""Programs inside containers and the streams of the control plane, as machines without a clock."""

from overlaysim.traffic.lookup import Getent, Nslookup
from overlaysim.traffic.messages import (
    DatagramIn,
    EchoReply,
    Event,
    FragmentationNeeded,
    HostUnreachable,
    LookUp,
    PortUnreachable,
    Request,
    Resolved,
    SendDatagram,
    SendEcho,
    TooBig,
)
from overlaysim.traffic.ping import Ping
from overlaysim.traffic.program import Program
from overlaysim.traffic.segment import Segment
from overlaysim.traffic.stream import (
    SegmentIn,
    StreamDelivered,
    StreamFailed,
    StreamOutput,
    StreamStack,
)
from overlaysim.traffic.udp import UdpSource

__all__ = [
    "DatagramIn", "EchoReply", "Event", "FragmentationNeeded", "Getent", "HostUnreachable",
    "LookUp", "Nslookup", "Ping", "PortUnreachable", "Program", "Request", "Resolved", "Segment",
    "SegmentIn", "SendDatagram", "SendEcho", "StreamDelivered", "StreamFailed", "StreamOutput",
    "StreamStack", "TooBig", "UdpSource",
]  # fmt: skip
