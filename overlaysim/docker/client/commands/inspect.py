"""docker inspect and its relatives: objects as the engine describes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from overlaysim.docker.api import ApiError
from overlaysim.docker.client.call import Call, CommandError, daemon_text
from overlaysim.docker.client.pretty import pretty_node, pretty_service
from overlaysim.docker.client.tables import to_json
from overlaysim.docker.client.templates import Template, TemplateError
from overlaysim.sim import Steps

Find = Callable[[str], Steps]

_TEMPLATE_STATUS = 64
"""Exit status for a template that cannot be read (cli/command/inspect/inspector.go)."""

_TYPES = (
    "config", "container", "image", "network", "node", "plugin", "secret", "service", "task",
    "volume",
)  # fmt: skip


def inspect_containers(call: Call) -> Steps:
    """Describe containers."""
    return (yield from _inspect(call, call.engine.container))


def inspect_networks(call: Call) -> Steps:
    """Describe networks."""
    verbose = call.flags.on("verbose")
    return (yield from _inspect(call, lambda ref: call.engine.network(ref, verbose)))


def inspect_services(call: Call) -> Steps:
    """Describe services, as JSON or (--pretty) in words."""
    if _pretty(call):
        for ref in call.arguments:
            service = yield from _service(call, ref)
            networks = yield from call.engine.networks()
            names = {network["Id"]: network["Name"] for network in networks}
            call.print(pretty_service(service, names))
        return 0
    return (yield from _inspect(call, lambda ref: _service(call, ref)))


def inspect_nodes(call: Call) -> Steps:
    """Describe nodes, as JSON or (--pretty) in words."""
    if _pretty(call):
        for ref in call.arguments:
            node = yield from _node(call, ref)
            call.print(pretty_node(node))
        return 0
    return (yield from _inspect(call, lambda ref: _node(call, ref)))


def inspect_any(call: Call) -> Steps:
    """Describe whatever a name or id belongs to."""
    wanted = call.flags.text("type")
    if wanted and wanted not in _TYPES:
        names = ", ".join(f'"{name}"' for name in _TYPES)
        raise CommandError(f'unknown type: "{wanted}": must be one of {names}')
    finders: dict[str, Find] = {
        "container": call.engine.container,
        "network": call.engine.network,
        "service": lambda ref: call.engine.service(ref, defaults=True),
        "task": lambda ref: _task(call, ref),
        "node": lambda ref: _node(call, ref),
    }
    if wanted:
        missing = _nothing(wanted)
        return (yield from _inspect(call, finders.get(wanted, missing)))
    return (yield from _inspect(call, lambda ref: _search(finders, ref)))


def _nothing(kind: str) -> Find:
    def find(ref: str) -> Steps:
        yield from ()
        raise ApiError(HTTPStatus.NOT_FOUND, f"no such {kind}: {ref}")

    return find


def _search(finders: dict[str, Find], ref: str) -> Steps:
    """Try one kind of object after the other, as the genuine client does."""
    for kind, find in finders.items():
        try:
            return (yield from find(ref))
        except ApiError as error:
            # Outside a swarm, and on a worker, nobody knows services, tasks and nodes.
            unknown = error.status == HTTPStatus.SERVICE_UNAVAILABLE and kind != "container"
            if not (error.not_found or unknown):
                raise
        except CommandError:
            continue  # "self" outside a swarm
    raise CommandError(f"Error: No such object: {ref}")


def _service(call: Call, ref: str) -> Steps:
    try:
        return (yield from call.engine.service(ref, defaults=True))
    except ApiError as error:
        if error.not_found:
            raise CommandError(f"Error: no such service: {ref}") from None
        raise


def _node(call: Call, ref: str) -> Steps:
    node_id = ref
    if ref == "self":
        info = yield from call.engine.info()
        node_id = info["Swarm"].get("NodeID", "")
        if not node_id:
            raise CommandError("node ID not found in /info")
    return (yield from call.engine.node(node_id))


def _task(call: Call, ref: str) -> Steps:
    tasks = yield from call.engine.tasks({"id": [ref]})
    if not tasks:
        raise ApiError(HTTPStatus.NOT_FOUND, f"task {ref} not found")
    return tasks[0]


def _pretty(call: Call) -> bool:
    pretty = call.flags.on("pretty")
    if pretty and call.flags.text("format"):
        raise CommandError("--format is incompatible with human friendly format")
    return pretty


def _inspect(call: Call, find: Find) -> Steps:
    """Print what is found in the form asked for; what is not found is an error at the end."""
    wanted = call.flags.text("format")
    template = _template(wanted)
    found: list[Any] = []
    errors: list[str] = []
    for ref in call.arguments:
        try:
            found.append((yield from find(ref)))
        except ApiError as error:
            errors.append(daemon_text(error))
        except CommandError as error:
            errors.append(error.text)
    if template:
        errors += _expand(call, template, found)
    elif wanted == "json":
        call.print(to_json(found))
    else:
        call.print(json.dumps(found, indent=4, ensure_ascii=False))
    for text in errors:
        call.warn(text)
    return 1 if errors else 0


def _template(wanted: str) -> Template | None:
    if wanted in ("", "json"):
        return None
    try:
        return Template(wanted)
    except TemplateError as error:
        raise CommandError(f"template parsing error: {error}", _TEMPLATE_STATUS) from None


def _expand(call: Call, template: Template, found: list[Any]) -> list[str]:
    """Print the template for each object; an object that it does not fit ends the list."""
    lines: list[str] = []
    errors = []
    for item in found:
        try:
            lines.append(template.expand(item))
        except TemplateError as error:
            errors.append(f"template parsing error: {error}")
            break
    call.print("\n".join(lines))
    return errors
