"""docker node: ls, update, promote, demote, rm."""

from __future__ import annotations

from overlaysim.docker.api import ApiError, Json
from overlaysim.docker.client.call import Call, CommandError
from overlaysim.docker.client.filters import has_label, select
from overlaysim.docker.client.tables import Listing, Row, natural_key
from overlaysim.sim import Steps

_LISTING = Listing(
    {
        "ID": lambda row: f"{row['ID']} {'*' if row['Self'] else ' '}",
        "HOSTNAME": "Hostname",
        "STATUS": "Status",
        "AVAILABILITY": "Availability",
        "MANAGER STATUS": "ManagerStatus",
        "ENGINE VERSION": "EngineVersion",
    },
    type_name="*node.nodeContext",
)


def hostname(node: Json) -> str:
    """The name of the host that a node is."""
    return str((node.get("Description") or {}).get("Hostname", ""))


def list_nodes(call: Call) -> Steps:
    """List the nodes; a star marks the one the command runs on."""
    nodes = yield from call.engine.nodes()
    info = yield from call.engine.info()
    own_id = info["Swarm"].get("NodeID", "")
    chosen = select(call, nodes, {
        "id": lambda node, value: node["ID"].startswith(value),
        "name": lambda node, value: hostname(node).startswith(value),
        "role": lambda node, value: node["Spec"]["Role"] == value,
        "membership": lambda node, value: value == "accepted",
        "label": lambda node, value: False,
        "node.label": lambda node, value: has_label(node["Spec"].get("Labels"), value),
    })  # fmt: skip
    ordered = sorted(chosen, key=lambda node: natural_key(hostname(node)))
    _LISTING.show(call, [_row(node, own_id) for node in ordered])
    return 0


def _row(node: Json, own_id: str) -> Row:
    return {
        "ID": node["ID"],
        "Self": node["ID"] == own_id,
        "Hostname": hostname(node),
        "Status": node["Status"]["State"].capitalize(),
        "Availability": node["Spec"]["Availability"].capitalize(),
        "ManagerStatus": _manager_status(node),
        "EngineVersion": node["Description"].get("Engine", {}).get("EngineVersion", ""),
        "TLSStatus": "Unknown",  # there are no certificates in the simulation
    }


def _manager_status(node: Json) -> str:
    manager = node.get("ManagerStatus") or {}
    return "Leader" if manager.get("Leader") else manager.get("Reachability", "").capitalize()


def update(call: Call) -> Steps:
    """Change role, availability or labels of a node."""
    flags, ref = call.flags, call.arguments[0]
    node = yield from call.engine.node(ref)
    spec = node["Spec"]
    if flags.changed("role"):
        spec["Role"] = flags.text("role")
    if flags.changed("availability"):
        spec["Availability"] = flags.text("availability")
    labels = dict(spec.get("Labels") or {})
    labels.update(flags.pairs("label-add"))
    for key in flags.items("label-rm"):
        if key not in labels:
            raise CommandError(f"key {key} doesn't exist in node's labels")
        del labels[key]
    yield from call.engine.node_update(
        node["ID"], node["Version"]["Index"], {**spec, "Labels": labels}
    )
    call.print(ref)
    return 0


def promote(call: Call) -> Steps:
    """Make nodes managers."""
    yield from _set_role(call, "manager", "Node {} promoted to a manager in the swarm.")
    return 0


def demote(call: Call) -> Steps:
    """Make nodes workers."""
    yield from _set_role(call, "worker", "Manager {} demoted in the swarm.")
    return 0


def _set_role(call: Call, role: str, done: str) -> Steps:
    for ref in call.arguments:
        node = yield from call.engine.node(ref)
        if node["Spec"]["Role"] == role:
            call.print(f"Node {node['ID']} is already a {role}.")
            continue
        spec = {**node["Spec"], "Role": role}
        yield from call.engine.node_update(node["ID"], node["Version"]["Index"], spec)
        call.print(done.format(ref))


def remove(call: Call) -> Steps:
    """Remove nodes from the swarm."""
    status = 0
    for ref in call.arguments:
        try:
            yield from call.engine.node_remove(ref, call.flags.on("force"))
            call.print(ref)
        except ApiError as error:
            status = call.refuse(error)
    return status
