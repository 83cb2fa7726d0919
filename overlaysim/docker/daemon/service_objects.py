"""Services and tasks as the Engine API describes them (moby, ``api/docs/v1.50.yaml``)."""

from __future__ import annotations

import copy

from overlaysim.cluster.records import Network, Service, Task, Update
from overlaysim.docker.api import Json, epoch_text


def service_status(service: Service, tasks: list[Task], nodes: int) -> Json:
    """The ServiceStatus of a service in a list; a global one wants a task on each of ``nodes``."""
    replicas = service.spec.replicas
    return {
        "RunningTasks": sum(task.state == "running" and task.wanted for task in tasks),
        "DesiredTasks": replicas if replicas is not None else nodes,
        "CompletedTasks": 0,
    }


def service_json(service: Service, networks: dict[str, Network]) -> Json:
    """A Service."""
    spec = service.spec
    vips = []
    for network_id, address in service.vips.items():
        info = networks[network_id].info
        if info is not None:
            vips.append({"NetworkID": network_id, "Addr": f"{address}/{info.prefix_length}"})
    document: Json = {
        "ID": service.id,
        "Version": {"Index": service.version},
        "CreatedAt": epoch_text(service.created),
        "UpdatedAt": epoch_text(service.updated),
        "Spec": copy.deepcopy(spec.document),
        "Endpoint": {
            "Spec": {"Mode": spec.endpoint_mode},
            "VirtualIPs": vips,
        },
    }
    if service.previous is not None:
        document["PreviousSpec"] = copy.deepcopy(service.previous.document)
    if service.update is not None:
        document["UpdateStatus"] = _update_status(service.update)
    return document


def _update_status(update: Update) -> Json:
    status: Json = {
        "State": update.state, "StartedAt": epoch_text(update.started), "Message": update.message,
    }  # fmt: skip
    if update.completed is not None:
        status["CompletedAt"] = epoch_text(update.completed)
    return status


def task_json(task: Task, networks: dict[str, Network]) -> Json:
    """A Task."""
    attachments: list[Json] = []
    for network_id, address in task.addresses.items():
        network = networks.get(network_id)
        if network is not None and network.info is not None:
            attachments.append(
                {
                    "Network": {"ID": network_id, "Spec": {"Name": network.spec.name}},
                    "Addresses": [f"{address}/{network.info.prefix_length}"],
                }
            )
    status: Json = {
        "Timestamp": epoch_text(task.changed),
        "State": task.state,
        "Message": task.message,
        "ContainerStatus": {
            "ContainerID": task.container,
            "PID": 0,
            "ExitCode": task.exit_code,
        },
        "PortStatus": {},
    }
    if task.error:
        status["Err"] = task.error
    return {
        "ID": task.id,
        "Version": {"Index": 1},
        "CreatedAt": epoch_text(task.created),
        "UpdatedAt": epoch_text(task.changed),
        "Labels": {},
        "Spec": copy.deepcopy(task.spec.document["TaskTemplate"]),
        "ServiceID": task.service,
        "Slot": task.slot,
        "NodeID": task.node,
        "Status": status,
        "DesiredState": task.desired,
        "NetworksAttachments": attachments,
    }
