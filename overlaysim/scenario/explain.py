"""Remembers what is needed to explain the last packet and the last look-up of a session."""

from __future__ import annotations

from overlaysim.report.explain import Note, explain_lookup, explain_packet
from overlaysim.sim import Journey, Simulator
from overlaysim.sim.events import BeliefAdded, FlowMasqueraded, LookedUp, NameAdded
from overlaysim.units import format_seconds
from overlaysim.wire import ICMP, UDP, Ethernet, IPv4, Packet

NOTHING = "nothing to explain yet: no container has sent a packet or looked up a name\n"


class Explainer:
    """Listens to a simulation for its newest container packet, look-up and beliefs."""

    def __init__(self, simulator: Simulator) -> None:
        self._journey: Journey | None = None
        self._lookup: LookedUp | None = None
        self._since = 0
        self._born: dict[tuple[str, str, str], NameAdded] = {}
        self._heard: dict[tuple[str, str, str, str], int] = {}
        self._flows: dict[tuple[object, ...], FlowMasqueraded] = {}
        simulator.ledger.on_end.append(self._packet)
        simulator.bus.subscribe(FlowMasqueraded, self._masqueraded)
        simulator.bus.subscribe(LookedUp, self._looked_up)
        simulator.bus.subscribe(NameAdded, self._name_added)
        simulator.bus.subscribe(BeliefAdded, self._believed)

    def begin(self, now: int) -> None:
        """A command begins: its packets have nothing to do with earlier look-ups."""
        self._since = now

    def text(self) -> str:
        """Tell what the last packet did, with the look-up before it, or the last look-up alone."""
        if self._journey is not None:
            flow = self._flow()
            way = self._address_notes() if flow is None else self._way_notes(flow)
            return explain_packet(self._journey, [*self._name_notes(), *way], masqueraded=flow)
        if self._lookup is not None:
            return explain_lookup(self._lookup, self._name_notes())
        return NOTHING

    def _name_notes(self) -> list[Note]:
        if self._lookup is None:
            return []
        notes = []
        name = self._lookup.name.rstrip(".").lower().removesuffix(f".{self._lookup.network}")
        for address in self._lookup.answers:
            key = (self._lookup.network, name, address)
            born = self._born.get(key)
            heard = self._heard.get((self._lookup.host, *key))
            if born is None or heard is None:
                continue
            story = f"{self._lookup.host}'s own table; born on {born.host} at "
            story += format_seconds(born.at)
            if born.host != self._lookup.host:
                story += f", heard here at {format_seconds(heard)}"
            notes.append(("name", f"{name} = {address}", story))
        return notes

    def _address_notes(self) -> list[Note]:
        """Where the packet's inner destination MAC came from."""
        assert self._journey is not None
        packet = self._journey.packet
        ethernet = packet.find_last(Ethernet) if packet is not None else None
        ip = packet.find_last(IPv4) if packet is not None else None
        if ethernet is None or ip is None or "@" not in self._journey.intended:
            return []  # for what is in none of the networks the gateway was asked for
        host = self._journey.source.rpartition("@")[2]
        tunnelled = self._journey.destination not in ("", host)
        device = self._journey.tunnel[0] if self._journey.tunnel else "vxlan0"
        by = (
            f"answered by {device} on {host}, nothing sent"
            if tunnelled
            else f"on the bridge of {host}"
        )
        return [("arp", f"{ip.dst} is at {ethernet.dst}", by)]

    def _flow(self) -> FlowMasqueraded | None:
        """The flow of the packet, if its host has masqueraded it."""
        assert self._journey is not None
        packet = self._journey.packet
        ends = None if packet is None else _ends(packet)
        return self._flows.get((self._journey.source, *ends)) if ends else None

    def _way_notes(self, flow: FlowMasqueraded) -> list[Note]:
        network = flow.network.partition("@")[0]
        whose = flow.endpoint.partition("@")[0]
        fact = f"{flow.target} is in none of the networks of {whose}"
        return [("way", fact, f"out by {network} of {flow.host}")]

    def _masqueraded(self, event: FlowMasqueraded) -> None:
        self._flows[event.endpoint, event.protocol, event.port, event.target, event.target_port] = (
            event
        )

    def _packet(self, journey: Journey) -> None:
        if journey.kind != "data" or (journey.message and journey.message[-1] == "reply"):
            return
        self._journey = journey
        lookup = self._lookup
        if lookup is not None and (lookup.at <= self._since or not led_to(lookup, journey)):
            self._lookup = None

    def _looked_up(self, event: LookedUp) -> None:
        self._lookup, self._journey = event, None

    def _name_added(self, event: NameAdded) -> None:
        self._born[event.network, event.name, event.address] = event

    def _believed(self, event: BeliefAdded) -> None:
        self._heard[event.host, event.network, event.name, event.address] = event.at


def _ends(packet: Packet) -> tuple[object, ...] | None:
    """Protocol, source port or identifier, target and its port of a packet as it is on the link."""
    if len(packet.layers) < 3 or not isinstance(packet.layers[1], IPv4):
        return None
    ip, transport = packet.layers[1], packet.layers[2]
    if isinstance(transport, ICMP):
        return "icmp", transport.ident, ip.dst, 0
    if isinstance(transport, UDP):
        return "udp", transport.src_port, ip.dst, transport.dst_port
    return None


def led_to(lookup: LookedUp, journey: Journey) -> bool:
    """Whether a packet goes from who asked to an address in the answer."""
    ip = journey.packet.find_last(IPv4) if journey.packet is not None else None
    return lookup.container == journey.source and ip is not None and ip.dst in lookup.answers
