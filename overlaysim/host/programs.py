"""The programs that containers can run, by name."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from overlaysim.errors import OverlaysimError
from overlaysim.host import files
from overlaysim.host.container import Container
from overlaysim.host.host import Host
from overlaysim.host.ip_command import ip_command
from overlaysim.traffic.idle import Print, Server, Sleep
from overlaysim.traffic.lookup import Getent, Nslookup
from overlaysim.traffic.ping import Ping
from overlaysim.traffic.program import Program
from overlaysim.traffic.stream import FIRST_PORT, LAST_PORT
from overlaysim.traffic.tracepath import Tracepath

USED_PREFIXES = ("/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/")
_CONTROL_OPERATORS = frozenset("|&;<>()\n")


class MissingProgram(OverlaysimError):  # noqa: N818 - the program is missing
    """The container has no such program; ``program`` is its name."""

    def __init__(self, program: str) -> None:
        super().__init__(f'exec: "{program}": executable file not found in $PATH')
        self.program = program


def program_for(container: Container, command: Sequence[str], host: Host) -> Program:
    """Make the program that a command line names.

    Raises:
        MissingProgram: the container does not have it.
    """
    name, arguments = command[0], list(command[1:])
    for prefix in USED_PREFIXES:
        name = name.removeprefix(prefix)
    make = _PROGRAMS.get(name)
    if make is None:
        raise MissingProgram(command[0])
    return make(container, arguments, host)


def _ping(container: Container, arguments: list[str], host: Host) -> Program:
    ident = host.around.simulator.streams("ping", container.label).randrange(0x10000)
    return Ping(arguments, ident)


def _tracepath(container: Container, arguments: list[str], host: Host) -> Program:
    chance = host.around.simulator.streams("tracepath", container.label)
    return Tracepath(arguments, chance.randint(FIRST_PORT, LAST_PORT))


def _cat(container: Container, paths: list[str], host: Host) -> Program:
    lines: list[str] = []
    errors: list[str] = []
    for path in paths:
        content = files.read(container, path)
        if content is None:
            errors.append(f"cat: can't open '{path}': No such file or directory")
        else:
            lines += content
    return Print(lines, errors, 1 if errors else 0)


def _shell(container: Container, arguments: list[str], host: Host) -> Program:
    """``sh -c 'one command'``; without a terminal a plain shell ends at once."""
    if not arguments:
        return Print(())
    if arguments[0] != "-c" or len(arguments) < 2:
        return Print((), ("sh: only `sh -c COMMAND` is simulated",), 2)
    lexer = shlex.shlex(arguments[1], posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError as error:
        return Print((), (f"sh: syntax error: {error}",), 2)
    if any(word and _CONTROL_OPERATORS.issuperset(word) for word in words):
        return Print((), ("sh: one command only: pipes and lists are not simulated",), 2)
    try:
        return program_for(container, words or ["true"], host)
    except MissingProgram:
        return Print((), (f"sh: {words[0]}: not found",), 127)


_PROGRAMS: dict[str, Callable[[Container, list[str], Host], Program]] = {
    "ash": _shell,
    "bash": _shell,
    "cat": _cat,
    "echo": lambda container, arguments, host: Print((" ".join(arguments),)),
    "false": lambda container, arguments, host: Print((), (), 1),
    "getent": lambda container, arguments, host: Getent(arguments),
    "hostname": lambda container, arguments, host: Print((container.hostname,)),
    "ip": lambda container, arguments, host: ip_command(
        container, arguments, host.around.simulator.now
    ),
    "nslookup": lambda container, arguments, host: Nslookup(arguments),
    "ping": _ping,
    "serve": lambda container, arguments, host: Server(),
    "sh": _shell,
    "sleep": lambda container, arguments, host: Sleep(arguments),
    "tracepath": _tracepath,
    "true": lambda container, arguments, host: Print(()),
}
