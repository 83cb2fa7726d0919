"""docker stop, start, restart, kill, rm, wait, logs: what is done to containers that exist."""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.docker.api import ApiError
from overlaysim.docker.client.call import Call, CommandError
from overlaysim.sim import Steps


def _each(call: Call, action: Callable[[str], Steps]) -> Steps:
    """Do something to each container named; after a refusal the others still have their turn."""
    status = 0
    for ref in call.arguments:
        try:
            yield from action(ref)
            call.print(ref)
        except ApiError as error:
            status = call.refuse(error)
    return status


def _timeout(call: Call) -> int | None:
    return call.flags.number("timeout") if call.flags.changed("timeout") else None


def stop(call: Call) -> Steps:
    """Stop containers: TERM, and KILL if that is not enough."""
    status = yield from _each(call, lambda ref: call.engine.container_stop(ref, _timeout(call)))
    return status


def restart(call: Call) -> Steps:
    """Stop containers and start them again."""
    status = yield from _each(call, lambda ref: call.engine.container_restart(ref, _timeout(call)))
    return status


def kill(call: Call) -> Steps:
    """Send a signal to containers, KILL by default."""
    signal = call.flags.text("signal") or "KILL"
    status = yield from _each(call, lambda ref: call.engine.container_kill(ref, signal))
    return status


def remove(call: Call) -> Steps:
    """Remove containers; with --force one that does not exist is no failure."""
    force = call.flags.on("force")
    status = 0
    for ref in call.arguments:
        try:
            yield from call.engine.container_remove(ref.strip("/"), force)
            call.print(ref)
        except ApiError as error:
            refused = call.refuse(error)
            status = status if error.not_found and force else refused
    return status


def start(call: Call) -> Steps:
    """Start containers; --attach waits for the end of one and prints what it writes."""
    if call.flags.on("attach") or call.flags.on("interactive"):
        return (yield from _start_attached(call))
    failed = []
    for ref in call.arguments:
        try:
            yield from call.engine.container_start(ref)
            call.print(ref)
        except ApiError as error:
            call.refuse(error)
            failed.append(ref)
    if failed:
        raise CommandError(f"Error: failed to start containers: {', '.join(failed)}")
    return 0


def _start_attached(call: Call) -> Steps:
    if len(call.arguments) > 1:
        raise CommandError("you cannot start and attach multiple containers at once")
    ref = call.arguments[0]
    yield from call.engine.container_start(ref)
    answer = yield from call.engine.container_attach(ref)
    call.write(answer["Output"], answer["Errors"])
    return answer["StatusCode"]


def wait(call: Call) -> Steps:
    """Wait until containers have ended and print their exit codes."""
    status = 0
    for ref in call.arguments:
        try:
            answer = yield from call.engine.container_wait(ref)
            call.print(str(answer["StatusCode"]))
        except ApiError as error:
            status = call.refuse(error)
    return status


def logs(call: Call) -> Steps:
    """Print what a container has written."""
    text = yield from call.engine.container_logs(call.arguments[0])
    call.write(last_lines(text, call.flags.text("tail")))
    return 0


def last_lines(text: str, tail: str) -> str:
    """The last ``tail`` lines of a text; all of them for anything but a number."""
    if not tail.isdecimal():
        return text
    lines = text.splitlines(keepends=True)
    return "".join(lines[len(lines) - min(int(tail), len(lines)) :])
