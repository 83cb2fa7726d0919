"""The daemon's part for the swarm itself and its nodes."""

from __future__ import annotations

from overlaysim.cluster.manager import Manager
from overlaysim.cluster.requests import MANAGER_PORT, Refused
from overlaysim.docker.api import ApiError, Json, epoch_text
from overlaysim.docker.daemon.base import DaemonPart, refusal
from overlaysim.docker.daemon.objects import API_VERSION, ENGINE_VERSION, node_json
from overlaysim.errors import InputError
from overlaysim.host.rpc import RpcFailed
from overlaysim.sim import Steps
from overlaysim.units import NS
from overlaysim.wire import VXLAN_PORT

ALREADY = (
    'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join '
    "another one."
)
LEAVING_MANAGER = (
    "You are attempting to leave the swarm on a node that is participating as a manager. The only "
    "way to restore a swarm that has lost consensus is to reinitialize it with "
    "`--force-new-cluster`. Use `--force` to suppress this message."
)
LEAVING_LAST_MANAGER = (
    "You are attempting to leave the swarm on a node that is participating as a manager. Removing "
    "the last manager erases all current state of the swarm. Use `--force` to ignore this message."
)


class SwarmPart(DaemonPart):
    """``/info``, ``/version``, ``/swarm`` and ``/nodes``."""

    def info(self) -> Steps:
        """Answer GET /info."""
        yield from self._pause()
        manager = self._world.managers.get(self._name)
        containers = list(self._host.containers.values())
        running = sum(container.state == "running" for container in containers)
        swarm: Json = {
            "NodeID": self._worker.node,
            "NodeAddr": self._host.address if self._worker.node else "",
            "LocalNodeState": "active" if self._worker.node else "inactive",
            "ControlAvailable": manager is not None,
            "Error": "",
            "RemoteManagers": None,
        }
        if self._worker.node:
            swarm["RemoteManagers"] = [{"Addr": f"{self._worker.manager}:{MANAGER_PORT}"}]
        if manager is not None:
            nodes = manager.store.nodes.values()
            swarm["Nodes"] = len(nodes)
            swarm["Managers"] = sum(node.role == "manager" for node in nodes)
            swarm["Cluster"] = _cluster(manager)
        return {
            "ID": self._worker.node or self._name,
            "Name": self._name,
            "ServerVersion": ENGINE_VERSION,
            "OSType": "linux",
            "OperatingSystem": "overlaysim",
            "Architecture": "x86_64",
            "NCPU": 2,
            "MemTotal": 4_294_967_296,
            "Containers": len(containers),
            "ContainersRunning": running,
            "ContainersPaused": 0,
            "ContainersStopped": len(containers) - running,
            "Plugins": {"Network": ["bridge", "host", "null", "overlay"]},
            "Swarm": swarm,
        }

    def version(self) -> Steps:
        """Answer GET /version."""
        yield from self._pause()
        return {
            "Version": ENGINE_VERSION, "ApiVersion": API_VERSION, "MinAPIVersion": "1.24",
            "Os": "linux", "Arch": "amd64", "GitCommit": "simulated", "GoVersion": "",
            "KernelVersion": "simulated", "Components": [],
        }  # fmt: skip

    def swarm(self) -> Steps:
        """Answer GET /swarm."""
        manager = self._manager()
        yield from self._pause()
        tokens = {"Worker": manager.tokens["worker"], "Manager": manager.tokens["manager"]}
        return {**_cluster(manager), "JoinTokens": tokens}

    def swarm_init(self, body: Json) -> Steps:
        """Answer POST /swarm/init with the new node's id."""
        self._check_outside()
        self._check_addresses(body)
        port = body.get("DataPathPort") or VXLAN_PORT
        if not 1024 <= port <= 49_151:  # IANA's user ports (moby daemon/cluster, getDataPathPort)
            raise ApiError(400, f"Datapath port number is not in valid range (1024-49151) : {port}")
        pools = tuple(body.get("DefaultAddrPool") or ("10.0.0.0/8",))
        try:
            yield from self._world.init_swarm(
                self._name, pools, body.get("SubnetSize") or 24,
                body.get("Availability") or "active", port,
            )  # fmt: skip
        except InputError as error:
            raise ApiError(400, f"invalid default address pool: {error}") from None
        self._change_settings(self._manager(), body.get("Spec") or {})
        return self._worker.node

    def _check_outside(self) -> None:
        if self._worker.node or self._worker.busy:
            raise ApiError(503, ALREADY)

    def _check_addresses(self, body: Json) -> None:
        """The simulated host has one interface, eth0, and one address."""
        for key, what in (("AdvertiseAddr", "advertise"), ("DataPathAddr", "data path")):
            given = body.get(key) or ""
            plain = given.rpartition(":")[0] if given.count(":") == 1 else given
            if plain not in ("", self._host.address, "eth0", "0.0.0.0"):
                raise ApiError(
                    400,
                    f"{what} address must be a non-zero IP address or network interface (with "
                    f"optional port number); {self._name} has eth0 at {self._host.address}",
                )

    @staticmethod
    def _change_settings(manager: Manager, spec: Json) -> None:
        history = (spec.get("Orchestration") or {}).get("TaskHistoryRetentionLimit")
        if history is not None:
            manager.orchestrator.lifecycle.history = history
        period = (spec.get("Dispatcher") or {}).get("HeartbeatPeriod")
        if period:
            manager.nodes.liveness.period = period * NS

    def swarm_join(self, body: Json) -> Steps:
        """Answer POST /swarm/join."""
        self._check_outside()
        self._check_addresses(body)
        remote = (body.get("RemoteAddrs") or [""])[0]
        address = remote.rpartition(":")[0] or remote
        if self._world.directory.host_at(address) is None:
            raise ApiError(
                503,
                'rpc error: code = Unavailable desc = connection error: desc = "transport: Error '
                f'while dialing: dial tcp {remote}: connect: no route to host"',
            )
        try:
            yield from self._world.join_swarm(
                self._name, address, body.get("JoinToken", ""), body.get("Availability") or "active"
            )
        except RpcFailed:
            raise ApiError(503, "Timeout was reached before node joined.") from None
        except Refused as error:
            raise refusal(error) from None

    def swarm_leave(self, force: bool) -> Steps:
        """Answer POST /swarm/leave."""
        if not self._worker.node or self._worker.busy:
            raise ApiError(503, "This node is not part of a swarm")
        manager = self._world.managers.get(self._name)
        if manager is not None and not force:
            raise ApiError(503, self._leave_warning(manager))
        yield from self._world.leave_swarm(self._name)

    @staticmethod
    def _leave_warning(manager: Manager) -> str:
        others = sum(node.role == "manager" for node in manager.store.nodes.values()) - 1
        return LEAVING_MANAGER if others else LEAVING_LAST_MANAGER

    def swarm_update(
        self, version: int, spec: Json, rotate_worker: bool = False, rotate_manager: bool = False
    ) -> Steps:
        """Answer POST /swarm/update: other settings, and new join tokens where asked for."""
        manager = self._manager()
        yield from self._pause()
        if version != manager.version:
            raise ApiError(500, "rpc error: code = Unknown desc = update out of sequence")
        manager.version += 1
        manager.updated = self.now
        self._change_settings(manager, spec)
        if rotate_worker:
            manager.rotate_token("worker")
        if rotate_manager:
            manager.rotate_token("manager")

    # ---- nodes ----------------------------------------------------------------------------

    def nodes(self) -> Steps:
        """Answer GET /nodes."""
        manager = self._manager()
        yield from self._pause()
        return [self._node_json(manager, ref) for ref in manager.store.nodes]

    def node(self, ref: str) -> Steps:
        """Answer GET /nodes/{ref}."""
        manager = self._manager()
        yield from self._pause()
        return self._node_json(manager, ref)

    def _node_json(self, manager: Manager, ref: str) -> Json:
        try:
            node = manager.store.node(ref)
        except Refused as error:
            raise refusal(error) from None
        return node_json(node, f"{node.address}:{MANAGER_PORT}")

    def node_update(self, ref: str, version: int, spec: Json) -> Steps:
        """Answer POST /nodes/{ref}/update."""
        manager = self._manager()
        yield from self._pause()
        try:
            manager.nodes.update(
                ref, version, role=spec.get("Role", ""), availability=spec.get("Availability", ""),
                labels=spec.get("Labels") or {},
            )  # fmt: skip
        except Refused as error:
            raise refusal(error) from None

    def node_remove(self, ref: str, force: bool) -> Steps:
        """Answer DELETE /nodes/{ref}."""
        manager = self._manager()
        yield from self._pause()
        try:
            manager.nodes.remove(ref, force=force)
        except Refused as error:
            raise refusal(error) from None


def _cluster(manager: Manager) -> Json:
    """ClusterInfo: the swarm without its join tokens."""
    return {
        "ID": manager.id,
        "Version": {"Index": manager.version},
        "CreatedAt": epoch_text(manager.created),
        "UpdatedAt": epoch_text(manager.updated),
        "Spec": {
            "Name": "default",
            "Labels": {},
            "Orchestration": {"TaskHistoryRetentionLimit": manager.orchestrator.lifecycle.history},
            "Dispatcher": {"HeartbeatPeriod": manager.nodes.liveness.period // NS},
        },
        "DefaultAddrPool": list(manager.allocator.pools),
        "SubnetSize": manager.allocator.mask,
        "DataPathPort": manager.data_path_port,
    }
