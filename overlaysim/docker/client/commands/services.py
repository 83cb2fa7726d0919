"""docker service: create, update, scale, rollback, rm, logs."""

from __future__ import annotations

from collections.abc import Sequence

from overlaysim.docker.api import ApiError, Json
from overlaysim.docker.client.call import Call, CommandError, daemon_text
from overlaysim.docker.client.commands.containers import last_lines
from overlaysim.docker.client.commands.progress import wait_on_service
from overlaysim.docker.client.networks import NetworkOption
from overlaysim.docker.client.service_spec import changed_spec, new_spec
from overlaysim.docker.client.values import read_uint
from overlaysim.sim import Steps


def create(call: Call) -> Steps:
    """Create a service, print its id, and watch until its tasks run."""
    image, *arguments = call.arguments
    try:
        spec = new_spec(call.flags, image, arguments)
    except ValueError as error:
        raise CommandError(str(error)) from None
    networks = yield from _targets(call, call.flags.items("network"))
    if networks:
        spec["TaskTemplate"]["Networks"] = networks
    answer = yield from call.engine.service_create(spec)
    call.warnings(answer)
    call.print(answer["ID"])
    return (yield from _watch(call, answer["ID"]))


def update(call: Call) -> Steps:
    """Change a service, print its name, and watch until its tasks run."""
    flags, ref = call.flags, call.arguments[0]
    if flags.on("rollback"):
        return (yield from _roll_back(call, ref))
    service = yield from call.engine.service(ref)
    try:
        spec = changed_spec(service["Spec"], flags)
    except ValueError as error:
        raise CommandError(str(error)) from None
    yield from _change_networks(call, spec)
    answer = yield from call.engine.service_update(service["ID"], service["Version"]["Index"], spec)
    call.warnings(answer)
    call.print(ref)
    return (yield from _watch(call, ref))


def rollback(call: Call) -> Steps:
    """Put a service's previous specification back."""
    return (yield from _roll_back(call, call.arguments[0]))


def _roll_back(call: Call, ref: str) -> Steps:
    service = yield from call.engine.service(ref)
    answer = yield from call.engine.service_update(
        service["ID"], service["Version"]["Index"], service["Spec"], rollback=True
    )
    call.warnings(answer)
    call.print(ref)
    return (yield from _watch(call, ref))


def _watch(call: Call, ref: str) -> Steps:
    if call.flags.on("detach"):
        return 0
    quiet = call.flags.on("quiet")
    lines = yield from wait_on_service(call.engine, ref)
    if not quiet:
        call.write(lines)
    return 0


def _targets(call: Call, options: Sequence[NetworkOption]) -> Steps:
    """Find the networks' ids and write them as the API's attachment configurations."""
    targets = []
    for option in options:
        network = yield from call.engine.network(option.target, scope="swarm")
        target: Json = {"Target": network["Id"]}
        if option.aliases:
            target["Aliases"] = option.aliases
        if option.driver_options:
            target["DriverOpts"] = option.driver_options
        targets.append(target)
    return targets


def _change_networks(call: Call, spec: Json) -> Steps:
    flags, template = call.flags, spec["TaskTemplate"]
    if not flags.changed("network-add", "network-rm"):
        return
    leaving = [NetworkOption(ref) for ref in flags.items("network-rm")]
    gone = yield from _targets(call, leaving)
    gone_ids = [target["Target"] for target in gone]
    kept = [t for t in template.get("Networks") or [] if t["Target"] not in gone_ids]
    for target in (yield from _targets(call, flags.items("network-add"))):
        if target["Target"] in [other["Target"] for other in kept]:
            raise CommandError(f"service is already attached to network {target['Target']}")
        kept.append(target)
    template["Networks"] = sorted(kept, key=lambda target: str(target["Target"]))


def scale(call: Call) -> Steps:
    """Set the number of tasks of services, then watch them one after the other."""
    wanted = [_read_scale(call, text) for text in call.arguments]
    errors, done = [], []
    for ref, count in wanted:
        try:
            yield from _scale_one(call, ref, count)
            done.append(ref)
        except ApiError as error:
            errors.append(f"{ref}: {daemon_text(error)}")
        except CommandError as error:
            errors.append(f"{ref}: {error.text}")
    for ref in [] if call.flags.on("detach") else done:
        try:
            call.write((yield from wait_on_service(call.engine, ref)))
        except CommandError as error:
            errors.append(f"{ref}: {error.text}")
    if errors:
        raise CommandError("\n".join(errors))
    return 0


def _read_scale(call: Call, text: str) -> tuple[str, int]:
    ref, _, count = text.partition("=")
    if not ref or not count:
        raise CommandError(
            f"invalid scale specifier '{text}'.\nSee 'docker service scale --help'.\n\n"
            "Usage:  docker service scale SERVICE=REPLICAS [SERVICE=REPLICAS...]\n\n"
            "Scale one or multiple replicated services"
        )
    try:
        return ref, read_uint(count)
    except ValueError as error:
        raise CommandError(f"{ref}: invalid replicas value {count}: {error}") from None


def _scale_one(call: Call, ref: str, count: int) -> Steps:
    service = yield from call.engine.service(ref)
    spec = service["Spec"]
    if "Replicated" not in spec["Mode"]:
        raise CommandError("scale can only be used with replicated or replicated-job mode")
    spec["Mode"]["Replicated"]["Replicas"] = count
    answer = yield from call.engine.service_update(service["ID"], service["Version"]["Index"], spec)
    call.warnings(answer)
    call.print(f"{ref} scaled to {count}")


def remove(call: Call) -> Steps:
    """Remove services."""
    status = 0
    for ref in call.arguments:
        try:
            yield from call.engine.service_remove(ref)
            call.print(ref)
        except ApiError as error:
            status = call.refuse(error)
    return status


def logs(call: Call) -> Steps:
    """Print what the tasks of a service have written."""
    ref = call.arguments[0]
    try:
        text = yield from call.engine.service_logs(ref)
    except ApiError as error:
        raise CommandError(
            f"no such task or service: {ref}" if error.not_found else daemon_text(error)
        ) from None
    call.write(last_lines(text, call.flags.text("tail")))
    return 0
