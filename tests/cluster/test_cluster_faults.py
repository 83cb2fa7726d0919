"""Faults of hosts, daemons and paths: what they do to a swarm, and that all of it is mended."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from cluster_lab import Cluster, check_rest, seconds

from overlaysim.cluster.faults import (
    BlockPort,
    Churn,
    CrashHost,
    DegradeLink,
    Fault,
    FreezeDaemon,
    JoinSwarm,
    LeaveSwarm,
    LinkState,
    Partition,
    SlowHost,
    StopDaemon,
)
from overlaysim.errors import InputError
from overlaysim.sim.events import (
    BeliefAdded,
    BeliefRemoved,
    FaultBegan,
    FaultEnded,
    LinkChanged,
    NameRemoved,
    NodeChanged,
    PathChanged,
    PeerRemoved,
    TaskChanged,
)
from overlaysim.units import MS, parse_duration

HOSTS = ["host-a", "host-b", "host-c", "host-d"]
FOUR = f"name: four\nunderlay:\n  hosts: [{', '.join(HOSTS)}]\n"


@pytest.fixture
def cluster() -> Cluster:
    """Four hosts; web-b on host-b … all know one another."""
    return four()


def four(seed: int = 7) -> Cluster:
    cluster = Cluster(scenario=FOUR, seed=seed)
    cluster.network()
    for host in HOSTS:
        cluster.sleeper(host, f"web-{host[-1]}")
    cluster.wait("3 s")
    return cluster


def begin(cluster: Cluster, fault: Fault, wait: str = "0 s") -> int:
    number = cluster.world.faults.begin(fault)
    cluster.wait(wait)
    return number


def end(cluster: Cluster, number: int, wait: str = "0 s") -> None:
    cluster.world.faults.end(number)
    cluster.wait(wait)


def listen(cluster: Cluster, *kinds: type) -> list[Any]:
    events: list[Any] = []
    for kind in kinds:
        cluster.session.simulator.bus.subscribe(kind, events.append)
    return events


def state(cluster: Cluster, host: str) -> str:
    node = cluster.world.workers[host].node
    return cluster.manager.store.nodes[node].state


def members(cluster: Cluster, host: str) -> list[str]:
    agent = cluster.world.hosts[host].agent
    return [] if agent is None else sorted(agent.node.members().values())


def container(cluster: Cluster, host: str, name: str) -> Any:
    found = cluster.world.hosts[host].containers.values()
    return next(c for c in found if c.name.startswith(name))


EVERYBODY = [f"10.77.0.{number}" for number in (11, 12, 13, 14)]


# ---- the book ---------------------------------------------------------------------------------


def test_the_book_numbers_faults_tells_of_them_and_lists_the_active_ones(cluster: Cluster) -> None:
    events = listen(cluster, FaultBegan, FaultEnded, LinkChanged)
    cut = LinkState("host-b", "switch", False)
    first = begin(cluster, cut)
    second = begin(cluster, SlowHost("host-c", 5 * MS))
    assert [(a.number, a.fault) for a in cluster.world.faults.active] == [
        (first, cut), (second, SlowHost("host-c", 5 * MS)),
    ]  # fmt: skip
    end(cluster, first)
    assert [active.number for active in cluster.world.faults.active] == [second]
    assert [type(event).__name__ for event in events] == [
        "FaultBegan", "LinkChanged", "FaultBegan", "FaultEnded", "LinkChanged",
    ]  # fmt: skip
    assert (events[0].what, events[0].hosts) == ("link host-b - switch down", ("host-b",))
    with pytest.raises(InputError, match="fault 1 is not active; active are: 2"):
        cluster.world.faults.end(first)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (CrashHost("host-bb"), 'no host "host-bb"; did you mean host-b'),
        (LinkState("host-a", "host-b", False), "host-a is linked to switch"),
        (DegradeLink("host-a", "switch", {"loss": 2.0}), "from 0 % to 100 %"),
        (DegradeLink("host-a", "switch", {"color": 1}), "no property color"),
        (Partition((("host-a",), ("host-a",))), "host-a is in the partition twice"),
        (BlockPort("host-a", "icmp", 1), "write tcp or udp"),  # type: ignore[arg-type]
        (BlockPort("host-a", "udp", 0), "from 1 to 65535"),
        (SlowHost("host-a", 0), "more than 0"),
        (Churn(("host-a",)), "one rate above 0"),
        (Churn(("host-a",), joins_per_s=-1.0), "0 or more"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_and_nothing_happens(
    cluster: Cluster, fault: Fault, message: str
) -> None:
    events = listen(cluster, FaultBegan)
    with pytest.raises(InputError, match=message):
        cluster.world.faults.begin(fault)
    assert events == []
    assert cluster.world.faults.active == ()


def test_faults_say_what_they_are() -> None:
    words = {
        "host-b crashed": CrashHost("host-b"),
        "link a - b: loss 5 %": DegradeLink("a", "b", {"loss": 0.05}),
        "7946/udp blocked at host-b": BlockPort("host-b", "udp", 7946),
        "4789/udp blocked on a - b": BlockPort(("a", "b"), "udp", 4789),
        "partition a, b | the rest": Partition((("a", "b"),)),
        "partition a | b": Partition((("a",), ("b",))),
        "host-b slow by 20.000 ms a message": SlowHost("host-b", 20 * MS),
        "churn on 2 hosts: 0.5 starts/s": Churn(("a", "b"), starts_per_s=0.5),
    }
    assert {fault.what: fault for fault in words.values()} == words


# ---- crash ------------------------------------------------------------------------------------


def test_a_crash_takes_everything_at_once_and_the_others_find_out(cluster: Cluster) -> None:
    events = listen(cluster, NameRemoved, BeliefRemoved, PeerRemoved, NodeChanged)
    began = cluster.now
    begin(cluster, CrashHost("host-c"))
    true = [e.name for e in events if isinstance(e, NameRemoved) and e.network == "app"]
    assert "web-c" in true
    assert container(cluster, "host-c", "web-c").state == "exited"
    assert cluster.answers("host-a", "web-c") != ()  # stale: nobody has told host-a
    cluster.wait("20 s")
    for host in ("host-a", "host-b", "host-d"):
        own = [event for event in events if event.host == host]
        gone = [e.at for e in own if isinstance(e, BeliefRemoved) and e.name == "web-c"]
        assert [3 < seconds(at - began) < 12 for at in gone] == [True]
        peers = [e.network for e in own if isinstance(e, PeerRemoved) and e.to == "host-c"]
        assert sorted(peers) == ["app", "app", "ingress"]  # the container and load balancers
    down = next(e for e in events if isinstance(e, NodeChanged))
    assert (down.host, down.state) == ("host-c", "down")
    assert 8 <= seconds(down.at - began) <= 16.5


def test_a_crashed_host_boots_as_the_same_node_with_a_new_gossip_name(cluster: Cluster) -> None:
    worker = cluster.world.workers["host-c"]
    assert worker.host.agent is not None
    node, name = worker.node, worker.host.agent.node.name
    number = begin(cluster, CrashHost("host-c"), "30 s")
    assert worker.host.agent is None
    end(cluster, number, "20 s")
    assert (worker.node, state(cluster, "host-c")) == (node, "ready")
    assert worker.host.agent is not None
    new = worker.host.agent.node.name
    assert new != name
    assert len(new) == 12
    assert int(new, 16) >= 0
    assert [members(cluster, host) for host in HOSTS] == [EVERYBODY] * 4
    assert cluster.table("host-c", "docker ps -a")[0]["STATUS"].startswith("Exited (255)")
    cluster.run("host-c", "docker start web-c")
    cluster.wait("2 s")
    check_rest(cluster)


def test_a_short_crash_has_the_tasks_started_anew_though_no_manager_noticed(
    cluster: Cluster,
) -> None:
    cluster.run("host-a", "docker service create --name api --network app --replicas 4 my:1")
    lost = next(name for name, host in cluster.running("api").items() if host == "host-d")
    nodes, tasks = listen(cluster, NodeChanged), listen(cluster, TaskChanged)
    number = begin(cluster, CrashHost("host-d"), "2 s")
    end(cluster, number, "20 s")
    assert nodes == []
    assert next(e.state for e in tasks if e.host == "host-d") == "failed"
    assert lost in cluster.running("api")
    assert len(cluster.running("api")) == 4
    check_rest(cluster)


def test_a_command_on_a_host_that_crashes_is_told_that_the_daemon_is_gone(
    cluster: Cluster,
) -> None:
    process = cluster.start("host-b", "docker exec web-b ping -c 9 web-a")
    cluster.wait("2500 ms")
    crashed = cluster.now
    begin(cluster, CrashHost("host-b"))
    (outcome,) = cluster.finish(process)
    assert outcome.status != 0
    assert cluster.now == crashed
    assert cluster.type("host-b", "docker ps").status != 0
    reasons = {reason for (_, reason) in cluster.session.simulator.ledger.dropped}
    assert reasons <= {"host down", "port closed", "container gone"}


def test_while_the_only_manager_is_down_nothing_is_decided_and_its_store_survives(
    cluster: Cluster,
) -> None:
    cluster.run("host-a", "docker service create --name api --network app --replicas 2 my:1")
    nodes = listen(cluster, NodeChanged)
    number = begin(cluster, CrashHost("host-a"), "60 s")
    assert nodes == []  # nobody is there to find anybody silent
    error = cluster.fail("host-b", "docker run -d --network app --name late alpine sleep 9", 125)
    assert "context deadline exceeded" in error
    end(cluster, number, "30 s")
    assert {event.state for event in nodes} == {"unknown", "ready"}
    assert {state(cluster, host) for host in HOSTS} == {"ready"}
    assert len(cluster.running("api")) == 2
    cluster.run("host-b", "docker start late")
    check_rest(cluster)


# ---- several managers -------------------------------------------------------------------------


@pytest.fixture
def managers() -> Cluster:
    """Three managers, host-a leading, and the worker host-d."""
    cluster = Cluster(scenario=FOUR)
    cluster.network()
    token = cluster.run("host-a", "docker swarm join-token -q manager").strip()
    for host in ("host-b", "host-c"):
        cluster.run(host, "docker swarm leave")
        cluster.run(host, f"docker swarm join --token {token} 10.77.0.11:2377")
    cluster.wait("6 s")
    return cluster


def leaders(cluster: Cluster) -> list[str]:
    return [n.hostname for n in cluster.manager.store.nodes.values() if n.leader]


def test_two_of_three_managers_elect_another_leader_and_go_on(managers: Cluster) -> None:
    events = listen(managers, NodeChanged)
    number = begin(managers, CrashHost("host-a"), "9 s")
    assert managers.manager.paused
    managers.wait("45 s")
    unknown, down = (
        next(e.at for e in events if (e.host, e.state) == ("host-a", word))
        for word in ("unknown", "down")
    )
    assert seconds(down - unknown) == 30  # twice the usual time: nobody has been heard yet
    (leader,) = leaders(managers)
    assert leader in ("host-b", "host-c")
    assert {state(managers, host) for host in HOSTS[1:]} == {"ready"}
    assert state(managers, "host-a") == "down"
    managers.run(leader, "docker service create -d --name api --network app --replicas 2 my:1")
    managers.wait("20 s")
    states = [t.state for t in managers.manager.store.tasks.values()]
    assert states == ["running"] * 2
    end(managers, number, "20 s")
    assert (leaders(managers), state(managers, "host-a")) == ([leader], "ready")


def test_one_of_three_managers_cannot_go_on_alone(managers: Cluster) -> None:
    first = begin(managers, CrashHost("host-a"), "1 s")
    second = begin(managers, CrashHost("host-b"), "60 s")
    error = managers.fail("host-d", "docker run -d --network app --name late alpine sleep 9", 125)
    assert "context deadline exceeded" in error
    end(managers, first, "40 s")
    managers.run("host-d", "docker start late")
    end(managers, second, "30 s")
    assert {state(managers, host) for host in HOSTS} == {"ready"}


def datagrams(link: Any) -> int:
    """How many gossip datagrams a link has carried; of TCP these kinds have nothing."""
    return sum(n for parts, n in link.compositions.items() if parts.kind in ("membership", "table"))


# ---- frozen daemon ----------------------------------------------------------------------------


def test_while_a_daemon_is_frozen_its_containers_still_talk_until_the_others_drop_it(
    cluster: Cluster,
) -> None:
    address = cluster.address("host-b", "web-b")
    events = listen(cluster, BeliefRemoved, BeliefAdded, NodeChanged)
    number = begin(cluster, FreezeDaemon("host-b"))
    link = cluster.world.underlay.links["host-b", "switch"]
    before = datagrams(link)
    out = cluster.run("host-a", f"docker exec web-a ping -c 2 {address}")
    assert "2 packets received" in out
    cluster.wait("12 s")
    assert datagrams(link) == before
    assert cluster.answers("host-a", "web-b") == ()
    out = cluster.type("host-a", f"docker exec web-a ping -c 2 -W 1 {address}").stdout
    assert "0 packets received" in out  # though its datapath is as fine as ever
    assert cluster.answers("host-b", "web-a") != ()  # it has not noticed anything
    cluster.wait("10 s")
    assert state(cluster, "host-b") == "down"
    end(cluster, number, "60 s")
    assert state(cluster, "host-b") == "ready"
    assert [members(cluster, host) for host in HOSTS] == [EVERYBODY] * 4
    assert any(isinstance(e, BeliefAdded) and e.name == "web-b" for e in events)
    check_rest(cluster)


def test_a_daemon_frozen_twice_goes_on_when_both_have_ended(cluster: Cluster) -> None:
    daemon = cluster.world.hosts["host-b"].daemon
    first, second = (begin(cluster, FreezeDaemon("host-b"), "1 s") for _ in range(2))
    end(cluster, first)
    assert daemon.frozen
    end(cluster, second)
    assert not daemon.frozen


def test_a_crash_of_a_frozen_host_starts_a_daemon_that_is_not_frozen(cluster: Cluster) -> None:
    daemon = cluster.world.hosts["host-b"].daemon
    frozen = begin(cluster, FreezeDaemon("host-b"), "1 s")
    crashed = begin(cluster, CrashHost("host-b"), "1 s")
    end(cluster, crashed, "5 s")
    assert (daemon.running, daemon.frozen) == (True, False)
    again = begin(cluster, FreezeDaemon("host-b"))
    end(cluster, frozen)
    assert daemon.frozen  # that was another daemon's
    end(cluster, again, "40 s")
    assert not daemon.frozen
    check_rest(cluster)


# ---- daemon stopped ---------------------------------------------------------------------------


def test_a_stopped_daemon_says_farewell_and_comes_back_through_the_managers(
    cluster: Cluster,
) -> None:
    events = listen(cluster, BeliefRemoved)
    began = cluster.now
    number = begin(cluster, StopDaemon("host-b"), "14 s")
    assert not cluster.world.hosts["host-b"].daemon.running
    gone = {e.host: seconds(e.at - began) for e in events if e.name == "web-b"}
    assert set(gone) == set(HOSTS)
    assert all(10 <= at < 12 for at in gone.values())  # a plain sleep is killed after ten seconds
    assert members(cluster, "host-a") == ["10.77.0.11", "10.77.0.13", "10.77.0.14"]
    end(cluster, number, "20 s")
    assert [members(cluster, host) for host in HOSTS] == [EVERYBODY] * 4
    assert cluster.table("host-b", "docker ps -a")[0]["STATUS"].startswith("Exited (137)")
    check_rest(cluster)


def test_a_stopped_daemon_does_not_report_its_tasks_until_it_is_back(cluster: Cluster) -> None:
    cluster.run("host-a", "docker service create --name api --network app --replicas 4 my:1")
    tasks, nodes = listen(cluster, TaskChanged), listen(cluster, NodeChanged)
    number = begin(cluster, StopDaemon("host-d"), "4 s")
    assert container(cluster, "host-d", "api").state == "exited"
    end(cluster, number, "4 s")  # the other container takes its ten seconds to stop
    assert (tasks, nodes) == ([], [])
    cluster.wait("20 s")
    assert (tasks[0].host, tasks[0].state) == ("host-d", "complete")
    assert len(cluster.running("api")) == 4


def test_a_stop_that_ends_at_once_is_a_restart_and_two_stops_need_two_ends(
    cluster: Cluster,
) -> None:
    daemon = cluster.world.hosts["host-b"].daemon
    first = begin(cluster, StopDaemon("host-b"), "1 s")
    end(cluster, first, "20 s")
    assert daemon.running
    assert container(cluster, "host-b", "web-b").exit_code == 137
    first, second = (begin(cluster, StopDaemon("host-b"), "15 s") for _ in range(2))
    end(cluster, second, "5 s")
    assert not daemon.running
    end(cluster, first, "20 s")
    assert daemon.running
    check_rest(cluster)


# ---- leaving and joining ----------------------------------------------------------------------


def test_a_host_leaves_in_good_order_and_joins_again_as_another_node(cluster: Cluster) -> None:
    old = cluster.world.workers["host-c"].node
    number = begin(cluster, LeaveSwarm("host-c"), "3 s")
    assert cluster.world.workers["host-c"].node == ""
    assert cluster.answers("host-a", "web-c") == ()
    end(cluster, number, "5 s")
    assert cluster.world.workers["host-c"].node not in ("", old)
    assert state(cluster, "host-c") == "ready"
    assert [members(cluster, host) for host in HOSTS] == [EVERYBODY] * 4


def test_a_late_host_joins_when_it_is_told_and_leaves_at_the_end() -> None:
    cluster = Cluster(scenario=FOUR, swarm=False)
    worker = cluster.world.workers["host-d"]
    cluster.world.settings = replace(cluster.world.settings, late=("host-d",))
    cluster.run("host-a", "docker swarm init")
    cluster.wait("10 s")
    assert worker.node == ""
    number = begin(cluster, JoinSwarm("host-d"), "3 s")
    assert state(cluster, "host-d") == "ready"
    assert members(cluster, "host-d") == EVERYBODY
    end(cluster, number, "3 s")
    assert worker.node == ""


def test_a_host_that_is_to_join_while_the_manager_is_down_joins_later(cluster: Cluster) -> None:
    left = begin(cluster, LeaveSwarm("host-c"), "3 s")
    crashed = begin(cluster, CrashHost("host-a"), "1 s")
    end(cluster, left, "30 s")
    assert cluster.world.workers["host-c"].node == ""
    end(cluster, crashed, "40 s")
    assert state(cluster, "host-c") == "ready"


# ---- paths, ports, load -----------------------------------------------------------------------


def test_paths_are_traced_when_they_change_and_only_then(cluster: Cluster) -> None:
    events = listen(cluster, PathChanged)
    number = begin(cluster, Partition((("host-a",), ("host-b",))), "1 s")
    pairs = {(e.source, e.target): e.obstacle for e in events}
    rest = ("host-c", "host-d")
    assert set(pairs.values()) == {"partitioned"}
    assert len(pairs) == len(events) == 10  # of twelve, all but those between host-c and host-d
    assert rest not in pairs
    events.clear()
    slow = begin(cluster, DegradeLink("host-a", "switch", {"delay": 9 * MS}), "1 s")
    assert events == []
    end(cluster, slow)
    end(cluster, number, "1 s")
    assert len(events) == 10
    assert {event.obstacle for event in events} == {""}


def test_a_blocked_tunnel_leaves_names_and_takes_packets(cluster: Cluster) -> None:
    events = listen(cluster, PathChanged)
    number = begin(cluster, BlockPort("host-b", "udp", 4789), "1 s")
    assert {e.obstacle for e in events} == {"port blocked"}
    out = cluster.type("host-a", "docker exec web-a ping -c 2 -W 1 web-b").stdout
    assert "0 packets received" in out
    cluster.wait("30 s")
    assert cluster.answers("host-a", "web-b") != ()
    assert cluster.session.simulator.ledger.dropped["data", "port blocked"] == 2
    end(cluster, number)
    assert "2 packets received" in cluster.run("host-a", "docker exec web-a ping -c 2 web-b")


def test_blocked_gossip_keeps_a_new_name_from_the_host(cluster: Cluster) -> None:
    numbers = [begin(cluster, BlockPort("host-b", protocol, 7946)) for protocol in ("udp", "tcp")]
    cluster.sleeper("host-c", "late")
    cluster.wait("2 s")
    assert cluster.answers("host-a", "late") != ()
    assert cluster.answers("host-b", "late") == ()
    assert state(cluster, "host-b") == "ready"  # the managers' port is open
    for number in numbers:
        end(cluster, number)
    cluster.wait("60 s")
    check_rest(cluster)


def test_a_slow_host_answers_names_late_and_forwards_at_once(cluster: Cluster) -> None:
    address = cluster.address("host-b", "web-b")
    begin(cluster, SlowHost("host-b", 200 * MS))
    began = cluster.now
    fast = cluster.run("host-a", f"docker exec web-a ping -c 1 {address}")
    assert seconds(cluster.now - began) < 0.1
    assert "1 packets received" in fast
    began = cluster.now
    cluster.run("host-b", "docker exec web-b ping -c 1 web-a")
    assert seconds(cluster.now - began) > 0.2


# ---- churn ------------------------------------------------------------------------------------


def test_churn_happens_at_its_rates_and_ends(cluster: Cluster) -> None:
    network = "app"
    number = begin(cluster, Churn(tuple(HOSTS[1:]), 0.2, 0.2, 1.0, 0.5, network), "60 s")
    ever = {n.hostname for n in cluster.manager.store.nodes.values() if n.state == "down"}
    assert ever  # somebody has left
    end(cluster, number, "30 s")

    def churned() -> dict[str, str]:
        hosts = cluster.world.hosts.items()
        return {c.name: host for host, h in hosts for c in h.containers.values()
                if c.name.startswith("churn-")}  # fmt: skip

    names = churned()
    assert 5 < len(names) < 60  # about 60 were started and 30 stopped
    assert set(names.values()) <= set(HOSTS[1:])
    nodes = len(cluster.manager.store.nodes)
    cluster.wait("30 s")
    assert churned() == names
    assert len(cluster.manager.store.nodes) == nodes


def test_churn_is_the_same_for_the_same_seed() -> None:
    def names(seed: int) -> list[str]:
        cluster = Cluster(scenario=FOUR, seed=seed)
        begin(cluster, Churn(tuple(HOSTS), starts_per_s=1.0), "10 s")
        return [c.name for host in cluster.world.hosts.values() for c in host.containers.values()]

    assert names(1) == names(1) != names(2)


# ---- all at once ------------------------------------------------------------------------------


def any_fault(rng: random.Random) -> Fault:
    host, worker = rng.choice(HOSTS), rng.choice(HOSTS[1:])
    faults: list[Fault] = [
        LinkState(host, "switch", False), DegradeLink("switch", host, {"loss": rng.random()}),
        Partition((tuple(rng.sample(HOSTS, 2)),)), CrashHost(host), FreezeDaemon(host),
        LeaveSwarm(worker), StopDaemon(host), SlowHost(host, rng.randrange(1, 500) * MS),
        BlockPort(host, rng.choice(["udp", "tcp"]), rng.choice([7946, 2377, 4789])),
        Churn(tuple(HOSTS), starts_per_s=0.5, stops_per_s=0.5, network="app"),
    ]  # fmt: skip
    return rng.choice(faults)


@pytest.mark.parametrize("seed", range(6))
def test_after_any_faults_the_books_balance_and_the_swarm_is_whole(seed: int) -> None:
    cluster = four(seed)
    cluster.run("host-a", "docker service create -d --name api --network app --replicas 4 my:1")
    rng = random.Random(seed)
    active: list[int] = []
    for _ in range(rng.randrange(3, 8)):
        active.append(begin(cluster, any_fault(rng)))
        for _ in range(rng.randrange(1, 40)):  # the books are checked after each
            cluster.wait(f"{rng.randrange(1, 400)} ms")
        if rng.random() < 0.4:
            end(cluster, active.pop(rng.randrange(len(active))))
    rng.shuffle(active)
    for number in active:
        end(cluster, number, f"{rng.randrange(1, 2000)} ms")
    cluster.session.wait(parse_duration("150 s"))
    cluster.world.check_conservation()
    assert {host: state(cluster, host) for host in HOSTS} == dict.fromkeys(HOSTS, "ready")
    assert all(not h.daemon.frozen and h.daemon.running for h in cluster.world.hosts.values())
    assert len(cluster.running("api")) == 4
