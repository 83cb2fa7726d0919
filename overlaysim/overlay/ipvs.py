"""A service's virtual IP: which backend each flow gets, and the address translation for it.

What IPVS and netfilter do in Docker's namespace ``lb-<network>`` on the client's node (moby
``daemon/libnetwork/service_linux.go``; Linux ``net/netfilter/ipvs``): round robin per new UDP
flow or TCP connection; the destination becomes the backend, the source the load balancer's own
address, so that the replies come back this way and are translated in turn. Every port of a virtual
IP is served.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from overlaysim.overlay.icmp_errors import read_quoted
from overlaysim.overlay.nat import Socket, next_free, readdress, readdress_error, transport_of
from overlaysim.overlay.remembered import Expiry
from overlaysim.overlay.tcp_tracking import IPVS_TIMEOUTS, TcpTrack, begins
from overlaysim.units import SECOND
from overlaysim.wire import ICMP, TCP, UDP, IPv4, Packet

UDP_TIMEOUT = 300 * SECOND
"""A flow without a packet for this long is forgotten (``ip_vs_proto_udp.c``)."""
FIRST_PORT, LAST_PORT = 1024, 65_535
"""Where a source port is taken from when the client's own is in use (``nf_nat_core.c``)."""


_Pair = tuple[type, Socket, Socket]
"""Class of the transport header, and the two ends of packets of a flow."""


@dataclass(slots=True)
class _Flow:
    kind: type[UDP] | type[TCP]
    client: Socket
    virtual: Socket
    backend: Socket
    local: Socket
    """Whom the backend sees: the load balancer's address and a port."""
    track: TcpTrack
    expires: int = 0

    def touch(self, header: UDP | TCP, now: int, *, from_client: bool) -> None:
        """A packet of it passes."""
        if isinstance(header, TCP):
            self.track.see(header.flags, from_client=from_client)
            self.expires = now + IPVS_TIMEOUTS[self.track.state]
        else:
            self.expires = now + UDP_TIMEOUT


class VirtualServer:
    """The flows through one load balancer.

    Args:
        address: its own address, which backends see.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._services: dict[str, dict[str, int]] = {}
        self._last: dict[str, str] = {}  # virtual IP -> the backend chosen last
        self._flows: dict[_Pair, _Flow] = {}  # by client and virtual socket
        self._returns: dict[_Pair, _Flow] = {}  # by backend and local socket
        self._expiry: Expiry[_Flow] = Expiry(self._forget)
        self._fragmented: dict[tuple[str, str], tuple[int, _Flow]] = {}

    def serve(self, services: Mapping[str, Mapping[str, int]]) -> None:
        """Serve exactly these: virtual IP -> backend -> weight, in the order of their turns.

        A backend of weight 0 keeps its flows and gets no new ones; the flows of one that is gone
        end at once, so that their next datagram goes elsewhere (``expire_nodest_conn`` 1).
        """
        self._services = {virtual: dict(backends) for virtual, backends in services.items()}
        for flow in list(self._flows.values()):
            if flow.backend[0] not in self._services.get(flow.virtual[0], {}):
                self._forget(flow)

    def forward(self, packet: Packet, now: int) -> Packet | None:
        """Translate a client's UDP or TCP packet to a virtual IP.

        Returns None if no backend takes it: then the kernel says "port unreachable", or resets a
        connection that it does not know.
        """
        ip, header = packet.layer(0, IPv4), transport_of(packet)
        flow = self._flow_of_fragment(ip)
        if not ip.offset:
            if header is None:
                return None
            flow = self._flow(header, (ip.src, header.src_port), (ip.dst, header.dst_port), now)
            self._note_fragment(ip, flow)
        return None if flow is None else readdress(packet, flow.local, flow.backend)

    def reverse(self, packet: Packet, now: int) -> Packet | None:
        """Translate what comes back to the load balancer; None if it belongs to no flow."""
        ip, header = packet.layer(0, IPv4), transport_of(packet)
        flow = self._flow_of_fragment(ip)
        if not ip.offset:
            if header is None:
                return self._reverse_error(packet, now)
            source, target = (ip.src, header.src_port), (ip.dst, header.dst_port)
            flow = self._expiry.live(self._returns.get((type(header), source, target)), now)
            if flow is not None:
                flow.touch(header, now, from_client=False)
            self._note_fragment(ip, flow)
        return None if flow is None else readdress(packet, flow.virtual, flow.client)

    def _reverse_error(self, packet: Packet, now: int) -> Packet | None:
        """An ICMP error belongs to the flow of the packet that it quotes."""
        message = packet.layers[1] if len(packet.layers) > 1 else None
        quoted = read_quoted(bytes(packet.payload)) if isinstance(message, ICMP) else None
        header = None if quoted is None else transport_of(quoted)
        if quoted is None or header is None:
            return None
        ip = quoted.layer(0, IPv4)
        source, target = (ip.dst, header.dst_port), (ip.src, header.src_port)
        flow = self._expiry.live(self._returns.get((type(header), source, target)), now)
        return None if flow is None else readdress_error(packet, quoted, flow.virtual, flow.client)

    def _flow(self, header: UDP | TCP, client: Socket, virtual: Socket, now: int) -> _Flow | None:
        kind = type(header)
        flow = self._expiry.live(self._flows.get((kind, client, virtual)), now)
        if flow is None and (not isinstance(header, TCP) or begins(header.flags)):
            flow = self._open(kind, client, virtual, now)
        if flow is not None:
            flow.touch(header, now, from_client=True)
        return flow

    def _open(
        self, kind: type[UDP] | type[TCP], client: Socket, virtual: Socket, now: int
    ) -> _Flow | None:
        self._expiry.sweep(self._flows.values(), now)
        address = self._next_backend(virtual[0])
        if address is None:
            return None
        backend = (address, virtual[1])
        port = self._free_port(kind, backend, client[1], now)
        if port is None:
            return None
        flow = _Flow(kind, client, virtual, backend, (self.address, port), TcpTrack())
        self._flows[kind, client, virtual] = self._returns[kind, backend, flow.local] = flow
        return flow

    def _next_backend(self, virtual_ip: str) -> str | None:
        """The next in turn that has weight (``ip_vs_rr.c``)."""
        backends = self._services.get(virtual_ip, {})
        order = list(backends)
        last = self._last.get(virtual_ip)
        turn = order.index(last) + 1 if last in backends else 0
        chosen = next((a for a in order[turn:] + order[:turn] if backends[a]), None)
        if chosen is not None:
            self._last[virtual_ip] = chosen
        return chosen

    def _free_port(
        self, kind: type[UDP] | type[TCP], backend: Socket, port: int, now: int
    ) -> int | None:
        """The client's own port, or the next that no other flow to this backend has."""

        def is_free(free: int) -> bool:
            taken = self._returns.get((kind, backend, (self.address, free)))
            return self._expiry.live(taken, now) is None

        return next_free(port, FIRST_PORT, LAST_PORT, is_free)

    def _forget(self, flow: _Flow) -> None:
        del self._flows[flow.kind, flow.client, flow.virtual]
        del self._returns[flow.kind, flow.backend, flow.local]

    def _note_fragment(self, ip: IPv4, flow: _Flow | None) -> None:
        """Later fragments have no ports: remember whose datagram is passing between two ends."""
        if ip.mf and flow is not None:
            self._fragmented[ip.src, ip.dst] = (ip.ident, flow)

    def _flow_of_fragment(self, ip: IPv4) -> _Flow | None:
        ident, flow = self._fragmented.get((ip.src, ip.dst), (None, None))
        return flow if ident == ip.ident else None
