"""docker run and docker create."""

from __future__ import annotations

from overlaysim.docker.api import ApiError, Json
from overlaysim.docker.client.call import Call, CommandError, daemon_text
from overlaysim.docker.client.container_spec import container_body
from overlaysim.docker.client.references import check_image
from overlaysim.sim import Steps

_FAILED, _CANNOT_RUN, _NO_PROGRAM = 125, 126, 127
"""Exit status when docker fails, the program cannot be executed, the program does not exist."""


def _run_error(call: Call, text: str, status: int = _FAILED) -> CommandError:
    """What ``run`` says when it fails before the program does."""
    command = call.path.rpartition(" ")[2]
    return CommandError(
        f"docker: {text}\n\nRun 'docker {command} --help' for more information", status
    )


def _body(call: Call, attached: bool) -> Json:
    image, *command = call.arguments
    try:
        return container_body(call.flags, image, command, attached)
    except ValueError as error:
        raise _run_error(call, str(error)) from None


def create(call: Call) -> Steps:
    """Create a container and print its id."""
    body = _body(call, attached=True)
    try:
        check_image(body["Image"])
    except ValueError as error:
        raise CommandError(str(error)) from None
    answer = yield from call.engine.container_create(call.flags.text("name"), body)
    call.warnings(answer)
    call.print(answer["Id"])
    return 0


def run(call: Call) -> Steps:
    """Create a container and start it; in the foreground, wait for it and end with its status."""
    detach = call.flags.on("detach")
    body = _body(call, attached=not detach)
    try:
        check_image(body["Image"])
        answer = yield from call.engine.container_create(call.flags.text("name"), body)
        call.warnings(answer)
        yield from call.engine.container_start(answer["Id"])
    except ValueError as error:
        raise _run_error(call, str(error)) from None
    except ApiError as error:
        raise _run_error(call, daemon_text(error), _start_status(error.message)) from None
    if detach:
        call.print(answer["Id"])
        return 0
    ended = yield from call.engine.container_attach(answer["Id"])
    call.write(ended["Output"], ended["Errors"])
    return ended["StatusCode"]


def _start_status(message: str) -> int:
    """Tell a missing program from other failures (cli/command/container/run.go)."""
    if any(text in message for text in ("executable file not found", "no such file or directory")):
        return _NO_PROGRAM
    if any(text in message for text in ("permission denied", "is a directory")):
        return _CANNOT_RUN
    return _FAILED
