"""What a service's spec means where it says nothing, as ``docker service inspect`` shows it.

Sources: moby/swarmkit ``api/defaults/service.go`` (Service, InterpolateService) and moby
``daemon/cluster/convert/service.go``.
"""

from __future__ import annotations

from overlaysim.docker.api import Json
from overlaysim.docker.client.service_spec import ROLL_DEFAULTS
from overlaysim.units import NS, SECOND

_SECOND = SECOND // NS  # the API counts nanoseconds
_RESTART: Json = {"Condition": "any", "Delay": 5 * _SECOND, "MaxAttempts": 0}
_CONTAINER: Json = {"StopGracePeriod": 10 * _SECOND, "DNSConfig": {}, "Isolation": "default"}

_SPEC_ORDER = (
    "Name", "Labels", "TaskTemplate", "Mode", "UpdateConfig", "RollbackConfig", "EndpointSpec",
)  # fmt: skip
_TASK_ORDER = (
    "ContainerSpec", "Resources", "RestartPolicy", "Placement", "Networks", "ForceUpdate",
    "Runtime",
)  # fmt: skip
_ROLL_ORDER = ("Parallelism", "Delay", *ROLL_DEFAULTS)


def with_defaults(spec: Json) -> Json:
    """Return a spec with everything that was left open filled in, in the API's order."""
    task = spec.get("TaskTemplate") or {}
    container = _filled(_CONTAINER, task.get("ContainerSpec"))
    filled = {
        "Resources": {}, "Placement": {}, "ForceUpdate": 0, "Runtime": "container",
        **task,
        "ContainerSpec": _ordered(container, tuple(task.get("ContainerSpec") or ())),
        "RestartPolicy": _filled(_RESTART, task.get("RestartPolicy")),
    }  # fmt: skip
    return _ordered(
        {
            **spec,
            "TaskTemplate": _ordered(filled, _TASK_ORDER),
            "UpdateConfig": _roll(spec.get("UpdateConfig")),
            "RollbackConfig": _roll(spec.get("RollbackConfig")),
        },
        _SPEC_ORDER,
    )


def _roll(given: Json | None) -> Json:
    return _ordered(_filled(ROLL_DEFAULTS, given), _ROLL_ORDER)


def _filled(defaults: Json, given: Json | None) -> Json:
    """What is given, and the defaults of what is not."""
    return {**defaults, **{key: v for key, v in (given or {}).items() if v is not None}}


def _ordered(document: Json, order: tuple[str, ...]) -> Json:
    known = {key: document[key] for key in order if key in document}
    return {**known, **document}
