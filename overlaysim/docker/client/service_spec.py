"""Service specifications from the flags of ``service create`` and ``service update``.

Most settings have the same flag in both commands and are put where a table says. Lists have one
flag that fills them in ``create`` and two that add to them and take from them in ``update``.
Follows docker/cli, ``cli/command/service/{opts,update}.go``; durations are in nanoseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from overlaysim.docker.api import Json
from overlaysim.docker.client.container_spec import health_check
from overlaysim.docker.client.flags import FlagValues
from overlaysim.docker.client.references import with_tag
from overlaysim.docker.client.values import quoted

_CONTAINER = ("TaskTemplate", "ContainerSpec")

_SETTINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("entrypoint", (*_CONTAINER, "Command")),
    ("hostname", (*_CONTAINER, "Hostname")),
    ("stop-grace-period", (*_CONTAINER, "StopGracePeriod")),
    ("reserve-cpu", ("TaskTemplate", "Resources", "Reservations", "NanoCPUs")),
    ("reserve-memory", ("TaskTemplate", "Resources", "Reservations", "MemoryBytes")),
    ("restart-condition", ("TaskTemplate", "RestartPolicy", "Condition")),
    ("restart-delay", ("TaskTemplate", "RestartPolicy", "Delay")),
    ("restart-max-attempts", ("TaskTemplate", "RestartPolicy", "MaxAttempts")),
    ("restart-window", ("TaskTemplate", "RestartPolicy", "Window")),
    ("replicas-max-per-node", ("TaskTemplate", "Placement", "MaxReplicas")),
    ("endpoint-mode", ("EndpointSpec", "Mode")),
)
"""Flags with one value, and where it goes in the specification."""

_NO_CHECK = ["NONE"]


def _variable(text: str) -> str:
    return text.partition("=")[0]


def _descriptor(preference: Json) -> str:
    return str(preference["Spread"]["SpreadDescriptor"])


_LISTS: tuple[tuple[str, tuple[str, ...], Callable[[Any], Hashable], bool], ...] = (
    ("env", (*_CONTAINER, "Env"), _variable, False),
    ("dns", (*_CONTAINER, "DNSConfig", "Nameservers"), str, True),
    ("dns-search", (*_CONTAINER, "DNSConfig", "Search"), str, True),
    ("dns-option", (*_CONTAINER, "DNSConfig", "Options"), str, True),
    ("constraint", ("TaskTemplate", "Placement", "Constraints"), str, True),
    ("placement-pref", ("TaskTemplate", "Placement", "Preferences"), _descriptor, False),
)
"""Settings that are lists: name of the flag, place, what makes two items the same, sorted?"""

_ROLL_FIELDS = (
    ("parallelism", "Parallelism"),
    ("delay", "Delay"),
    ("failure-action", "FailureAction"),
    ("monitor", "Monitor"),
    ("max-failure-ratio", "MaxFailureRatio"),
    ("order", "Order"),
)

ROLL_DEFAULTS: Json = {
    "Parallelism": 1,
    "FailureAction": "pause",
    "Monitor": 5 * 10**9,
    "MaxFailureRatio": 0,
    "Order": "stop-first",
}
"""Update and rollback settings when at least one of them is given (swarmkit api/defaults)."""


def new_spec(flags: FlagValues, image: str, arguments: list[str]) -> Json:
    """Build the specification of a new service, without its networks.

    Raises:
        ValueError: for settings that contradict each other, with docker's text.
    """
    spec: Json = {
        **({"Name": flags.text("name")} if flags.text("name") else {}),
        "Labels": flags.pairs("label"),
        "TaskTemplate": {
            "ContainerSpec": {"Image": _image(image), "Init": False, "DNSConfig": {}},
            "Resources": {"Limits": {}, "Reservations": {}},
            "Placement": {},
            "ForceUpdate": 0,
        },
        "Mode": _mode(flags),
        "EndpointSpec": {"Mode": "vip"},
    }
    container = spec["TaskTemplate"]["ContainerSpec"]
    _keep(container, "Args", arguments)
    _keep(container, "Labels", flags.pairs("container-label"))
    _apply_settings(spec, flags)
    _change_lists(spec, flags, add="{}", remove="")
    return spec


def changed_spec(spec: Json, flags: FlagValues) -> Json:
    """Change the specification of a service in place, except its networks, and return it.

    Raises:
        ValueError: for settings that contradict each other, with docker's text.
    """
    template = spec["TaskTemplate"]
    container = template["ContainerSpec"]
    if flags.changed("image"):
        container["Image"] = _image(flags.text("image"))
    if flags.changed("args"):
        _keep(container, "Args", flags.value("args"))
    if flags.changed("replicas"):
        if "Replicated" not in spec["Mode"]:
            raise ValueError("replicas can only be used with replicated mode")
        spec["Mode"]["Replicated"]["Replicas"] = flags.number("replicas")
    if flags.on("force"):
        template["ForceUpdate"] = template.get("ForceUpdate", 0) + 1
    spec["Labels"] = _changed_labels(spec.get("Labels"), flags, "label")
    _keep(container, "Labels", _changed_labels(container.get("Labels"), flags, "container-label"))
    _apply_settings(spec, flags)
    _change_lists(spec, flags, add="{}-add", remove="{}-rm")
    return spec


def _image(image: str) -> str:
    """Name an image in full, or say what a manager says to a name that cannot be one.

    The text is swarmkit's (``manager/controlapi/service.go``, ``validateImage``).
    """
    try:
        return with_tag(image)
    except ValueError:
        raise ValueError(
            "Error response from daemon: rpc error: code = InvalidArgument desc = "
            f"ContainerSpec: {quoted(image)} is not a valid repository/tag"
        ) from None


def _mode(flags: FlagValues) -> Json:
    mode = flags.text("mode")
    if mode in ("replicated-job", "global-job"):
        raise ValueError(f"{mode} is not part of the simulation, only replicated and global are")
    if mode == "replicated":
        given = flags.changed("replicas")
        return {"Replicated": {"Replicas": flags.number("replicas")} if given else {}}
    if mode != "global":
        raise ValueError(f"Unknown mode: {mode}, only replicated and global supported")
    if flags.changed("replicas"):
        raise ValueError("replicas can only be used with replicated or replicated-job mode")
    if flags.changed("replicas-max-per-node"):
        raise ValueError(
            "replicas-max-per-node can only be used with replicated or replicated-job mode"
        )
    return {"Global": {}}


def _apply_settings(spec: Json, flags: FlagValues) -> None:
    for flag, path in _SETTINGS:
        if flags.changed(flag):
            _home(spec, path)[path[-1]] = flags.value(flag)
    for prefix, title in (("update", "UpdateConfig"), ("rollback", "RollbackConfig")):
        given = {
            key: flags.value(f"{prefix}-{flag}")
            for flag, key in _ROLL_FIELDS
            if flags.changed(f"{prefix}-{flag}")
        }
        if given:
            spec[title] = {**ROLL_DEFAULTS, **(spec.get(title) or {}), **given}
    _change_health(spec["TaskTemplate"]["ContainerSpec"], flags)


def _change_health(container: Json, flags: FlagValues) -> None:
    health, old = health_check(flags), container.get("Healthcheck") or {}
    if not health:
        return
    if _NO_CHECK in (health.get("Test"), old.get("Test")):
        old = {}
    container["Healthcheck"] = {**old, **health}


def _change_lists(spec: Json, flags: FlagValues, add: str, remove: str) -> None:
    """Fill or change every setting that is a list.

    Args:
        add, remove: how the flags are called, with ``{}`` for the setting's name; ``remove`` is
            empty where there is nothing to take from yet.
    """
    for name, path, same, ordered in _LISTS:
        gone = flags.items(remove.format(name)) if remove else []
        new = flags.items(add.format(name))
        if gone or new:
            home = _home(spec, path)
            changed = _changed_list(home.get(path[-1]) or [], gone, new, same)
            _keep(home, path[-1], sorted(changed) if remove and ordered else changed)
    _change_ports(spec, flags, add, remove)
    _change_hosts(spec["TaskTemplate"]["ContainerSpec"], flags, add, remove)


def _home(spec: Json, path: tuple[str, ...]) -> Json:
    """Find (or make) the object that holds the last key of a path."""
    home = spec
    for key in path[:-1]:
        home = home.setdefault(key, {})
    return home


def _change_ports(spec: Json, flags: FlagValues, add: str, remove: str) -> None:
    new = [port for ports in flags.items(add.format("publish")) for port in ports]
    leaving = flags.items(remove.format("publish")) if remove else []
    gone = {_target(port) for ports in leaving for port in ports}
    if not new and not gone:
        return
    endpoint = spec.setdefault("EndpointSpec", {"Mode": "vip"})
    kept = [port for port in endpoint.get("Ports") or [] if _target(port) not in gone]
    ports = _changed_list(kept, [], new, lambda port: (port.get("PublishedPort", 0), _target(port)))
    if remove:
        ports.sort(key=lambda port: f"{port.get('PublishedPort', 0)}:{_target(port)}")
    _keep(endpoint, "Ports", ports)


def _change_hosts(container: Json, flags: FlagValues, add: str, remove: str) -> None:
    """Change lines of /etc/hosts; the API wants the address first."""

    def lines(name: str) -> list[str]:
        pairs = (text.partition(":")[::2] for text in flags.items(name))
        return [f"{address} {host}" for host, address in pairs]

    gone = lines(remove.format("host")) if remove else []
    new = lines(add.format("host"))
    if gone or new:
        _keep(container, "Hosts", _changed_list(container.get("Hosts") or [], gone, new, str))


def _target(port: Json) -> tuple[int, str, str]:
    return port["TargetPort"], port["Protocol"], port["PublishMode"]


def _changed_list(
    old: Iterable[Any], gone: Iterable[Any], new: Iterable[Any], same: Callable[[Any], Hashable]
) -> list[Any]:
    """Take items from a list and add others; a new item replaces an old one that is the same."""
    out = {same(item) for item in gone}
    kept = {same(item): item for item in old if same(item) not in out}
    kept.update({same(item): item for item in new})
    return list(kept.values())


def _changed_labels(old: Json | None, flags: FlagValues, name: str) -> Json:
    labels = {**(old or {})}
    for key in flags.items(f"{name}-rm"):
        labels.pop(key, None)
    return {**labels, **flags.pairs(f"{name}-add")}


def _keep(home: Json, key: str, value: Any) -> None:
    """Set a key, or remove it when there is nothing to say."""
    if value:
        home[key] = value
    else:
        home.pop(key, None)
