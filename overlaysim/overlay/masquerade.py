"""What a host does to packets that its containers send to the outside: source NAT, with a memory.

What netfilter does for Docker's rule ``-j MASQUERADE`` (moby ``daemon/libnetwork/drivers/bridge``;
Linux ``net/netfilter``: ``nf_nat_masquerade.c``, ``nf_nat_core.c``, ``nf_conntrack_proto_udp.c``,
``nf_conntrack_proto_tcp.c``, ``nf_conntrack_proto_icmp.c``): the source becomes the host's own
address, the port or identifier stays if no other flow to the same end has it, and answers are
translated back for as long as the flow is remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from overlaysim.overlay.icmp_errors import read_quoted
from overlaysim.overlay.nat import Socket, next_free, readdress, requote, transport_of
from overlaysim.overlay.remembered import Expiry
from overlaysim.overlay.tcp_tracking import CONNTRACK_TIMEOUTS, TcpTrack
from overlaysim.units import SECOND
from overlaysim.wire import ICMP, TCP, UDP, IPv4, Packet
from overlaysim.wire.icmp import ECHO_REPLY, ECHO_REQUEST, ERRORS
from overlaysim.wire.tcp import RST

UDP_TIMEOUT = 30 * SECOND
"""``nf_conntrack_udp_timeout``: for a flow that was not answered, or is younger than
:data:`STREAM_AGE`."""
UDP_STREAM_TIMEOUT = 120 * SECOND
"""``nf_conntrack_udp_timeout_stream``: for one that was answered and has lasted."""
STREAM_AGE = 2 * SECOND
"""``nf_conntrack_udp_packet``: what has been going on for longer is a stream."""
ICMP_TIMEOUT = 30 * SECOND
"""``nf_conntrack_icmp_timeout``."""

PORT_CLASSES = ((0, 511, 1), (512, 1023, 600), (1024, 65_535, 1024))
"""Ports from, to, and the first that may take the place of one of these (``nf_nat_core.c``,
``nf_nat_l4proto_unique_tuple``, which begins its search at random; here the next one is taken)."""

_ICMP, _TCP, _UDP = (header.BINDINGS["protocol"] for header in (ICMP, TCP, UDP))


@dataclass(slots=True)
class MasqueradedFlow:
    """One flow of a container to the outside.

    Attributes:
        protocol: 1 for ICMP echoes, 6 for TCP, 17 for UDP.
        inside: the container's end.
        outside: the other end.
        port: the port or identifier by which the outside knows the container's end.
        began, expires: picoseconds; whether it is ``answered`` decides how long it is remembered.
    """

    protocol: int
    inside: Socket
    outside: Socket
    port: int
    began: int
    expires: int = 0
    answered: bool = False
    track: TcpTrack = field(default_factory=TcpTrack)

    def touch(self, packet: Packet, now: int, *, outwards: bool) -> None:
        """A packet of it passes."""
        header = transport_of(packet)
        if isinstance(header, TCP):
            self.track.see(header.flags, from_client=outwards)
            timeout = CONNTRACK_TIMEOUTS[self.track.state]
        elif self.protocol == _ICMP:
            timeout = ICMP_TIMEOUT
        elif self.answered and now - self.began > STREAM_AGE:
            timeout = UDP_STREAM_TIMEOUT
        else:
            timeout = UDP_TIMEOUT
        self.expires = now + timeout


class Masquerade:
    """The flows through one host. Packets are whole: netfilter puts fragments together first.

    Attributes:
        on_flow: called with each new flow.

    Args:
        address: the host's own address, which the outside sees.
        is_reserved: whether the host itself uses a UDP port. Netfilter keeps a container's flow
            apart from the host's own ones, which are not remembered here, in the same way.
    """

    def __init__(
        self, address: str, is_reserved: Callable[[int], bool] = lambda port: False
    ) -> None:
        self.address = address
        self.on_flow: Callable[[MasqueradedFlow], None] | None = None
        self._is_reserved = is_reserved
        self._flows: dict[tuple[int, Socket, Socket], MasqueradedFlow] = {}
        self._returns: dict[tuple[int, Socket, int], MasqueradedFlow] = {}
        self._expiry: Expiry[MasqueradedFlow] = Expiry(self._forget)

    def forward(self, packet: Packet, now: int) -> Packet | None:
        """Translate a packet of a container.

        None if it cannot be: it neither belongs to a flow nor can begin one (UDP, echo requests and
        all TCP segments but resets do, ``nf_conntrack_tcp_loose``), or no port is left for it.
        """
        ends = _ends(packet, ECHO_REQUEST)
        if ends is None:
            return self._forward_error(packet, now)
        flow = self._expiry.live(self._flows.get(ends), now)
        if flow is None and not _is_reset(packet):
            flow = self._open(*ends, now)
        if flow is None:
            return None
        flow.touch(packet, now, outwards=True)
        return readdress(packet, (self.address, flow.port), flow.outside)

    def reverse(self, packet: Packet, now: int) -> Packet | None:
        """Translate what came for the host back, if it belongs to a flow of a container."""
        ends = _ends(packet, ECHO_REPLY)
        if ends is None:
            return self._reverse_error(packet, now)
        flow = self._answered_by(ends, now)
        if flow is None:
            return None
        flow.answered = True
        flow.touch(packet, now, outwards=False)
        return readdress(packet, flow.outside, flow.inside)

    def _forward_error(self, packet: Packet, now: int) -> Packet | None:
        """An ICMP error of a container quotes an answer that it got."""
        quoted = _quoted(packet)
        ends = None if quoted is None else _ends(quoted, ECHO_REPLY)
        if quoted is None or ends is None:
            return None
        protocol, outside, inside = ends
        flow = self._expiry.live(self._flows.get((protocol, inside, outside)), now)
        if flow is None:
            return None
        seen = readdress(quoted, outside, (self.address, flow.port), hops=0)
        return requote(packet, self.address, packet.layer(0, IPv4).dst, seen)

    def _reverse_error(self, packet: Packet, now: int) -> Packet | None:
        """An ICMP error of the outside quotes what it got; a router on the way may send it too."""
        quoted = _quoted(packet)
        ends = None if quoted is None else _ends(quoted, ECHO_REQUEST)
        if quoted is None or ends is None:
            return None
        protocol, source, outside = ends
        flow = self._answered_by((protocol, outside, source), now)
        if flow is None:
            return None
        sent = readdress(quoted, flow.inside, outside, hops=0)
        return requote(packet, packet.layer(0, IPv4).src, flow.inside[0], sent)

    def _answered_by(
        self, ends: tuple[int, Socket, Socket], now: int
    ) -> MasqueradedFlow | None:  # fmt: skip
        """The flow that a packet from the first to the second end answers."""
        protocol, outside, (address, port) = ends
        if address != self.address:
            return None
        return self._expiry.live(self._returns.get((protocol, outside, port)), now)

    def _open(
        self, protocol: int, inside: Socket, outside: Socket, now: int
    ) -> MasqueradedFlow | None:  # fmt: skip
        self._expiry.sweep(self._flows.values(), now)
        port = self._free_port(protocol, inside[1], outside, now)
        if port is None:
            return None
        flow = MasqueradedFlow(protocol, inside, outside, port, now)
        self._flows[protocol, inside, outside] = flow
        self._returns[protocol, outside, port] = flow
        if self.on_flow is not None:
            self.on_flow(flow)
        return flow

    def _free_port(self, protocol: int, wanted: int, outside: Socket, now: int) -> int | None:
        def is_free(port: int) -> bool:
            if protocol == _UDP and self._is_reserved(port):
                return False
            return self._expiry.live(self._returns.get((protocol, outside, port)), now) is None

        if protocol == _ICMP:
            return next_free(wanted, 0, 0xFFFF, is_free)
        first, last = next((least, high) for low, high, least in PORT_CLASSES if wanted <= high)
        return next_free(wanted, first, last, is_free)

    def _forget(self, flow: MasqueradedFlow) -> None:
        del self._flows[flow.protocol, flow.inside, flow.outside]
        del self._returns[flow.protocol, flow.outside, flow.port]


def _ends(packet: Packet, echo: int) -> tuple[int, Socket, Socket] | None:
    """Protocol, source, target of a UDP or TCP packet or an ICMP echo of this type, else None."""
    ip = packet.layer(0, IPv4)
    transport = packet.layers[1] if len(packet.layers) > 1 else None
    if isinstance(transport, UDP | TCP):
        protocol = _UDP if isinstance(transport, UDP) else _TCP
        return protocol, (ip.src, transport.src_port), (ip.dst, transport.dst_port)
    if not isinstance(transport, ICMP) or transport.type != echo:
        return None
    if echo == ECHO_REQUEST:
        return _ICMP, (ip.src, transport.ident), (ip.dst, 0)
    return _ICMP, (ip.src, 0), (ip.dst, transport.ident)


def _is_reset(packet: Packet) -> bool:
    header = transport_of(packet)
    return isinstance(header, TCP) and bool(header.flags & RST)


def _quoted(packet: Packet) -> Packet | None:
    """What an ICMP error quotes; None if the packet is no error, or quotes too little."""
    message = packet.layers[1] if len(packet.layers) > 1 else None
    if not isinstance(message, ICMP) or message.type not in ERRORS:
        return None
    return read_quoted(bytes(packet.payload))
