"""How the gossip of a cluster is tuned; ``NDB/`` and ``ML/`` as in :mod:`overlaysim.gossip`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from overlaysim.units import MS, SECOND


def _setting(default: Any, about: str) -> Any:
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True, slots=True)
class GossipSettings:
    """The constants of the membership layer (memberlist) and of the tables (NetworkDB).

    Durations are picoseconds, sizes bytes. The defaults are those Docker runs with: memberlist's
    LAN profile with NetworkDB on top (``NDB/cluster.go`` clusterInit). Each field says under
    ``about`` in its metadata what it is and where the reference keeps it.
    """

    gossip_interval: int = _setting(
        200 * MS, "period of both gossip tasks (ML/config.go GossipInterval)"
    )
    fan_out: int = _setting(
        3, "cluster members that get membership gossip per tick (ML/config.go GossipNodes)"
    )
    retransmit_multiplier: int = _setting(
        4,
        "transmit limit of membership, node and network events, times ceil(log10(n + 1)) "
        "(ML/config.go RetransmitMult)",
    )
    probe_interval: int = _setting(
        1 * SECOND, "period of the failure detector (ML/config.go ProbeInterval)"
    )
    probe_timeout: int = _setting(
        500 * MS,
        "how long it waits for an answer before it asks others to help (ML/config.go ProbeTimeout)",
    )
    indirect_probes: int = _setting(3, "members asked to help (ML/config.go IndirectChecks)")
    suspicion_multiplier: int = _setting(
        4,
        "shortest time a node stays suspected, times max(1, log10(n)) probe intervals "
        "(ML/config.go SuspicionMult)",
    )
    suspicion_max_multiplier: int = _setting(
        6,
        "longest time a node stays suspected, as a multiple of the shortest "
        "(ML/config.go SuspicionMaxTimeoutMult)",
    )
    awareness_max: int = _setting(
        8, "health scores end one below this (ML/config.go AwarenessMaxMultiplier)"
    )
    lifeguard: bool = _setting(
        True,
        "whether a node trusts itself less when its own probes fail, and waits for others to "
        "confirm a suspicion (Dadgar, Phillips, Currey: Lifeguard, 2017); without it the probe "
        "interval is fixed and suspicions last the shortest time",
    )
    tcp_ping: bool = _setting(
        True, "whether a failed probe also tries TCP (ML/config.go DisableTcpPings)"
    )
    push_pull_interval: int = _setting(
        30 * SECOND,
        "period of the full membership exchange, stretched in clusters of more than "
        "32 nodes (ML/config.go PushPullInterval, ML/util.go pushPullScale)",
    )
    tcp_timeout: int = _setting(
        10 * SECOND, "how long a dial and a push/pull wait (ML/config.go TCPTimeout)"
    )
    gossip_to_the_dead: int = _setting(
        30 * SECOND,
        "how long a dead node is still gossiped to, so that it can object "
        "(ML/config.go GossipToTheDeadTime)",
    )
    dead_node_reclaim: int = _setting(
        0,
        "after this time a dead node's name may come back at another address; 0: never "
        "(ML/config.go DeadNodeReclaimTime)",
    )
    packet_budget: int = _setting(
        1400,
        "room for messages in one UDP packet; Docker sets the control-plane MTU minus 100 "
        "(daemon/libnetwork/agent.go)",
    )
    compression: bool = _setting(
        True,
        "whether packets that LZW makes smaller are compressed (ML/config.go EnableCompression)",
    )
    table_fan_out: int = _setting(
        3, "members of a network that get its table gossip per tick (NDB/cluster.go gossip)"
    )
    table_retransmit_multiplier: int = _setting(
        4, "the transmit limit's multiplier for table events (NDB/networkdb.go JoinNetwork)"
    )
    bulk_sync_interval: int = _setting(
        30 * SECOND,
        "period of the full table exchange with one random member of a network, never "
        "stretched (NDB/cluster.go clusterInit reuses PushPullInterval)",
    )
    bulk_sync_timeout: int = _setting(
        30 * SECOND, "how long a bulk sync waits for the peer's own (NDB/cluster.go bulkSyncNode)"
    )
    relay_limit_on_sync: int = _setting(
        500,
        "events learned by bulk sync are not relayed while more messages than this wait to be "
        "relayed (NDB/cluster.go maxQueueLenBroadcastOnSync)",
    )
    entry_lifetime: int = _setting(
        1800 * SECOND,
        "how long a tombstone, or the hidden entry of a failed node, is kept "
        "(NDB/networkdb.go reapEntryInterval)",
    )
    reaper_period: int = _setting(
        5 * SECOND, "how often expired records are looked for (NDB/cluster.go reapPeriod)"
    )
    node_lifetime: int = _setting(
        24 * 3600 * SECOND,
        "how long a failed or departed node is remembered (NDB/cluster.go nodeReapInterval)",
    )
    node_reaper_period: int = _setting(
        2 * 3600 * SECOND,
        "how often forgotten nodes are looked for (NDB/cluster.go nodeReapPeriod)",
    )
    node_event_timeout: int = _setting(
        5 * SECOND,
        "how long a node waits until its joining or leaving is told "
        "(NDB/broadcast.go broadcastTimeout)",
    )
    leave_timeout: int = _setting(
        1 * SECOND,
        "the same for the farewell of the membership layer (NDB/cluster.go clusterLeave)",
    )
    rejoin_hides: bool = _setting(
        True,
        "whether a failed node's entries and memberships are hidden and return with it; "
        "before moby 6cf8465115 of 2026-08-19 they were dropped (NDB/nodemgmt.go)",
    )
    reconnect: bool = _setting(
        True, "whether failed nodes are tried again (NDB/cluster.go reconnectNode)"
    )
    bootstrap_rejoin: bool = _setting(
        True,
        "whether a node looks for those it joined through (NDB/cluster.go rejoinClusterBootStrap)",
    )
    rejoin_interval: int = _setting(
        60 * SECOND,
        "how often it looks whether any of them is there (NDB/networkdb.go rejoinClusterInterval)",
    )
    rejoin_duration: int = _setting(
        10 * SECOND,
        "if none is, how long it tries to join again (NDB/networkdb.go rejoinClusterDuration)",
    )
    retry_interval: int = _setting(
        1 * SECOND,
        "pause between these tries, and between two tries of failed nodes "
        "(NDB/cluster.go retryInterval)",
    )

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
    probe_interval=5 * SECOND,
    probe_timeout=3 * SECOND,
    suspicion_multiplier=6,
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
    probe_timeout=200 * MS,
    indirect_probes=1,
    suspicion_multiplier=3,
    push_pull_interval=15 * SECOND,
    bulk_sync_interval=15 * SECOND,
    tcp_timeout=1 * SECOND,
    gossip_to_the_dead=15 * SECOND,
)
"""memberlist's profile for the loopback interface (``ML/config.go`` DefaultLocalConfig)."""
