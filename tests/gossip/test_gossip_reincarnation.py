"""Old and new lives of a node at one address."""

from __future__ import annotations

from gossip_cluster import networked

from overlaysim.gossip import DatagramIn, NodeState
from overlaysim.gossip.member_messages import Alive, Dead


def test_news_of_a_life_that_is_over_do_not_end_the_present_one() -> None:
    """A host that was not there when another one crashed hears of its new life first."""
    cluster, (a, b) = networked(2)
    for when, name in ((1, "reborn"), (2, "former")):
        cluster.run(when)
        packet = Alive(1, name, "10.9.9.9")
        a.receive(DatagramIn(b.address, packet), cluster.now)
        cluster.settle(a)
    assert (a.node_state("former"), a.node_state("reborn")) == (NodeState.ACTIVE, NodeState.LEFT)
    a.receive(DatagramIn(b.address, Dead(1, "former", b.name)), cluster.now)
    assert (a.node_state("former"), a.node_state("reborn")) == (NodeState.FAILED, NodeState.ACTIVE)


def test_a_node_does_not_retire_for_its_own_former_life() -> None:
    cluster, (a, b) = networked(2)
    a.receive(DatagramIn(b.address, Alive(1, "former", a.address)), cluster.now)
    assert a.node_state(a.name) is NodeState.ACTIVE
