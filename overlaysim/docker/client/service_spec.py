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
            home = spec
            for key in path[:-1]:
                home = home.setdefault(key, {})
            home[path[-1]] = flags.value(flag)
    for prefix, title in (("update", "UpdateConfig"), ("rollback", "RollbackConfig")):
        given = {
            key: flags.value(f"{prefix}-{flag}")
            for flag, key in _ROLL_FIELDS
            if flags.changed(f"{prefix}-{flag}")
        }
        if given:
            spec[title] = {**ROLL_DEFAULTS, **(spec.get(title) or {}), **given}
    health = health_check(flags)
    if health:
        container = spec["TaskTemplate"]["ContainerSpec"]
        merge = "Test" not in health  # a new command replaces the whole check
        container["Healthcheck"] = (
            {**(container.get("Healthcheck") or {}), **health} if merge else health
        )


def _change_lists(spec: Json, flags: FlagValues, add: str, remove: str) -> None:
    """Fill or change every setting that is a list.

    Args:
        add, remove: how the flags are called, with ``{}`` for the setting's name.
    """

    def change(
        home: Json, key: str, name: str, same: Callable[[Any], Hashable], order: Any
    ) -> None:
        gone = flags.items(remove.format(name)) if remove else []
        new = flags.items(add.format(name))
        if gone or new:
            changed = _changed_list(home.get(key) or [], gone, new, same)
            _keep(home, key, order(changed) if remove else changed)

    template = spec["TaskTemplate"]
    container, dns = (
        template["ContainerSpec"],
        template["ContainerSpec"].setdefault("DNSConfig", {}),
    )
    change(container, "Env", "env", lambda text: text.partition("=")[0], list)
    change(dns, "Nameservers", "dns", str, sorted)
    change(dns, "Search", "dns-search", str, sorted)
    change(dns, "Options", "dns-option", str, sorted)
    placement = template.setdefault("Placement", {})
    change(placement, "Constraints", "constraint", str, sorted)
    change(placement, "Preferences", "placement-pref", _descriptor, list)
    _change_ports(spec, flags, add, remove)
    _change_hosts(container, flags, add, remove)


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


def _descriptor(preference: Json) -> str:
    return str(preference["Spread"]["SpreadDescriptor"])


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
