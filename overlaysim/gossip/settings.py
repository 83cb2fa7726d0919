"""How the gossip of a cluster is tuned; ``NDB/`` and ``ML/`` as in :mod:`overlaysim.gossip`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from overlaysim.units import MS, SECOND


@dataclass(frozen=True, slots=True)
class GossipSettings:
    """The constants of the membership layer (memberlist) and of the tables (NetworkDB).

    Durations are picoseconds, sizes bytes. The defaults are those Docker runs with: memberlist's
    LAN profile with NetworkDB on top (``NDB/cluster.go`` clusterInit).

    Attributes:
        gossip_interval: period of both gossip tasks (``ML/config.go`` GossipInterval).
        fan_out: cluster members that get membership gossip per tick (``ML/config.go``
            GossipNodes).
        retransmit_multiplier: transmit limit of membership, node and network events as a multiple
            of ceil(log10(n + 1)) (``ML/config.go`` RetransmitMult).
        push_pull_interval: period of the full membership exchange, stretched in clusters of more
            than 32 nodes (``ML/config.go`` PushPullInterval, ``ML/util.go`` pushPullScale).
        tcp_timeout: how long a push/pull waits for the answer (``ML/config.go`` TCPTimeout).
        gossip_to_the_dead: how long a departed node stays in the membership list (``ML/config.go``
            GossipToTheDeadTime).
        packet_budget: room for messages in one UDP packet; Docker sets the control-plane MTU
            minus 100 (``daemon/libnetwork/agent.go``).
        table_fan_out: members of a network that get its table gossip per tick (``NDB/cluster.go``
            gossip).
        table_retransmit_multiplier: the transmit limit's multiplier for table events
            (``NDB/networkdb.go`` JoinNetwork).
        bulk_sync_interval: period of the full table exchange with one random member of a network,
            never stretched (``NDB/cluster.go`` clusterInit reuses PushPullInterval).
        bulk_sync_timeout: how long a bulk sync waits for the peer's own (``NDB/cluster.go``
            bulkSyncNode).
        relay_limit_on_sync: events learned by bulk sync are not relayed while more messages than
            this wait to be relayed (``NDB/cluster.go`` maxQueueLenBroadcastOnSync).
        entry_lifetime: how long a tombstone is kept (``NDB/networkdb.go`` reapEntryInterval).
        reaper_period: how often expired records are looked for (``NDB/cluster.go`` reapPeriod).
        node_lifetime: how long a departed node is remembered (``NDB/cluster.go``
            nodeReapInterval).
        node_reaper_period: how often forgotten nodes are looked for (``NDB/cluster.go``
            nodeReapPeriod).
        node_event_timeout: how long a leaving node waits until its farewell is out
            (``NDB/broadcast.go`` broadcastTimeout).
        leave_timeout: the same for the farewell of the membership layer (``NDB/cluster.go``
            clusterLeave).
        rejoin_interval: how often a node looks whether any node it joined through is still there
            (``NDB/networkdb.go`` rejoinClusterInterval).
        rejoin_duration: if none is, how long it tries to join again (``NDB/networkdb.go``
            rejoinClusterDuration).
        retry_interval: pause between these tries (``NDB/cluster.go`` retryInterval).
    """

    gossip_interval: int = 200 * MS
    fan_out: int = 3
    retransmit_multiplier: int = 4
    push_pull_interval: int = 30 * SECOND
    tcp_timeout: int = 10 * SECOND
    gossip_to_the_dead: int = 30 * SECOND
    packet_budget: int = 1400
    table_fan_out: int = 3
    table_retransmit_multiplier: int = 4
    bulk_sync_interval: int = 30 * SECOND
    bulk_sync_timeout: int = 30 * SECOND
    relay_limit_on_sync: int = 500
    entry_lifetime: int = 1800 * SECOND
    reaper_period: int = 5 * SECOND
    node_lifetime: int = 24 * 3600 * SECOND
    node_reaper_period: int = 2 * 3600 * SECOND
    node_event_timeout: int = 5 * SECOND
    leave_timeout: int = 1 * SECOND
    rejoin_interval: int = 60 * SECOND
    rejoin_duration: int = 10 * SECOND
    retry_interval: int = 1 * SECOND

    @property
    def network_lifetime(self) -> int:
        """How long the record of a left network is kept: five reaper periods more than a tombstone.

        ``NDB/networkdb.go`` newNetworkDB: the entries must be gone before their network is.
        """
        return self.entry_lifetime + 5 * self.reaper_period


LAN = GossipSettings()
"""What Docker uses."""

WAN = replace(
    LAN,
    gossip_interval=500 * MS,
    fan_out=4,
    push_pull_interval=60 * SECOND,
    bulk_sync_interval=60 * SECOND,
    tcp_timeout=30 * SECOND,
    gossip_to_the_dead=60 * SECOND,
)
"""memberlist's profile for wide-area networks (``ML/config.go`` DefaultWANConfig)."""

LOCAL = replace(
    LAN,
    gossip_interval=100 * MS,
    retransmit_multiplier=2,
    push_pull_interval=15 * SECOND,
    bulk_sync_interval=15 * SECOND,
    tcp_timeout=1 * SECOND,
    gossip_to_the_dead=15 * SECOND,
)
"""memberlist's profile for the loopback interface (``ML/config.go`` DefaultLocalConfig)."""
