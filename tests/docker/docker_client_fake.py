"""A daemon made of dictionaries, to test the docker client without a simulated world.

It records every request with its body, refuses what the tests tell it to refuse, and lets
simulated time pass only in ``sleep``. Tasks are running two seconds after they were ordered.
"""

from __future__ import annotations

import copy
from collections.abc import Generator
from typing import Any

from overlaysim.docker.api import START, ApiError, epoch_text
from overlaysim.units import SECOND

NODE_IDS = ("k4pq1x0v9m2b8s7d6f5g4h3j2", "p7zz81mmb3v5c2x9l0k6j4h2g", "r2d20c3p0w9q8e7r6t5y4u3i2")
HOSTS = ("host-a", "host-b", "host-c")
WORKER_TOKEN = "SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-worker0secret"
MANAGER_TOKEN = "SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-manager0secret"
STARTUP = 2 * SECOND


def swarm_id(number: int) -> str:
    """Make the 25-character id of the n-th swarm object."""
    return f"s{number}x{'abcdefghijklmnopqrstuvwxyz'[:23]}"[:25]


def container_id(number: int) -> str:
    """Make the 64-digit id of the n-th container."""
    return (f"{number:02x}" + "9f1c0a7b3e5d8264" * 4)[:64]


class FakeEngine:
    """The engine of host-a, a manager, with host-b and host-c as workers once initialised."""

    def __init__(self, instant: int = 100 * SECOND) -> None:
        self.instant = instant
        self.requests: list[tuple[Any, ...]] = []
        self.refusals: dict[str, ApiError] = {}
        self.in_swarm = False
        self.warnings: list[str] = []
        self.exec_answer: dict[str, Any] = {"Output": "", "Errors": "", "ExitCode": 0}
        self.attach_answer: dict[str, Any] = {"Output": "", "Errors": "", "StatusCode": 0}
        self.network_table: list[dict[str, Any]] = [
            self._network("0b" * 32, "bridge", "bridge", "local"),
            self._network("0c" * 32, "host", "host", "local"),
            self._network("0d" * 32, "none", "null", "local"),
        ]
        self.container_table: list[dict[str, Any]] = []
        self.service_table: list[dict[str, Any]] = []
        self.task_table: list[dict[str, Any]] = []
        self.node_table: list[dict[str, Any]] = []

    # --- bookkeeping ------------------------------------------------------------------------

    @property
    def now(self) -> int:
        return self.instant

    def _call(self, name: str, *arguments: Any) -> Generator[Any, Any, None]:
        self.requests.append((name, *copy.deepcopy(arguments)))
        yield from ()
        for key in (name, f"{name} {arguments[0]}" if arguments else name):
            if key in self.refusals:
                raise self.refusals[key]

    def sleep(self, duration: int) -> Generator[Any, Any, None]:
        yield from ()
        self.instant += duration
        for task in self.task_table:
            born = task["born"]
            if task["Status"]["State"] == "preparing" and self.instant >= born + STARTUP:
                task["Status"]["State"] = "running"
                task["Status"]["Timestamp"] = epoch_text(born + STARTUP)

    @staticmethod
    def _pick(table: list[dict[str, Any]], ref: str, what: str, names: Any) -> dict[str, Any]:
        for item in table:
            if ref in (item.get("ID"), item.get("Id")) or ref in names(item):
                return item
        found = [i for i in table if str(i.get("ID", i.get("Id"))).startswith(ref)]
        if len(found) == 1:
            return found[0]
        raise ApiError(404, f"{what}{ref} not found" if what else f"No such container: {ref}")

    # --- host and swarm ---------------------------------------------------------------------

    def info(self) -> Generator[Any, Any, dict[str, Any]]:
        yield from self._call("info")
        swarm: dict[str, Any] = {"LocalNodeState": "inactive", "ControlAvailable": False}
        if self.in_swarm:
            swarm = {
                "NodeID": NODE_IDS[0], "NodeAddr": "10.77.0.11", "LocalNodeState": "active",
                "ControlAvailable": True, "Nodes": 3, "Managers": 1,
                "RemoteManagers": [{"NodeID": NODE_IDS[0], "Addr": "10.77.0.11:2377"}],
                "Cluster": {"ID": swarm_id(900), "DataPathPort": 4789, "SubnetSize": 24,
                            "DefaultAddrPool": ["10.0.0.0/8"]},
            }  # fmt: skip
        return {
            "ID": "engine-a", "Name": "host-a", "ServerVersion": "28.2.2", "OSType": "linux",
            "OperatingSystem": "overlaysim", "Architecture": "x86_64", "NCPU": 2,
            "KernelVersion": "simulated", "MemTotal": 4 * 2**30, "Containers": 1,
            "ContainersRunning": 1, "ContainersPaused": 0, "ContainersStopped": 0, "Images": 1,
            "Driver": "overlay2", "Plugins": {"Network": ["bridge", "host", "null", "overlay"]},
            "Swarm": swarm,
        }  # fmt: skip

    def version(self) -> Generator[Any, Any, dict[str, Any]]:
        yield from self._call("version")
        return {
            "Version": "28.2.2", "ApiVersion": "1.50", "MinAPIVersion": "1.24", "Os": "linux",
            "Arch": "amd64", "GitCommit": "simulated", "GoVersion": "none",
            "KernelVersion": "simulated",
            "Components": [{"Name": "Engine", "Version": "28.2.2", "Details": {
                "ApiVersion": "1.50", "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64",
                "GitCommit": "simulated", "GoVersion": "none"}}],
        }  # fmt: skip

    def swarm(self) -> Generator[Any, Any, dict[str, Any]]:
        yield from self._call("swarm")
        return {
            "ID": swarm_id(900), "Version": {"Index": 10}, "Spec": {"Name": "default"},
            "JoinTokens": {"Worker": WORKER_TOKEN, "Manager": MANAGER_TOKEN},
            "DefaultAddrPool": ["10.0.0.0/8"], "SubnetSize": 24, "DataPathPort": 4789,
        }  # fmt: skip

    def swarm_init(self, body: dict[str, Any]) -> Generator[Any, Any, str]:
        yield from self._call("swarm_init", body)
        self.in_swarm = True
        self.node_table = [self._node(number) for number in range(3)]
        self.network_table.append(
            self._network(swarm_id(1), "ingress", "overlay", "swarm", Ingress=True)
        )
        return NODE_IDS[0]

    def swarm_join(self, body: dict[str, Any]) -> Generator[Any, Any, None]:
        yield from self._call("swarm_join", body)
        self.in_swarm = True

    def swarm_leave(self, force: bool) -> Generator[Any, Any, None]:
        yield from self._call("swarm_leave", force)
        self.in_swarm = False

    def swarm_update(
        self, version: int, spec: Any, rotate_worker: bool = False, rotate_manager: bool = False
    ) -> Generator[Any, Any, None]:
        yield from self._call("swarm_update", version, spec, rotate_worker, rotate_manager)

    # --- nodes ------------------------------------------------------------------------------

    def _node(self, number: int) -> dict[str, Any]:
        manager = {"Leader": True, "Reachability": "reachable", "Addr": "10.77.0.11:2377"}
        node: dict[str, Any] = {
            "ID": NODE_IDS[number], "Version": {"Index": 9},
            "CreatedAt": epoch_text(self.instant), "UpdatedAt": epoch_text(self.instant),
            "Spec": {"Role": "worker" if number else "manager", "Availability": "active",
                     "Labels": {}},
            "Description": {"Hostname": HOSTS[number],
                            "Platform": {"OS": "linux", "Architecture": "x86_64"},
                            "Resources": {"NanoCPUs": 2 * 10**9, "MemoryBytes": 4 * 2**30},
                            "Engine": {"EngineVersion": "28.2.2"}},
            "Status": {"State": "ready", "Addr": f"10.77.0.1{number + 1}"},
        }  # fmt: skip
        return node if number else {**node, "ManagerStatus": manager}

    def nodes(self) -> Generator[Any, Any, list[dict[str, Any]]]:
        yield from self._call("nodes")
        return copy.deepcopy(self.node_table)

    def node(self, ref: str) -> Generator[Any, Any, dict[str, Any]]:
        yield from self._call("node", ref)
        return copy.deepcopy(
            self._pick(self.node_table, ref, "node ", lambda n: [n["Description"]["Hostname"]])
        )

    def node_update(self, ref: str, version: int, spec: Any) -> Generator[Any, Any, None]:
        yield from self._call("node_update", ref, version, spec)

    def node_remove(self, ref: str, force: bool) -> Generator[Any, Any, None]:
        yield from self._call("node_remove", ref, force)

    # --- networks ---------------------------------------------------------------------------

    def _network(
        self, identity: str, name: str, driver: str, scope: str, **extra: Any
    ) -> dict[str, Any]:
        return {
            "Name": name, "Id": identity, "Created": epoch_text(self.instant), "Scope": scope,
            "Driver": driver, "EnableIPv4": True, "EnableIPv6": False,
            "IPAM": {"Driver": "default", "Options": None, "Config": []}, "Internal": False,
            "Attachable": False, "Ingress": False, "ConfigFrom": {"Network": ""},
            "ConfigOnly": False, "Containers": {}, "Options": {}, "Labels": {}, **extra,
        }  # fmt: skip

    def networks(self) -> Generator[Any, Any, list[dict[str, Any]]]:
        yield from self._call("networks")
        return copy.deepcopy(self.network_table)

    def network(
        self, ref: str, verbose: bool = False, scope: str = ""
    ) -> Generator[Any, Any, dict[str, Any]]:
        yield from self._call("network", ref, verbose, scope)
        return copy.deepcopy(self._pick(self.network_table, ref, "network ", lambda n: [n["Name"]]))

    def network_create(self, body: dict[str, Any]) -> Generator[Any, Any, dict[str, str]]:
        yield from self._call("network_create", body)
        identity = swarm_id(len(self.network_table))
        scope = "swarm" if body["Driver"] == "overlay" else "local"
        self.network_table.append(self._network(identity, body["Name"], body["Driver"], scope))
        return {"Id": identity, "Warning": ""}

    def network_remove(self, ref: str) -> Generator[Any, Any, None]:
        yield from self._call("network_remove", ref)

    def network_connect(self, ref: str, body: Any) -> Generator[Any, Any, None]:
        yield from self._call("network_connect", ref, body)

    def network_disconnect(self, ref: str, body: Any) -> Generator[Any, Any, None]:
        yield from self._call("network_disconnect", ref, body)

    def networks_prune(self) -> Generator[Any, Any, dict[str, Any]]:
        yield from self._call("networks_prune")
        return {"NetworksDeleted": ["old-net", "older-net"]}

    # --- containers -------------------------------------------------------------------------

    def containers(self, all_: bool) -> Generator[Any, Any, list[dict[str, Any]]]:
        yield from self._call("containers", all_)
        shown = [c for c in self.container_table if all_ or c["State"]["Running"]]
        return [self._listed(c) for c in reversed(shown)]

    @staticmethod
    def _listed(item: dict[str, Any]) -> dict[str, Any]:
        running = item["State"]["Running"]
        return {
            "Id": item["Id"], "Names": [item["Name"]], "Image": item["Config"]["Image"],
            "ImageID": "sha256:" + "1" * 64, "Command": " ".join(item["Config"]["Cmd"] or []),
            "Created": START + item["born"] // SECOND, "State": "running" if running else "created",
            "Status": "Up 2 minutes" if running else "Created", "Ports": [],
            "Labels": item["Config"].get("Labels") or {},
            "NetworkSettings": {"Networks": {item["HostConfig"]["NetworkMode"]: {}}},
        }  # fmt: skip

    def container(self, ref: str) -> Generator[Any, Any, dict[str, Any]]:
        yield from self._call("container", ref)
        return {key: value for key, value in self._container(ref).items() if key != "born"}

    def _container(self, ref: str) -> dict[str, Any]:
        return self._pick(self.container_table, ref, "", lambda c: [c["Name"], c["Name"][1:]])

    def container_create(
        self, name: str, body: dict[str, Any]
    ) -> Generator[Any, Any, dict[str, Any]]:
        yield from self._call("container_create", name, body)
        identity = container_id(len(self.container_table) + 1)
        self.container_table.append({
            "Id": identity, "Name": f"/{name or 'dreamy_euler'}", "Created": epoch_text(self.now),
            "State": {"Status": "created", "Running": False, "ExitCode": 0},
            "Image": "sha256:" + "1" * 64, "RestartCount": 0, "Mounts": [],
            "Config": {key: value for key, value in body.items()
                       if key not in ("HostConfig", "NetworkingConfig")},
            "HostConfig": body["HostConfig"], "NetworkSettings": {"Networks": {}},
            "born": self.now,
        })  # fmt: skip
        return {"Id": identity, "Warnings": self.warnings}

    def container_start(self, ref: str) -> Generator[Any, Any, None]:
        yield from self._call("container_start", ref)
        self._container(ref)["State"].update(Running=True, Status="running")

    def container_stop(self, ref: str, timeout: int | None) -> Generator[Any, Any, None]:
        yield from self._call("container_stop", ref, timeout)
        self._container(ref)["State"].update(Running=False, Status="exited")

    def container_restart(self, ref: str, timeout: int | None) -> Generator[Any, Any, None]:
        yield from self._call("container_restart", ref, timeout)
        self._container(ref)

    def container_kill(self, ref: str, signal: str) -> Generator[Any, Any, None]:
        yield from self._call("container_kill", ref, signal)
        self._container(ref)

    def container_remove(self, ref: str, force: bool) -> Generator[Any, Any, None]:
        yield from self._call("container_remove", ref, force)
        self.container_table.remove(self._container(ref))

    def container_wait(self, ref: str) -> Generator[Any, Any, dict[str, Any]]:
        yield from self._call("container_wait", ref)
        return {"StatusCode": self.attach_answer["StatusCode"]}

    def container_attach(self, ref: str) -> Generator[Any, Any, dict[str, Any]]:
        yield from self._call("container_attach", ref)
        return self.attach_answer

    def container_logs(self, ref: str) -> Generator[Any, Any, str]:
        yield from self._call("container_logs", ref)
        self._container(ref)
        return str(self.attach_answer["Output"])

    def exec(self, ref: str, body: dict[str, Any]) -> Generator[Any, Any, dict[str, Any]]:
        yield from self._call("exec", ref, body)
        self._container(ref)
        return self.exec_answer

    # --- services ---------------------------------------------------------------------------

    def services(self) -> Generator[Any, Any, list[dict[str, Any]]]:
        yield from self._call("services")
        return [self._with_status(service) for service in self.service_table]

    def _with_status(self, service: dict[str, Any]) -> dict[str, Any]:
        tasks = [t for t in self.task_table if t["ServiceID"] == service["ID"]]
        wanted = [t for t in tasks if t["DesiredState"] == "running"]
        running = [t for t in wanted if t["Status"]["State"] == "running"]
        status = {"RunningTasks": len(running), "DesiredTasks": len(wanted), "CompletedTasks": 0}
        return {**copy.deepcopy(service), "ServiceStatus": status}

    def _service(self, ref: str) -> dict[str, Any]:
        return self._pick(self.service_table, ref, "service ", lambda s: [s["Spec"]["Name"]])

    def service(self, ref: str, defaults: bool = False) -> Generator[Any, Any, dict[str, Any]]:
        yield from self._call("service", ref)
        return copy.deepcopy(self._service(ref))

    def service_create(self, body: dict[str, Any]) -> Generator[Any, Any, dict[str, Any]]:
        yield from self._call("service_create", body)
        service = {
            "ID": swarm_id(100 + len(self.service_table)), "Version": {"Index": 20},
            "CreatedAt": epoch_text(self.now), "UpdatedAt": epoch_text(self.now),
            "Spec": copy.deepcopy(body),
            "Endpoint": {"Spec": {"Mode": "vip"}, "Ports": body["EndpointSpec"].get("Ports"),
                         "VirtualIPs": [{"NetworkID": swarm_id(2), "Addr": "10.0.1.6/24"}]},
        }  # fmt: skip
        service["Spec"].setdefault("Name", "vigilant_turing")
        self.service_table.append(service)
        self._order_tasks(service)
        return {"ID": service["ID"], "Warnings": self.warnings}

    def _order_tasks(self, service: dict[str, Any]) -> None:
        mode = service["Spec"]["Mode"]
        count = mode["Replicated"].get("Replicas", 1) if "Replicated" in mode else 3
        for slot in range(1, count + 1):
            self.task_table.append({
                "ID": swarm_id(200 + len(self.task_table)), "Version": {"Index": 21},
                "CreatedAt": epoch_text(self.now), "UpdatedAt": epoch_text(self.now),
                "Spec": service["Spec"]["TaskTemplate"], "ServiceID": service["ID"],
                "NodeID": NODE_IDS[(slot - 1) % 3], "DesiredState": "running",
                "Status": {"Timestamp": epoch_text(self.now), "State": "preparing",
                           "ContainerStatus": {"ContainerID": container_id(slot)}},
                "born": self.now,
                **({"Slot": slot} if "Replicated" in mode else {}),
            })  # fmt: skip

    def service_update(
        self, ref: str, version: int, body: dict[str, Any], rollback: bool = False
    ) -> Generator[Any, Any, dict[str, Any]]:
        yield from self._call("service_update", ref, version, body, rollback)
        service = self._service(ref)
        service["Spec"] = copy.deepcopy(body)
        self.task_table = [t for t in self.task_table if t["ServiceID"] != service["ID"]]
        self._order_tasks(service)
        return {"Warnings": self.warnings}

    def service_remove(self, ref: str) -> Generator[Any, Any, None]:
        yield from self._call("service_remove", ref)
        self.service_table.remove(self._service(ref))

    def service_logs(self, ref: str) -> Generator[Any, Any, str]:
        yield from self._call("service_logs", ref)
        self._service(ref)
        return "api.1.abc@host-a    | hello\n"

    def tasks(self, filters: Any) -> Generator[Any, Any, list[dict[str, Any]]]:
        yield from self._call("tasks", filters)
        fields = {"service": "ServiceID", "node": "NodeID", "id": "ID",
                  "desired-state": "DesiredState"}  # fmt: skip
        return [
            copy.deepcopy(task)
            for task in self.task_table
            if all(task[field] in filters[key] for key, field in fields.items() if key in filters)
        ]
