"""The daemon's part for the swarm itself and its nodes."""

from __future__ import annotations

from ipaddress import IPv4Network

from overlaysim.cluster.manager import Manager
from overlaysim.cluster.requests import MANAGER_PORT, Refused
from overlaysim.docker.api import ApiError, Json, epoch_text
from overlaysim.docker.daemon.base import DaemonPart, refusal
from overlaysim.docker.daemon.objects import API_VERSION, ENGINE_VERSION, node_json
from overlaysim.host.rpc import RpcFailed
from overlaysim.sim import Steps

ALREADY = (
    'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join '
    "another one."
)
LAST_MANAGER = (
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
            swarm["Cluster"] = {"ID": manager.id}
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
        return {
            "ID": manager.id,
            "Version": {"Index": 1},
            "CreatedAt": epoch_text(manager.created),
            "UpdatedAt": epoch_text(manager.created),
            "Spec": {"Name": "default", "Labels": {}},
            "JoinTokens": {
                "Worker": manager.tokens["worker"], "Manager": manager.tokens["manager"],
            },
            "DataPathPort": 4789,
        }  # fmt: skip

    def swarm_init(self, body: Json) -> Steps:
        """Answer POST /swarm/init with the new node's id."""
        if self._worker.node:
            raise ApiError(503, ALREADY)
        self._check_address(body.get("AdvertiseAddr") or "")
        pools = tuple(body.get("DefaultAddrPool") or ("10.0.0.0/8",))
        mask = body.get("SubnetSize") or 24
        self._check_pools(pools, mask)
        manager = Manager(
            self._world.simulator, self._world.identifiers, self._world.settings.timing,
            pools=pools, mask=mask,
        )  # fmt: skip
        yield from self._world.init_swarm(self._name, manager)
        return self._worker.node

    def _check_address(self, advertised: str) -> None:
        """The simulated host has one interface, eth0, and one address."""
        plain = advertised.rsplit(":", 1)[0] if advertised.count(":") == 1 else advertised
        if plain not in ("", self._host.address, "eth0", "0.0.0.0"):
            raise ApiError(
                400,
                f"advertise address must be a non-zero IP address or network interface (with "
                f"optional port number); {self._name} has eth0 at {self._host.address}",
            )

    @staticmethod
    def _check_pools(pools: tuple[str, ...], mask: int) -> None:
        for pool in pools:
            try:
                network = IPv4Network(pool)
            except ValueError:
                raise ApiError(400, f"invalid CIDR address: {pool}") from None
            if not network.prefixlen <= mask <= 29:
                raise ApiError(400, f"mask length {mask} does not fit address pool {pool}")

    def swarm_join(self, body: Json) -> Steps:
        """Answer POST /swarm/join."""
        if self._worker.node:
            raise ApiError(503, ALREADY)
        remote = (body.get("RemoteAddrs") or [""])[0]
        address = remote.rsplit(":", 1)[0]
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
        if not self._worker.node:
            raise ApiError(503, "This node is not part of a swarm")
        if self._name in self._world.managers and not force:
            raise ApiError(503, LAST_MANAGER)
        yield from self._world.leave_swarm(self._name)

    def swarm_update(
        self, version: int, spec: Json, rotate_worker: bool = False, rotate_manager: bool = False
    ) -> Steps:
        """Answer POST /swarm/update: new join tokens where asked for."""
        manager = self._manager()
        yield from self._pause()
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
            manager.update_node(
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
            manager.remove_node(ref, force=force)
        except Refused as error:
            raise refusal(error) from None
