"""The life of a name, step by step: from ``docker run`` to the answer on another host.

host-b takes part in the network already, so the name comes to it by table gossip. README shows
the same steps.
"""

from __future__ import annotations

import pytest
from story_walk import Call, Steps, Walk, steps_in_readme

from overlaysim.gossip.messages import TableEventKind
from overlaysim.host.agent import ENDPOINTS, GOSSIP_PORT
from overlaysim.measure.audit import audit
from overlaysim.naming.records import EndpointRecord
from overlaysim.overlay.peers import PeerRecord
from overlaysim.scenario.run import load
from overlaysim.scenario.session import Session
from overlaysim.units import MS, SECOND, US
from overlaysim.wire import UDP, Ethernet, IPv4, Opaque, decode

STEPS: Steps = (
    (
        "docker/daemon/containers.py:ContainerPart.container_start",
        "cluster/worker.py:Worker.attach",
        "host/rpc.py:Rpc.call",
    ),
    ("cluster/attachments.py:NetworkControl.attach", "overlay/ipam.py:AddressPool.allocate"),
    (
        "cluster/worker.py:Worker.plug",
        "host/host.py:Host.join_overlay",
        "gossip/bulksync.py:BulkSyncer.begin_join",
    ),
    (
        "host/host.py:Host.publish_names",
        "cluster/truth.py:Truth.endpoint",
        "host/agent.py:Agent.publish_names",
        "gossip/tables.py:Tables.create",
    ),
    ("gossip/queue.py:TransmitQueue.put", "gossip/gossiper.py:Gossiper.tick"),
    ("host/agent.py:Agent._send_datagram", "host/datapath.py:Datapath.send"),
    ("host/agent.py:Agent._datagram_in", "gossip/hearsay.py:Hearsay.on_events"),
    (
        "host/agent.py:Agent._apply_changes",
        "naming/view.py:NameView.add",
        "overlay/vtep.py:Vtep.add_peer",
    ),
    ("naming/view.py:NameView.lookup",),
    ("measure/audit.py:audit",),
)

WEB, CLIENT = "container-on-host-a", "container-on-host-b"
HOST_A, HOST_B = "10.77.0.11", "10.77.0.12"
IP, MAC = "10.0.1.4", "02:42:0a:00:01:04"


def test_readme_shows_these_steps() -> None:
    assert steps_in_readme("The life of a name") == [set(step) for step in STEPS]


class Story:
    """A swarm in which host-b holds the network and host-a is about to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.walk = Walk(STEPS, monkeypatch)
        self.session = Session(load("name: story\n", name="story")[0])
        self.simulator = self.session.simulator
        self.walk.now = lambda: self.simulator.now
        self.events: list[object] = []
        self.simulator.bus.subscribe_all(self.events.append)
        self.run("host-a", "docker swarm init")
        self.run("host-a", "docker network create --driver overlay --attachable app-overlay")
        self.start("host-b", CLIENT)
        self.simulator.run_for(5 * SECOND)

    def run(self, host: str, command: str) -> str:
        outcome = self.session.execute(host, command)
        assert outcome.status == 0, outcome.text
        return outcome.text

    def start(self, host: str, name: str) -> None:
        self.run(host, f"docker run -d --network app-overlay --name {name} alpine sleep 1000")

    def believed(self, host: str, name: str) -> tuple[str, ...]:
        """What a host would answer now; read without a look-up."""
        held = self.session.world.hosts[host].memberships.values()
        names = next(m for m in held if m.info.name == "app-overlay").beliefs.names
        return names.names().get(name, ())


def test_a_name_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story(monkeypatch)
    walk = story.walk
    walk.here()
    story.start("host-a", WEB)
    story.simulator.run_for(SECOND)
    get_an_address(walk)
    endpoint, born = publish(walk)
    heard = travel(walk, endpoint, born)
    believe(walk, endpoint, heard)
    ask(story)
    judge(story, born, heard)
    walk.assert_complete()


def get_an_address(walk: Walk) -> None:
    """Steps 1 to 3: the manager gives the next addresses; the host joins the network."""
    walk.to("docker/daemon/containers.py:ContainerPart.container_start")
    attaching = walk.to("cluster/worker.py:Worker.attach")
    assert attaching.args[0].host.name == "host-a"
    assert attaching.args[1].name == WEB
    walk.to("host/rpc.py:Rpc.call")
    walk.to("cluster/attachments.py:NetworkControl.attach")
    # .2 and .3 went to host-b's container and load balancer
    assert walk.to("overlay/ipam.py:AddressPool.allocate").result == IP
    assert walk.to("overlay/ipam.py:AddressPool.allocate").result == "10.0.1.5"
    plugging = walk.to("cluster/worker.py:Worker.plug")
    assert plugging.args[2].address == IP
    joining = walk.to("host/host.py:Host.join_overlay")
    host, info = joining.args[:2]
    assert (host.name, info.name, info.vni) == ("host-a", "app-overlay", 4097)
    assert walk.to("gossip/bulksync.py:BulkSyncer.begin_join").args[1] == info.id


def publish(walk: Walk) -> tuple[str, int]:
    """Step 4: truth, the host's own belief and a table entry, all at one instant."""
    naming = walk.to("host/host.py:Host.publish_names")
    host, attachment, record = naming.args
    (container,) = host.containers.values()
    assert record == EndpointRecord(WEB, IP, task_aliases=(container.short_id,))
    telling = walk.to("cluster/truth.py:Truth.endpoint")
    assert telling.args[1:] == ("app-overlay", attachment.endpoint, record, "host-a")
    publishing = walk.to("host/agent.py:Agent.publish_names")
    assert publishing.args[2:] == (attachment.endpoint, record)
    creating = walk.to("gossip/tables.py:Tables.create")
    (_, table, key), value, wire = creating.args[1:4]
    assert (table, key, value) == (ENDPOINTS, attachment.endpoint, record)
    # protobuf: tag, length and text of the four strings, and "<nil>" for no virtual address
    assert wire == record.encode()
    assert len(wire) == 4 * 2 + len(WEB) + len(IP) + len("<nil>") + 12
    assert naming.at == telling.at == publishing.at == creating.at
    assert isinstance(key, str)
    return key, naming.at


def carries(call: Call, endpoint: str) -> bool:
    """Whether a datagram of table gossip has the name's entry in it."""
    datagram = call.args[1]
    return datagram.kind == "table" and any(
        (event.table, event.key) == (ENDPOINTS, endpoint)
        for event in datagram.packet.content.messages
    )


def travel(walk: Walk, endpoint: str, born: int) -> Call:
    """Steps 5 to 7: within a tick of 200 ms a datagram leaves; some 100 us later it is there."""
    queueing = walk.to("gossip/queue.py:TransmitQueue.put")
    key, event = queueing.args[1:]
    assert key == (ENDPOINTS, endpoint)
    assert event.kind == TableEventKind.CREATE
    ticking = walk.to("gossip/gossiper.py:Gossiper.tick", lambda call: call.at > born)
    assert ticking.at - born <= 200 * MS
    sending = walk.to("host/agent.py:Agent._send_datagram", lambda call: carries(call, endpoint))
    datagram = sending.args[1]
    assert datagram.target == HOST_B  # the only other host that holds the network
    assert event in datagram.packet.content.messages
    assert datagram.length <= 1400
    leaving = walk.to("host/datapath.py:Datapath.send")
    journey, header, payload, target = leaving.args[1:]
    assert (header.src_port, header.dst_port, target.name) == (GOSSIP_PORT, GOSSIP_PORT, "host-b")
    assert payload == Opaque(datagram.length, "table")
    frame = decode(journey.packet.pack())
    assert [type(layer) for layer in frame.layers[:3]] == [Ethernet, IPv4, UDP]
    assert (frame.layer(1, IPv4).src, frame.layer(1, IPv4).dst) == (HOST_A, HOST_B)
    assert frame.length == 14 + 20 + 8 + datagram.length
    arriving = walk.to("host/agent.py:Agent._datagram_in", lambda call: call.args[1] is journey)
    # two links of 1 Gbit/s and 50 us, with 24 bytes of Ethernet around the frame; like every
    # other packet it may have to wait its turn
    assert journey.transmit == 2 * (frame.length + 24) * 8 * 1000
    assert journey.propagate == 2 * 50 * US
    assert arriving.at - leaving.at == journey.queue + journey.transmit + journey.propagate
    taking = walk.to("gossip/hearsay.py:Hearsay.on_events")
    assert event in taking.args[1].messages
    return arriving


def believe(walk: Walk, endpoint: str, heard: Call) -> None:
    """Step 8: at the same instant host-b knows the name; its peer record may have come before."""
    applying = walk.to("host/agent.py:Agent._apply_changes", lambda call: call.at >= heard.at)
    assert applying.args[0] is heard.args[0]
    assert applying.at == heard.at
    named = walk.to("naming/view.py:NameView.add", lambda call: call.args[1] == endpoint)
    assert ("added", WEB, IP) in named.result
    assert named.at == heard.at
    peer = walk.find("overlay/vtep.py:Vtep.add_peer", lambda call: call.args[1] == endpoint)
    assert peer.args[0].address == HOST_B
    assert peer.args[2] == PeerRecord(IP, 24, MAC, HOST_A)
    assert peer.args[0].neighbour(IP) == MAC
    assert peer.args[0].forward(MAC, peer.at) == HOST_A


def ask(story: Story) -> None:
    """Step 9: the answer is host-b's own and lives 600 s; a ping follows it."""
    assert story.believed("host-b", WEB) == (IP,)
    story.walk.here()
    output = story.run("host-b", f"docker exec {CLIENT} ping -c 1 {WEB}")
    looking = story.walk.to("naming/view.py:NameView.lookup")
    assert (looking.args[1], looking.result) == (WEB, (IP,))
    assert f"64 bytes from {IP}: seq=0 ttl=64" in output


def judge(story: Story, born: int, heard: Call) -> None:
    """Step 10: the audit finds the look-up correct, and how long host-b did not know."""
    result = audit(story.events, story.simulator.now)
    story.walk.to("measure/audit.py:audit")
    (lookup,) = result.lookups
    assert (lookup.verdict, lookup.expected) == (("correct",), (IP,))
    change = next(c for c in result.changes if c.name == WEB)
    assert (change.at, change.host, change.p50) == (born, "host-a", 0)
    assert change.p100 == heard.at - born
