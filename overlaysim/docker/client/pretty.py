"""Services and nodes in words, as ``inspect --pretty`` prints them.

The lines, with their odd tabs and blanks, are those of docker/cli 28.2.2
(``cli/command/service/formatter.go``, ``cli/command/node/formatter.go``).
"""

from __future__ import annotations

from collections.abc import Iterable

from overlaysim.docker.api import Json
from overlaysim.docker.client.ages import date_text

_NS = 10**9


def binary_size(size: int) -> str:
    """Write a size in powers of 1024 with at most four digits: "4GiB"."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{value:.4g}{unit}"


def go_duration(nanoseconds: int) -> str:
    """Write a duration as Go does: "1m30s", "500ms", "0s"."""
    if nanoseconds < _NS:
        for unit, size in (("ms", 10**6), ("µs", 10**3), ("ns", 1)):
            if nanoseconds >= size:
                return f"{nanoseconds / size:g}{unit}"
        return "0s"
    seconds, rest = divmod(nanoseconds, _NS)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    text = f"{seconds}{fraction}s"
    return f"{hours}h{minutes}m{text}" if hours else f"{minutes}m{text}" if minutes else text


def pretty_service(service: Json, network_names: Json) -> str:
    """Describe a service.

    Args:
        service: the API's object.
        network_names: name by network id.
    """
    spec = service["Spec"]
    template = spec["TaskTemplate"]
    networks = [network["Target"] for network in template.get("Networks") or []]
    lines = ["", f"ID:\t\t{service['ID']}", f"Name:\t\t{spec['Name']}"]
    lines += _labels(spec.get("Labels"))
    lines += _mode(spec["Mode"])
    lines += _update_status(service.get("UpdateStatus"))
    lines += _placement(template.get("Placement") or {})
    for title, order in (
        ("UpdateConfig", "Update order:      "),
        ("RollbackConfig", "Rollback order:    "),
    ):
        lines += _roll_settings(title, order, spec.get(title))
    lines += _container(template["ContainerSpec"])
    lines += _resources(template.get("Resources") or {})
    if networks:
        lines.append("Networks: " + "".join(f"{network_names.get(n, n)} " for n in networks))
    lines.append(f"Endpoint Mode:\t{(spec.get('EndpointSpec') or {}).get('Mode', 'vip')}")
    lines += _ports((service.get("Endpoint") or {}).get("Ports") or [])
    lines += _health(template["ContainerSpec"].get("Healthcheck") or {})
    return "\n".join(lines) + "\n"


def _labels(labels: Json | None) -> list[str]:
    pairs = sorted((labels or {}).items())
    return ["Labels:", *(f" {key}={value}" for key, value in pairs)] if pairs else []


def _mode(mode: Json) -> list[str]:
    if "Replicated" in mode:
        replicas = mode["Replicated"].get("Replicas", 1)
        return ["Service Mode:\tReplicated", f" Replicas:\t{replicas}"]
    return ["Service Mode:\tGlobal"]


def _update_status(status: Json | None) -> list[str]:
    if not status or not status.get("State"):
        return []
    lines = ["UpdateStatus:", f" State:\t\t{status['State']}"]
    if status.get("StartedAt"):
        lines.append(f" Started:\t{date_text(status['StartedAt'])}")
    return [*lines, f" Message:\t{status.get('Message', '')}"]


def _placement(placement: Json) -> list[str]:
    lines = ["Placement:"]
    if placement.get("Constraints"):
        lines.append(f" Constraints:\t[{' '.join(placement['Constraints'])}]")
    if placement.get("Preferences"):
        spreads = (item["Spread"]["SpreadDescriptor"] for item in placement["Preferences"])
        lines.append(f" Preferences:   [{' '.join(f'spread={text}' for text in spreads)}]")
    if placement.get("MaxReplicas"):
        lines.append(f" Max Replicas Per Node:   {placement['MaxReplicas']}")
    return lines


def _roll_settings(title: str, order: str, settings: Json | None) -> list[str]:
    if not settings:
        return []
    lines = [f"{title}:", f" Parallelism:\t{settings['Parallelism']}"]
    if settings.get("Delay"):
        lines.append(f" Delay:\t\t{go_duration(settings['Delay'])}")
    return [
        *lines,
        f" On failure:\t{settings['FailureAction']}",
        f" Monitoring Period: {go_duration(settings['Monitor'])}",
        f" Max failure ratio: {settings['MaxFailureRatio']:g}",
        f" {order}{settings['Order']}",
    ]


def _container(spec: Json) -> list[str]:
    lines = ["ContainerSpec:", f" Image:\t\t{spec['Image']}"]
    for title, values in (("Args", spec.get("Args")), ("Env", spec.get("Env"))):
        if values:
            lines.append(f" {title}:\t\t{' '.join(values)} ")
    if "Init" in spec:
        lines.append(f" Init:\t\t{str(spec['Init']).lower()}")
    return lines


def _resources(resources: Json) -> list[str]:
    lines = ["Resources:"]
    for title, key in (("Reservations", "Reservations"), ("Limits", "Limits")):
        amounts = resources.get(key) or {}
        if not amounts:
            continue
        lines.append(f" {title}:")
        if amounts.get("NanoCPUs"):
            lines.append(f"  CPU:\t\t{amounts['NanoCPUs'] / _NS:g}")
        if amounts.get("MemoryBytes"):
            lines.append(f"  Memory:\t{binary_size(amounts['MemoryBytes'])}")
    return lines


def _ports(ports: Iterable[Json]) -> list[str]:
    lines = []
    for port in ports:
        lines += [
            f" PublishedPort = {port.get('PublishedPort', 0)}",
            f"  Protocol = {port['Protocol']}",
            f"  TargetPort = {port['TargetPort']}",
            f"  PublishMode = {port['PublishMode']}",
        ]
    # The genuine template leaves a blank after the last port.
    return ["Ports:", *lines[:-1], lines[-1] + " "] if lines else []


def _health(check: Json) -> list[str]:
    if not check:
        return []
    tests = [f"\t Test = {test}" for test in check.get("Test") or []]
    if tests:
        tests[-1] += " "
    return [
        " Healthcheck:",
        f"  Interval = {go_duration(check.get('Interval', 0))}",
        f"  Retries = {check.get('Retries', 0)}",
        f"  StartPeriod =\t{go_duration(check.get('StartPeriod', 0))}",
        f"  Timeout =\t{go_duration(check.get('Timeout', 0))}",
        *(["  Tests:", *tests] if tests else []),
    ]


def pretty_node(node: Json) -> str:
    """Describe a node."""
    description, manager = node["Description"], node.get("ManagerStatus") or {}
    platform, resources = description.get("Platform") or {}, description.get("Resources") or {}
    lines = [f"ID:\t\t\t{node['ID']}"]
    lines += _labels(node["Spec"].get("Labels"))
    lines += [
        f"Hostname:              \t{description.get('Hostname', '')}",
        f"Joined at:             \t{date_text(node['CreatedAt']).replace('UTC', 'utc')}",
        "Status:",
        f" State:\t\t\t{node['Status']['State'].capitalize()}",
        f" Availability:         \t{node['Spec']['Availability'].capitalize()}",
        f" Address:\t\t{node['Status'].get('Addr', '')}",
    ]
    if manager:
        lines += [
            "Manager Status:",
            f" Address:\t\t{manager.get('Addr', '')}",
            f" Raft Status:\t\t{manager.get('Reachability', '').capitalize()}",
            f" Leader:\t\t{'Yes' if manager.get('Leader') else 'No'}",
        ]
    return "\n".join([
        *lines,
        "Platform:",
        f" Operating System:\t{platform.get('OS', '')}",
        f" Architecture:\t\t{platform.get('Architecture', '')}",
        "Resources:",
        f" CPUs:\t\t\t{resources.get('NanoCPUs', 0) // _NS}",
        f" Memory:\t\t{binary_size(resources.get('MemoryBytes', 0))}",
        f"Engine Version:\t\t{(description.get('Engine') or {}).get('EngineVersion', '')}",
    ])  # fmt: skip
