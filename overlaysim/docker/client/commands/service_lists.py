"""docker service ls."""

from __future__ import annotations

from overlaysim.docker.api import Json
from overlaysim.docker.client.call import Call
from overlaysim.docker.client.filters import has_label, select
from overlaysim.docker.client.tables import Listing, Row, natural_key, short_id
from overlaysim.sim import Steps

_LISTING = Listing(
    {
        "ID": "ID",
        "NAME": "Name",
        "MODE": "Mode",
        "REPLICAS": "Replicas",
        "IMAGE": "Image",
        "PORTS": "Ports",
    },
    type_name="*service.serviceContext",
)


def list_services(call: Call) -> Steps:
    """List the services with how many of their tasks are running."""
    services = yield from call.engine.services()
    chosen = select(call, services, {
        "id": lambda service, value: service["ID"].startswith(value),
        "name": lambda service, value: service["Spec"]["Name"].startswith(value),
        "label": lambda service, value: has_label(service["Spec"].get("Labels"), value),
        "mode": lambda service, value: _mode(service) == value,
    })  # fmt: skip
    ordered = sorted(chosen, key=lambda service: natural_key(service["Spec"]["Name"]))
    _LISTING.show(call, [_row(service) for service in ordered])
    return 0


def _mode(service: Json) -> str:
    return "replicated" if "Replicated" in service["Spec"]["Mode"] else "global"


def _row(service: Json) -> Row:
    spec = service["Spec"]
    return {
        "ID": short_id(service["ID"], full=False),
        "Image": spec["TaskTemplate"]["ContainerSpec"]["Image"].partition("@")[0],
        "Mode": _mode(service),
        "Name": spec["Name"],
        "Ports": ", ".join(_published((service.get("Endpoint") or {}).get("Ports") or [])),
        "Replicas": _replicas(service),
    }


def _replicas(service: Json) -> str:
    status = service["ServiceStatus"]
    placement = service["Spec"]["TaskTemplate"].get("Placement") or {}
    most = placement.get("MaxReplicas")
    limit = f" (max {most} per node)" if most else ""
    return f"{status['RunningTasks']}/{status['DesiredTasks']}{limit}"


def _published(ports: list[Json]) -> list[str]:
    """Ports of the routing mesh, neighbours joined; those on the tasks' own hosts are not shown."""
    mesh = [port for port in ports if port.get("PublishMode") == "ingress"]
    ranges: list[tuple[str, list[int], list[int]]] = []
    for port in sorted(mesh, key=lambda p: (p["Protocol"], p.get("PublishedPort", 0))):
        published, target = port.get("PublishedPort", 0), port["TargetPort"]
        if ranges and ranges[-1][0] == port["Protocol"]:
            _, outside, inside = ranges[-1]
            if published <= outside[-1] + 1 and inside[-1] <= target <= inside[-1] + 1:
                outside.append(published)
                inside.append(target)
                continue
        ranges.append((port["Protocol"], [published], [target]))
    return [f"*:{_span(outside)}->{_span(inside)}/{name}" for name, outside, inside in ranges]


def _span(ports: list[int]) -> str:
    return str(ports[0]) if ports[0] == ports[-1] else f"{ports[0]}-{ports[-1]}"
