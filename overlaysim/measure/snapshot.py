"""What was true and what each host believed at one instant of a run, from its trace events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from overlaysim.measure.truth import Truth, Verdict, canonical
from overlaysim.sim.events import (
    BeliefAdded,
    BeliefRemoved,
    EndpointAdded,
    EndpointRemoved,
    FaultBegan,
    FaultEnded,
    GossipEnded,
    HostJoinedNetwork,
    HostLeftNetwork,
    MemberChanged,
    NameAdded,
    NameRemoved,
    PathChanged,
    PeerAdded,
    PeerRemoved,
)

REACHES = ""
"""What :meth:`Snapshot.obstacle` says when there is none."""
NO_ENTRY = "no entry"
WRONG_HOST = "to "


class Snapshot:
    """The state of names, tunnels, members and faults after a number of events.

    Attributes:
        truth: which addresses every name has.
        holders: network -> the hosts that hold its tables.
        names: network -> every name that was ever true or believed in it, as it was spelt.
        endpoints: ``(network, address)`` -> its endpoint's label and the host that this is on.
        members: host -> other host -> ``active``, ``failed`` or ``left``, as its gossip says.
        faults: number -> the beginning of a fault that has not ended.
    """

    def __init__(self) -> None:
        self.truth = Truth()
        self.holders: dict[str, dict[str, None]] = {}
        self.names: dict[str, dict[str, str]] = {}
        self.endpoints: dict[tuple[str, str], tuple[str, str]] = {}
        self.members: dict[str, dict[str, str]] = {}
        self.faults: dict[int, FaultBegan] = {}
        # (host, network) -> name -> addresses, and -> address -> hosts it is sent to
        self._beliefs: dict[tuple[str, str], dict[str, dict[str, None]]] = {}
        self._peers: dict[tuple[str, str], dict[str, dict[str, None]]] = {}
        self._obstacles: dict[tuple[str, str], str] = {}
        self._take: dict[type, Callable[[Any], None]] = {
            NameAdded: self._name_added,
            NameRemoved: self._name_removed,
            BeliefAdded: self._belief_added,
            BeliefRemoved: self._belief_removed,
            HostJoinedNetwork: self._host_joined,
            HostLeftNetwork: self._host_left,
            EndpointAdded: self._endpoint_added,
            EndpointRemoved: self._endpoint_removed,
            PeerAdded: self._peer_added,
            PeerRemoved: self._peer_removed,
            MemberChanged: self._member_changed,
            GossipEnded: self._gossip_ended,
            PathChanged: self._path_changed,
            FaultBegan: self._fault_began,
            FaultEnded: self._fault_ended,
        }

    def take(self, event: Any) -> None:
        """Take in the next event; those that concern something else are passed over."""
        handler = self._take.get(type(event))
        if handler is not None:
            handler(event)

    def beliefs(self, host: str, network: str, name: str) -> tuple[str, ...]:
        """The addresses that a host answers for a name, in the order in which it heard of them."""
        return tuple(self._beliefs.get((host, network), {}).get(canonical(name), ()))

    def verdict(self, host: str, network: str, name: str) -> Verdict:
        """How a host's answer for a name would be judged."""
        return self.truth.judge(network, name, self.beliefs(host, network, name))

    def obstacle(self, host: str, network: str, address: str) -> str | None:
        """Why frames of ``host`` do not reach the endpoint of an address.

        Empty if they do (:data:`REACHES`; the way back is another question); :data:`NO_ENTRY`
        without a forwarding entry; ``to host-x`` if the entry leads to a host where the endpoint
        is not; else what is in the way of the tunnel. None if the address is no endpoint's: it is
        nobody's, or a virtual one.
        """
        endpoint = self.endpoints.get((network, address))
        if endpoint is None:
            return None
        if endpoint[1] == host:
            return REACHES
        entries = list(self._peers.get((host, network), {}).get(address, ()))
        if not entries:
            return NO_ENTRY
        if entries[-1] != endpoint[1]:
            return f"{WRONG_HOST}{entries[-1]}"
        return self._obstacles.get((host, endpoint[1]), REACHES)

    def _name_added(self, event: NameAdded) -> None:
        self._heard_of(event.network, event.name)
        self.truth.add(event.at, event.network, event.name, event.address)

    def _name_removed(self, event: NameRemoved) -> None:
        self.truth.remove(event.at, event.network, event.name, event.address)

    def _heard_of(self, network: str, name: str) -> None:
        self.names.setdefault(network, {}).setdefault(canonical(name), name)

    def _belief_added(self, event: BeliefAdded) -> None:
        self._heard_of(event.network, event.name)
        held = self._beliefs.setdefault((event.host, event.network), {})
        held.setdefault(canonical(event.name), {})[event.address] = None

    def _belief_removed(self, event: BeliefRemoved) -> None:
        held = self._beliefs.get((event.host, event.network), {})
        held.get(canonical(event.name), {}).pop(event.address, None)

    def _host_joined(self, event: HostJoinedNetwork) -> None:
        self.holders.setdefault(event.network, {})[event.host] = None

    def _host_left(self, event: HostLeftNetwork) -> None:
        self.holders.get(event.network, {}).pop(event.host, None)
        self._beliefs.pop((event.host, event.network), None)
        self._peers.pop((event.host, event.network), None)

    def _endpoint_added(self, event: EndpointAdded) -> None:
        self.endpoints[event.network, event.address] = (event.endpoint, event.host)

    def _endpoint_removed(self, event: EndpointRemoved) -> None:
        key = (event.network, event.address)
        if self.endpoints.get(key) == (event.endpoint, event.host):
            del self.endpoints[key]

    def _peer_added(self, event: PeerAdded) -> None:
        peers = self._peers.setdefault((event.host, event.network), {})
        entries = peers.setdefault(event.address, {})
        entries.pop(event.to, None)  # so that it becomes the newest, which is the one used
        entries[event.to] = None

    def _peer_removed(self, event: PeerRemoved) -> None:
        peers = self._peers.get((event.host, event.network), {})
        peers.get(event.address, {}).pop(event.to, None)

    def _member_changed(self, event: MemberChanged) -> None:
        self.members.setdefault(event.host, {})[event.member] = event.state

    def _gossip_ended(self, event: GossipEnded) -> None:
        self.members.pop(event.host, None)

    def _path_changed(self, event: PathChanged) -> None:
        self._obstacles[event.source, event.target] = event.obstacle

    def _fault_began(self, event: FaultBegan) -> None:
        self.faults[event.number] = event

    def _fault_ended(self, event: FaultEnded) -> None:
        self.faults.pop(event.number, None)


def snapshot(events: Iterable[Any], at: int) -> Snapshot:
    """The state after everything that happened up to and including an instant.

    Args:
        events: trace events in time order.
        at: the instant, picoseconds.
    """
    state = Snapshot()
    for event in events:
        if event.at > at:
            break
        state.take(event)
    return state
