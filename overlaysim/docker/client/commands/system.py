"""docker info and docker version."""

from __future__ import annotations

from overlaysim.docker.api import Json
from overlaysim.docker.client.call import Call, CommandError
from overlaysim.docker.client.pretty import binary_size
from overlaysim.docker.client.tables import to_json
from overlaysim.docker.client.templates import Template, TemplateError
from overlaysim.docker.client.version import API_VERSION, VERSION
from overlaysim.sim import Steps

_CLIENT = {
    "Version": VERSION,
    "ApiVersion": API_VERSION,
    "DefaultAPIVersion": API_VERSION,
    "Os": "linux",
    "Arch": "amd64",
    "Context": "default",
}


def info(call: Call) -> Steps:
    """Print facts about the host and its part in the swarm."""
    facts = yield from call.engine.info()
    if not _formatted(call, {**facts, "ClientInfo": _CLIENT}):
        call.print("\n".join(["Client:", *_client_lines(), "", "Server:", *_server_lines(facts)]))
    return 0


def _client_lines() -> list[str]:
    return [f" Version:    {VERSION}", " Context:    default", " Debug Mode: false"]


def _server_lines(facts: Json) -> list[str]:
    networks = " ".join((facts.get("Plugins") or {}).get("Network") or [])
    return [
        f" Containers: {facts.get('Containers', 0)}",
        f"  Running: {facts.get('ContainersRunning', 0)}",
        f"  Paused: {facts.get('ContainersPaused', 0)}",
        f"  Stopped: {facts.get('ContainersStopped', 0)}",
        f" Server Version: {facts.get('ServerVersion', '')}",
        " Plugins:",
        f"  Network: {networks}",
        *_swarm_lines(facts["Swarm"]),
        f" Kernel Version: {facts.get('KernelVersion', '')}",
        f" Operating System: {facts.get('OperatingSystem', '')}",
        f" OSType: {facts.get('OSType', '')}",
        f" Architecture: {facts.get('Architecture', '')}",
        f" CPUs: {facts.get('NCPU', 0)}",
        f" Total Memory: {binary_size(facts.get('MemTotal', 0))}",
        f" Name: {facts.get('Name', '')}",
        f" ID: {facts.get('ID', '')}",
    ]


def _swarm_lines(swarm: Json) -> list[str]:
    lines = [f" Swarm: {swarm['LocalNodeState']}"]
    if swarm["LocalNodeState"] == "inactive":
        return lines
    manager = swarm.get("ControlAvailable", False)
    lines += [f"  NodeID: {swarm['NodeID']}", f"  Is Manager: {str(manager).lower()}"]
    if manager:
        cluster = swarm.get("Cluster") or {}
        pools = "  ".join(cluster.get("DefaultAddrPool") or [])
        lines += [
            f"  ClusterID: {cluster.get('ID', '')}",
            f"  Managers: {swarm.get('Managers', 0)}",
            f"  Nodes: {swarm.get('Nodes', 0)}",
            f"  Default Address Pool: {pools}",
            f"  SubnetSize: {cluster.get('SubnetSize', 0)}",
            f"  Data Path Port: {cluster.get('DataPathPort', 0)}",
        ]
    lines.append(f"  Node Address: {swarm.get('NodeAddr', '')}")
    managers = sorted(peer["Addr"] for peer in swarm.get("RemoteManagers") or [])
    return [*lines, "  Manager Addresses:", *(f"   {address}" for address in managers)]


def version(call: Call) -> Steps:
    """Print the versions of client and engine."""
    server = yield from call.engine.version()
    if _formatted(call, {"Client": _CLIENT, "Server": server}):
        return 0
    platform = f"{server.get('Os', '')}/{server.get('Arch', '')}"
    minimum = f"(minimum version {server.get('MinAPIVersion', '')})"
    call.print("\n".join([
        "Client:",
        f" Version:           {VERSION}",
        f" API version:       {API_VERSION}",
        " OS/Arch:           linux/amd64",
        " Context:           default",
        "",
        "Server:",
        " Engine:",
        f"  Version:          {server['Version']}",
        f"  API version:      {server['ApiVersion']} {minimum}",
        f"  OS/Arch:          {platform}",
    ]))  # fmt: skip
    return 0


def _formatted(call: Call, facts: Json) -> bool:
    """Print the facts as --format asks; False without that flag."""
    wanted = call.flags.text("format")
    if not wanted:
        return False
    try:
        call.print(to_json(facts) if wanted == "json" else Template(wanted).expand(facts))
    except TemplateError as error:
        raise CommandError(f"template parsing error: {error}", 64) from None
    return True
