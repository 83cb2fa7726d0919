"""docker exec: run a program in a container."""

from __future__ import annotations

from overlaysim.docker.client.call import Call
from overlaysim.sim import Steps


def execute(call: Call) -> Steps:
    """Run a program, print what it writes, and end with its exit status."""
    flags = call.flags
    container, *command = call.arguments
    detach = flags.on("detach")
    answer = yield from call.engine.exec(container, {
        "Cmd": command,
        "Env": flags.items("env") or None,
        "User": flags.text("user"),
        "WorkingDir": flags.text("workdir"),
        "Privileged": flags.on("privileged"),
        "Tty": flags.on("tty"),
        "AttachStdin": flags.on("interactive") and not detach,
        "AttachStdout": not detach,
        "AttachStderr": not detach,
        "Detach": detach,
    })  # fmt: skip
    if detach:
        return 0
    call.write(answer["Output"], answer["Errors"])
    return answer["ExitCode"]
