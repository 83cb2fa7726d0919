"""From a scenario to a world that can run it."""

from __future__ import annotations

from dataclasses import replace

from overlaysim.cluster.timing import Timing
from overlaysim.cluster.world import World, WorldSettings
from overlaysim.host.resolver import Upstream
from overlaysim.scenario.model import Scenario


def build_world(scenario: Scenario, *, trace: bool) -> World:
    """Build the cluster that a scenario describes, at instant 0 and with no swarm yet.

    Args:
        trace: whether every packet notes the links that it crosses.
    """
    underlay, dns = scenario.underlay, scenario.dns
    upstream = Upstream(dns.records if dns.answers else None, dns.delay)
    settings = WorldSettings(
        seed=scenario.seed,
        framing=underlay.framing,
        convergence_delay=underlay.convergence,
        ecmp=underlay.ecmp,
        hash_keys=underlay.hash_keys,
        timing=replace(Timing(), **scenario.timing),
        gossip=scenario.gossip,
        replaces_learned=scenario.replaces_learned,
        tunnel=scenario.tunnel,
        bridge_nf=scenario.bridge_nf,
        managers=scenario.managers,
        late=scenario.late,
        upstream=upstream,
        trace=trace,
    )
    return World(underlay.topology, underlay.addresses, settings)
