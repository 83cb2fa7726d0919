"""docker swarm: init, join, join-token, leave, update."""

from __future__ import annotations

from overlaysim.docker.api import Json
from overlaysim.docker.client.call import Call, CommandError
from overlaysim.sim import Steps

_AVAILABILITIES = ("active", "pause", "drain")


def init(call: Call) -> Steps:
    """Start a swarm and print how the others join it."""
    flags, engine = call.flags, call.engine
    node_id = yield from engine.swarm_init({
        "ListenAddr": flags.text("listen-addr"),
        "AdvertiseAddr": flags.text("advertise-addr"),
        "DataPathAddr": flags.text("data-path-addr"),
        "DataPathPort": flags.number("data-path-port"),
        "ForceNewCluster": flags.on("force-new-cluster"),
        "Spec": _settings(call, {}),
        "AutoLockManagers": flags.on("autolock"),
        "Availability": _availability(call),
        "DefaultAddrPool": flags.items("default-addr-pool"),
        "SubnetSize": flags.number("default-addr-pool-mask-length"),
    })  # fmt: skip
    call.print(f"Swarm initialized: current node ({node_id}) is now a manager.\n")
    yield from _print_join_command(call, node_id, "worker")
    call.print(
        "To add a manager to this swarm, run 'docker swarm join-token manager'"
        " and follow the instructions."
    )
    return 0


def join(call: Call) -> Steps:
    """Join the swarm of the manager at HOST:PORT; the token decides the role."""
    flags = call.flags
    yield from call.engine.swarm_join({
        "ListenAddr": flags.text("listen-addr"),
        "AdvertiseAddr": flags.text("advertise-addr"),
        "DataPathAddr": flags.text("data-path-addr"),
        "RemoteAddrs": [call.arguments[0]],
        "JoinToken": flags.text("token"),
        "Availability": _availability(call),
    })  # fmt: skip
    info = yield from call.engine.info()
    role = "manager" if info["Swarm"].get("ControlAvailable") else "worker"
    call.print(f"This node joined a swarm as a {role}.")
    return 0


def join_token(call: Call) -> Steps:
    """Print the token of a role, with the command that uses it."""
    role = call.arguments[0]
    if role not in ("worker", "manager"):
        raise CommandError(f"unknown role {role}")
    if call.flags.on("rotate"):
        swarm = yield from call.engine.swarm()
        yield from call.engine.swarm_update(
            swarm["Version"]["Index"], swarm["Spec"], role == "worker", role == "manager"
        )
        if not call.flags.on("quiet"):
            call.print(f"Successfully rotated {role} join token.\n")
    if call.flags.on("quiet"):
        swarm = yield from call.engine.swarm()
        call.print(swarm["JoinTokens"][role.capitalize()])
        return 0
    info = yield from call.engine.info()
    yield from _print_join_command(call, info["Swarm"].get("NodeID", ""), role)
    return 0


def leave(call: Call) -> Steps:
    """Leave the swarm."""
    yield from call.engine.swarm_leave(call.flags.on("force"))
    call.print("Node left the swarm.")
    return 0


def update(call: Call) -> Steps:
    """Change settings of the whole swarm."""
    swarm = yield from call.engine.swarm()
    yield from call.engine.swarm_update(swarm["Version"]["Index"], _settings(call, swarm["Spec"]))
    call.print("Swarm updated.")
    return 0


def _availability(call: Call) -> str:
    availability = call.flags.text("availability").lower()
    if availability and availability not in _AVAILABILITIES:
        raise CommandError(
            f'invalid availability "{availability}", only active, pause and drain are supported'
        )
    return availability


def _settings(call: Call, spec: Json) -> Json:
    """Put the flags that were given into the swarm's specification."""
    changed = {**spec}
    if call.flags.changed("task-history-limit"):
        limit = call.flags.number("task-history-limit")
        changed["Orchestration"] = {"TaskHistoryRetentionLimit": limit}
    if call.flags.changed("dispatcher-heartbeat"):
        changed["Dispatcher"] = {"HeartbeatPeriod": call.flags.number("dispatcher-heartbeat")}
    return changed


def _print_join_command(call: Call, node_id: str, role: str) -> Steps:
    """Print the command with which others join; only managers know an address to join at."""
    node = yield from call.engine.node(node_id)
    swarm = yield from call.engine.swarm()
    address = (node.get("ManagerStatus") or {}).get("Addr")
    if address:
        token = swarm["JoinTokens"][role.capitalize()]
        call.print(f"To add a {role} to this swarm, run the following command:\n")
        call.print(f"    docker swarm join --token {token} {address}\n")
