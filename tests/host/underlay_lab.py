"""Hosts with nothing but their IP, and routers between them, for tests of what crosses links."""

from __future__ import annotations

from collections.abc import Sequence

from overlaysim.host.directory import Directory, HostAddress
from overlaysim.host.outer import OuterIp
from overlaysim.host.router import Router
from overlaysim.sim import Journey, Simulator, composition
from overlaysim.underlay import LinkSpec, Topology, Underlay, listed
from overlaysim.wire import UDP, Ethernet, Header, IPv4, IPv6, Opaque, Packet

SMALLEST_MTU = 68


def chain(mtus: Sequence[int], **fields: object) -> Topology:
    """Hosts ``a`` and ``b`` with routers ``r1`` … between them: links with these MTUs in a row."""
    nodes = ["a", *(f"r{n}" for n in range(1, len(mtus))), "b"]
    links = [
        (nodes[i], nodes[i + 1], LinkSpec(mtu=mtu, **fields))  # type: ignore[arg-type]
        for i, mtu in enumerate(mtus)
    ]
    return listed(["a", "b"], [], links, nodes[1:-1])


class UnderlayLab:
    """A simulator with a topology; every whole packet that a host takes is delivered and kept.

    Every node's address is 10.77.0.n, or fd09::n, in the order of the topology's nodes.
    """

    def __init__(self, topology: Topology, seed: int = 0, *, net: str = "10.77.0.") -> None:
        self.simulator = Simulator(seed)
        self.underlay = Underlay(self.simulator, topology, trace=True)
        self.directory = Directory()
        self.places = {
            node: HostAddress(node, f"{net}{number}", f"02:00:00:00:00:{number:02x}")
            for number, node in enumerate(topology.nodes, 1)
        }
        self.taken: list[Packet] = []
        self.ended: list[Journey] = []
        self.simulator.ledger.on_end.append(self.ended.append)
        self.hosts = {name: self._host(name) for name in topology.hosts}
        self.routers = [
            Router(self.simulator, self.underlay, self.places[name], self.directory)
            for name in topology.routers
        ]

    def _host(self, name: str) -> OuterIp:
        self.directory.add_host(self.places[name])

        def take(journey: Journey, packet: Packet) -> None:
            assert journey.length == journey.composition.length == packet.length
            self.taken.append(packet)
            self.simulator.ledger.deliver(journey, self.simulator.now, name)

        return OuterIp(self.simulator, self.underlay, self.directory, self.places[name], take)

    def packet(self, length: int, *, df: bool = False, source: str = "a", target: str = "b",
               ttl: int = 64) -> Packet:  # fmt: skip
        """A UDP datagram whose IP packet has this length, in a frame."""
        a, b = self.places[source], self.places[target]
        ip = IPv4(a.address, b.address, ttl=ttl, df=df, ident=self.hosts[source].next_ident())
        layers: tuple[Header, ...] = (Ethernet(b.mac, a.mac), ip, UDP(40000, 4789))
        return Packet(layers, Opaque(length - 28, "test"))

    def packet_6(self, length: int) -> Packet:
        """The same over IPv6, from a to b."""
        a, b = self.places["a"], self.places["b"]
        layers = (Ethernet(b.mac, a.mac), IPv6(a.address, b.address), UDP(40000, 4789))
        return Packet(layers, Opaque(length - 48, "test"))

    def send(self, packet: Packet, *, source: str = "a", target: str = "b") -> Journey:
        """Let a host send a packet; it may be cut unless DF is set, IPv6 in any case."""
        journey = self.simulator.ledger.create(
            "data", self.simulator.now, source=source, intended=target
        )
        headers = packet.length - packet.payload_length
        journey.composition = composition("data", packet.payload_length, 0, 0, headers)
        ip = packet.layers[1]
        df = isinstance(ip, IPv4) and ip.df
        self.hosts[source].send(journey, packet, self.places[target], may_cut=not df)
        return journey

    def run(self, duration: int) -> None:
        """Let time pass, and check that no packet is lost from the books."""
        self.simulator.run_for(duration)
        held = self.underlay.in_flight + sum(host.in_hand for host in self.hosts.values())
        assert held == self.simulator.ledger.in_flight

    def fates(self) -> list[tuple[str, str, str]]:
        """Kind, outcome or reason, and place of every journey, in the order of their ends."""
        return [(j.kind, j.reason or "delivered", j.where or j.reached or "") for j in self.ended]
