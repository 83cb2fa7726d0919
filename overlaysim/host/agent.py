"""The name's road through a host: own endpoints into gossip, what gossip hears into the tables.

Out: :meth:`Agent.publish` -> gossip table entry -> datagrams and streams on the underlay.
In: datagram or stream -> gossip machine -> :meth:`Agent._apply` -> names (DNS) and peers (VTEP).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from overlaysim.gossip import (
    Datagram,
    DatagramIn,
    GossipNode,
    GossipSettings,
    NodeState,
    StreamFailed,
    StreamIn,
    StreamReply,
    StreamRequest,
    TableChange,
)
from overlaysim.gossip.errors import EntryError
from overlaysim.host.datapath import Datapath
from overlaysim.host.directory import Directory
from overlaysim.host.segment import NetworkInfo
from overlaysim.host.streams import HostStreams
from overlaysim.host.tables import NetworkTables
from overlaysim.naming.records import EndpointRecord
from overlaysim.overlay.peers import PeerRecord
from overlaysim.sim import Driver, Journey, Simulator
from overlaysim.sim.events import GossipEnded, MemberChanged
from overlaysim.wire import UDP, IPv4, Opaque, Packet

GOSSIP_PORT = 7946
ENDPOINTS, PEERS = "endpoint_table", "overlay_peer_table"
"""NetworkDB's two tables (moby ``daemon/libnetwork/agent.go``, ``drivers/overlay``)."""


class Agent:
    """Runs a host's gossip node and keeps the tables of the networks it takes part in."""

    def __init__(
        self,
        simulator: Simulator,
        datapath: Datapath,
        streams: HostStreams,
        directory: Directory,
        *,
        node_id: str,
        settings: GossipSettings,
    ) -> None:
        self.tables: dict[str, NetworkTables] = {}
        self._simulator = simulator
        self._datapath = datapath
        self._streams = streams
        self._directory = directory
        self._host = datapath.me.name
        self._address = datapath.me.address
        rng, now = simulator.streams("gossip", self._host), simulator.now
        # Daemons that are started at the same instant do not tick together.
        phase = rng.randrange(settings.gossip_interval) - settings.gossip_interval // 2
        self.node = GossipNode(node_id, self._address, settings, rng, now, now + phase)
        self._driver = Driver(simulator, self.node, self._carry, self._apply_changes)
        self._members: dict[str, str] = {}  # names of nodes heard of -> address
        self._waiting: dict[int, int] = {}  # stream id of the transport -> gossip's own
        datapath.listen(GOSSIP_PORT, self._datagram_in)
        streams.listen(GOSSIP_PORT, self._stream_in, self._stream_failed)
        self._driver.settle()

    # ---- the cluster ----------------------------------------------------------------------

    def join_cluster(self, seeds: Sequence[str]) -> None:
        """Join the gossip cluster through any of these addresses."""
        self.node.join_cluster(seeds, self._simulator.now)
        self._driver.settle()

    def leave_cluster(self) -> None:
        """Say farewell; gossip for a last while, see :meth:`stop`."""
        self.node.leave_cluster(self._simulator.now)
        self._driver.settle()

    def freeze(self) -> None:
        """The daemon has been stopped: no timer fires until :meth:`thaw`."""
        self._driver.pause()

    def thaw(self) -> None:
        """The daemon goes on: what is overdue is done at once."""
        self._driver.resume()

    def stop(self) -> None:
        """End for good, without a word."""
        for tables in self.tables.values():
            tables.close()
        self.tables.clear()
        self._driver.stop()
        self._datapath.close(GOSSIP_PORT)
        self._streams.close(GOSSIP_PORT)
        self._simulator.bus.emit(GossipEnded(self._simulator.now, self._host))

    # ---- networks -------------------------------------------------------------------------

    def join_network(self, info: NetworkInfo) -> NetworkTables:
        """Take part in a network: hold its tables, starting with a full copy of a peer's."""
        tables = NetworkTables(self._simulator, self._host, info.label, self._name_of)
        self.tables[info.id] = tables
        self.node.join_network(info.id, self._simulator.now)
        self._driver.settle()
        return tables

    def _name_of(self, address: str) -> str:
        host = self._directory.host_at(address)
        return address if host is None else host.name

    def leave_network(self, network: str) -> None:
        """The last container left the network: drop its tables and say so."""
        if network in self.tables:
            self.tables.pop(network).close()
            self.node.leave_network(network, self._simulator.now)
            self._driver.settle()

    # ---- own endpoints --------------------------------------------------------------------

    def publish_peer(self, network: str, key: str, record: PeerRecord) -> None:
        """Tell the others behind which VTEP an endpoint of this host is."""
        encoded, now = record.encode(), self._simulator.now
        self.node.create_entry(network, PEERS, key, record, encoded, now)
        self._driver.settle()

    def publish_names(self, network: str, key: str, record: EndpointRecord) -> None:
        """Tell the others an endpoint's names, or that they have changed."""
        now, encoded = self._simulator.now, record.encode()
        known = key in self.tables[network].records
        self.tables[network].add_names(key, record)
        if known:
            with suppress(EntryError):  # see _delete
                self.node.update_entry(network, ENDPOINTS, key, record, encoded, now)
        else:
            self.node.create_entry(network, ENDPOINTS, key, record, encoded, now)
        self._driver.settle()

    def withdraw_names(self, network: str, key: str) -> None:
        """An endpoint of this host has no names any more."""
        self.tables[network].remove_names(key)
        self._delete(network, ENDPOINTS, key)

    def withdraw_peer(self, network: str, key: str) -> None:
        """An endpoint of this host is gone."""
        self._delete(network, PEERS, key)

    def _delete(self, network: str, table: str, key: str) -> None:
        """Delete an entry of our own, unless others have made it vanish, while this host seemed to
        be gone: then that is noted and no more (moby ``daemon/libnetwork/agent.go``).
        """
        with suppress(EntryError):
            self.node.delete_entry(network, table, key, self._simulator.now)
        self._driver.settle()

    # ---- what gossip hears ----------------------------------------------------------------

    def _apply_changes(self) -> None:
        for member, state in self.node.take_member_changes():
            self._tell_member(member, state)
        for change in self.node.take_changes():
            tables = self.tables.get(change.network)
            if tables is not None:
                self._apply(tables, change)

    def _tell_member(self, member: str, state: NodeState) -> None:
        address = self.node.node_address(member) or self._members.get(member, "")
        self._members[member] = address
        host = self._directory.host_at(address)
        # A daemon that was started again has a new name; its old one is no news of the host.
        former = state is not NodeState.ACTIVE and self.node.has_active_at(address)
        if host is not None and host.name != self._host and not former:
            event = MemberChanged(self._simulator.now, self._host, host.name, state.value)
            self._simulator.bus.emit(event)

    def _apply(self, tables: NetworkTables, change: TableChange) -> None:
        gone = change.kind == "deleted"
        if change.table == ENDPOINTS:
            if gone:
                tables.remove_names(change.key)
            else:
                tables.add_names(change.key, change.value)
        elif gone:
            tables.remove_peer(change.key)
        elif change.value.vtep != self._address:
            tables.add_peer(change.key, change.value)

    # ---- its packets ----------------------------------------------------------------------

    def _carry(self, item: Datagram | StreamRequest | StreamReply) -> None:
        if isinstance(item, Datagram):
            self._send_datagram(item)
        elif isinstance(item, StreamReply):
            self._streams.reply(item.target, item.stream, item.content, item.length, item.kind)
        else:
            stream = self._streams.open(
                item.target, GOSSIP_PORT, item.content, item.length, item.kind,
                wants_reply=item.expects_reply, patience=item.limit,
            )  # fmt: skip
            self._waiting[stream] = item.stream

    def _send_datagram(self, item: Datagram) -> None:
        target = self._directory.host_at(item.target)
        if target is None:
            return
        journey = self._simulator.ledger.create(
            item.kind, self._simulator.now, source=self._host, intended=target.name
        )
        journey.content = item.packet
        self._datapath.send(
            journey, UDP(GOSSIP_PORT, GOSSIP_PORT), Opaque(item.length, item.kind), target
        )

    def _datagram_in(self, journey: Journey, packet: Packet) -> None:
        self._driver.receive(DatagramIn(packet.layer(1, IPv4).src, journey.content))

    def _stream_in(self, source: str, stream: int, content: Any, reply: bool) -> None:
        if reply:
            own = self._waiting.pop(stream, None)
            if own is not None:
                self._driver.receive(StreamIn(source, own, content, True))
        else:
            self._driver.receive(StreamIn(source, stream, content, False))

    def _stream_failed(self, stream: int) -> None:
        own = self._waiting.pop(stream, None)
        if own is not None:
            self._driver.receive(StreamFailed(own))
