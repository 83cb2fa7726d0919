"""docker service ps and docker node ps: lists of tasks."""

from __future__ import annotations

from collections.abc import Mapping

from overlaysim.docker.api import ApiError, Json, epoch_ps
from overlaysim.docker.client.ages import since_text
from overlaysim.docker.client.call import Call, CommandError
from overlaysim.docker.client.commands.nodes import hostname
from overlaysim.docker.client.filters import has_label, select
from overlaysim.docker.client.tables import Listing, Row, ellipsis, natural_key, short_id
from overlaysim.sim import Steps

_ERROR_WIDTH = 30

_LISTING = Listing(
    {
        "ID": "ID",
        "NAME": "Name",
        "IMAGE": "Image",
        "NODE": "Node",
        "DESIRED STATE": "DesiredState",
        "CURRENT STATE": "CurrentState",
        "ERROR": "Error",
        "PORTS": "Ports",
    },
    type_name="*task.taskContext",
)


def service_tasks(call: Call) -> Steps:
    """List the tasks of services, with up to five old ones below each slot."""
    services = yield from call.engine.services()
    chosen, missing = [], []
    for ref in call.arguments:
        found = _matching(services, ref)
        chosen += [service["ID"] for service in found]
        if not found:
            missing.append(f"no such service: {ref}")
    if chosen:
        tasks = yield from call.engine.tasks({"service": chosen})
        yield from _show(call, tasks, services)
    if missing:
        raise CommandError("\n".join(missing))
    return 0


def _matching(services: list[Json], ref: str) -> list[Json]:
    """Find services by id, then name, then the beginning of an id."""
    exact = [s for s in services if ref in (s["ID"], s["Spec"]["Name"])]
    return exact or [s for s in services if s["ID"].startswith(ref)]


def node_tasks(call: Call) -> Steps:
    """List the tasks on nodes."""
    tasks: list[Json] = []
    errors = []
    for ref in call.arguments or ["self"]:
        try:
            node_id = yield from _node_id(call, ref)
        except ApiError as error:
            errors.append(f"Error response from daemon: {error.message}")
            continue
        tasks += yield from call.engine.tasks({"node": [node_id]})
    if tasks or not errors:
        services = yield from call.engine.services()
        yield from _show(call, tasks, services)
    if errors:
        raise CommandError("\n".join(errors))
    return 0


def _node_id(call: Call, ref: str) -> Steps:
    if ref != "self":
        node = yield from call.engine.node(ref)
        return node["ID"]
    info = yield from call.engine.info()
    if not info["Swarm"].get("NodeID"):
        raise CommandError("node ID not found in /info")
    return info["Swarm"]["NodeID"]


def _show(call: Call, tasks: list[Json], services: list[Json]) -> Steps:
    nodes = yield from call.engine.nodes()
    resolve = not call.flags.on("no-resolve")
    node_names = {node["ID"]: hostname(node) for node in nodes}
    service_names = {service["ID"]: service["Spec"]["Name"] for service in services}
    names = {task["ID"]: _task_name(task, service_names if resolve else {}) for task in tasks}
    chosen = select(call, tasks, {
        "id": lambda task, value: task["ID"].startswith(value),
        "name": lambda task, value: _task_name(task, service_names).startswith(value),
        "label": lambda task, value: has_label(task["Spec"]["ContainerSpec"].get("Labels"), value),
        "service": lambda task, value: value in (task["ServiceID"],
                                                 service_names.get(task["ServiceID"])),
        "node": lambda task, value: value in (task.get("NodeID"),
                                              node_names.get(task.get("NodeID", ""))),
        "desired-state": lambda task, value: task["DesiredState"] == value,
    })  # fmt: skip
    # Slots in order, the newest task of a slot first: two stable sorts.
    chosen.sort(key=lambda task: epoch_ps(task["CreatedAt"]), reverse=True)
    chosen.sort(key=lambda task: natural_key(names[task["ID"]]))
    shown_nodes = node_names if resolve else {}
    rows, previous = [], ""
    for task in chosen:
        name = names[task["ID"]]
        shown = f" \\_ {name}" if name == previous else name
        rows.append(_row(call, task, shown, shown_nodes))
        previous = name
    _LISTING.show(call, rows)


def _task_name(task: Json, service_names: Mapping[str, str]) -> str:
    """Name of a task: service and slot, or service and node for a global service."""
    service = service_names.get(task["ServiceID"], task["ServiceID"])
    return f"{service}.{task.get('Slot') or task.get('NodeID', '')}"


def _row(call: Call, task: Json, name: str, node_names: Mapping[str, str]) -> Row:
    full = call.flags.on("no-trunc")
    status, node_id = task["Status"], task.get("NodeID", "")
    image = task["Spec"]["ContainerSpec"]["Image"]
    age = since_text(status["Timestamp"], call.engine.now).lower()
    error = status.get("Err") or ""
    shown_error = error if full else ellipsis(error, _ERROR_WIDTH)
    ports = (status.get("PortStatus") or {}).get("Ports") or []
    return {
        # --quiet prints whole ids, whatever --no-trunc says.
        "ID": short_id(task["ID"], full or call.flags.on("quiet")),
        "Name": name,
        "Image": image if full else image.partition("@")[0],
        "Node": node_names.get(node_id, node_id),
        "DesiredState": task["DesiredState"].capitalize(),
        "CurrentState": f"{status['State'].capitalize()} {age}",
        "Error": f'"{shown_error}"' if shown_error else "",
        "Ports": ",".join(
            f"*:{port['PublishedPort']}->{port['TargetPort']}/{port['Protocol']}" for port in ports
        ),
    }
