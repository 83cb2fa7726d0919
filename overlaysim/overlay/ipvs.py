"""A service's virtual IP: which backend each flow gets, and the address translation for it.

What IPVS and netfilter do in Docker's namespace ``lb-<network>`` on the client's node (moby
``daemon/libnetwork/service_linux.go``; Linux ``net/netfilter/ipvs``): round robin per new UDP
flow; the destination becomes the backend, the source the load balancer's own address, so that the
replies come back this way and are translated in turn. Every port of a virtual IP is served.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from overlaysim.overlay.nat import Socket, next_free, readdress, readdress_error
from overlaysim.units import SECOND
from overlaysim.wire import ICMP, UDP, IPv4, MalformedPacket, Packet

UDP_TIMEOUT = 300 * SECOND
"""A flow without a packet for this long is forgotten (``ip_vs_proto_udp.c``)."""
FIRST_PORT, LAST_PORT = 1024, 65_535
"""Where a source port is taken from when the client's own is in use (``nf_nat_core.c``)."""


@dataclass(slots=True)
class _Flow:
    client: Socket
    virtual: Socket
    backend: Socket
    local: Socket
    """Whom the backend sees: the load balancer's address and a port."""
    used: int


class VirtualServer:
    """The flows through one load balancer.

    Args:
        address: its own address, which backends see.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._services: dict[str, dict[str, int]] = {}
        self._last: dict[str, str] = {}  # virtual IP -> the backend chosen last
        self._flows: dict[tuple[Socket, Socket], _Flow] = {}  # by client and virtual socket
        self._returns: dict[tuple[Socket, Socket], _Flow] = {}  # by backend and local socket
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
        """Translate a client's UDP packet to a virtual IP.

        Returns None if no backend takes it; the kernel then says "port unreachable".
        """
        ip = packet.layer(0, IPv4)
        flow = self._flow_of_fragment(ip)
        if not ip.offset:
            udp = packet.layer(1, UDP)
            flow = self._flow((ip.src, udp.src_port), (ip.dst, udp.dst_port), now)
            self._note_fragment(ip, flow)
        return None if flow is None else readdress(packet, flow.local, flow.backend)

    def reverse(self, packet: Packet, now: int) -> Packet | None:
        """Translate what comes back to the load balancer; None if it belongs to no flow."""
        ip = packet.layer(0, IPv4)
        flow = self._flow_of_fragment(ip)
        if not ip.offset:
            transport = packet.layers[1]
            if isinstance(transport, ICMP):
                return self._reverse_error(packet)
            if not isinstance(transport, UDP):
                return None
            flow = self._returns.get(((ip.src, transport.src_port), (ip.dst, transport.dst_port)))
            if flow is not None:
                self._use(flow, now)
            self._note_fragment(ip, flow)
        return None if flow is None else readdress(packet, flow.virtual, flow.client)

    def _reverse_error(self, packet: Packet) -> Packet | None:
        """An ICMP error belongs to the flow of the datagram that it quotes."""
        data = bytes(packet.payload)
        try:
            ip = IPv4.parse(data, 0, len(data))
            udp = UDP.parse(data, ip.header_length, len(data))
        except MalformedPacket:
            return None
        flow = self._returns.get(((ip.dst, udp.dst_port), (ip.src, udp.src_port)))
        if flow is None:
            return None
        quoted = Packet((ip, udp), data[ip.header_length + udp.header_length :])
        return readdress_error(packet, quoted, flow.virtual, flow.client)

    def _flow(self, client: Socket, virtual: Socket, now: int) -> _Flow | None:
        while self._flows:
            oldest = next(iter(self._flows.values()))  # the least recently used comes first
            if now - oldest.used < UDP_TIMEOUT:
                break
            self._forget(oldest)
        flow = self._flows.get((client, virtual))
        if flow is not None:
            self._use(flow, now)
            return flow
        address = self._next_backend(virtual[0])
        if address is None:
            return None
        backend = (address, virtual[1])
        port = self._free_port(backend, client[1])
        if port is None:
            return None
        flow = _Flow(client, virtual, backend, (self.address, port), now)
        self._flows[client, virtual] = self._returns[backend, flow.local] = flow
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

    def _free_port(self, backend: Socket, port: int) -> int | None:
        """The client's own port, or the next that no other flow to this backend has."""
        return next_free(
            port, FIRST_PORT, LAST_PORT,
            lambda free: (backend, (self.address, free)) not in self._returns,
        )  # fmt: skip

    def _use(self, flow: _Flow, now: int) -> None:
        flow.used = now
        self._flows[flow.client, flow.virtual] = self._flows.pop((flow.client, flow.virtual))

    def _forget(self, flow: _Flow) -> None:
        del self._flows[flow.client, flow.virtual]
        del self._returns[flow.backend, flow.local]

    def _note_fragment(self, ip: IPv4, flow: _Flow | None) -> None:
        """Later fragments have no ports: remember whose datagram is passing between two ends."""
        if ip.mf and flow is not None:
            self._fragmented[ip.src, ip.dst] = (ip.ident, flow)

    def _flow_of_fragment(self, ip: IPv4) -> _Flow | None:
        ident, flow = self._fragmented.get((ip.src, ip.dst), (None, None))
        return flow if ident == ip.ident else None
