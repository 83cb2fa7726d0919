"""The programs that containers can run, by name."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from overlaysim.errors import OverlaysimError
from overlaysim.host import files
from overlaysim.host.container import Container
from overlaysim.host.host import Host
from overlaysim.host.ip_command import ip_command
from overlaysim.traffic.curl import Curl
from overlaysim.traffic.idle import Print, Sleep
from overlaysim.traffic.iperf import iperf3
from overlaysim.traffic.lookup import Getent, Nslookup
from overlaysim.traffic.netcat import Netcat
from overlaysim.traffic.ping import Ping
from overlaysim.traffic.program import Program
from overlaysim.traffic.stream import FIRST_PORT, LAST_PORT
from overlaysim.traffic.tracepath import Tracepath
from overlaysim.traffic.web import APACHE, NGINX, WebServer, busybox_httpd, python, serve
from overlaysim.traffic.wget import Wget

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


def _netcat(container: Container, arguments: list[str], host: Host) -> Program:
    def run(command: Sequence[str]) -> tuple[str, ...]:
        try:
            program = program_for(container, command, host)
        except MissingProgram:
            return (f"nc: can't execute '{command[0]}': No such file or directory",)
        if not isinstance(program, Print):
            return ("nc: only programs that need no network can be run here",)
        program.start(host.around.simulator.now)
        return (*program.lines, *program.errors)

    return Netcat(arguments, run)


def _iperf3(container: Container, arguments: list[str], host: Host) -> Program:
    chance = host.around.simulator.streams("iperf3", container.label)
    return iperf3(arguments, f"{chance.getrandbits(128):032x}")


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
    "curl": lambda container, arguments, host: Curl(arguments),
    "echo": lambda container, arguments, host: Print((" ".join(arguments),)),
    "false": lambda container, arguments, host: Print((), (), 1),
    "getent": lambda container, arguments, host: Getent(arguments),
    "hostname": lambda container, arguments, host: Print((container.hostname,)),
    "httpd": lambda container, arguments, host: busybox_httpd(arguments),
    "httpd-foreground": lambda container, arguments, host: WebServer(APACHE),
    "ip": lambda container, arguments, host: ip_command(
        container, arguments, host.around.simulator.now
    ),
    "iperf3": _iperf3,
    "nc": _netcat,
    "nginx": lambda container, arguments, host: WebServer(NGINX),
    "nslookup": lambda container, arguments, host: Nslookup(arguments),
    "ping": _ping,
    "python": lambda container, arguments, host: python(arguments),
    "python3": lambda container, arguments, host: python(arguments),
    "serve": lambda container, arguments, host: serve(arguments, container.hostname),
    "sh": _shell,
    "sleep": lambda container, arguments, host: Sleep(arguments),
    "tracepath": _tracepath,
    "true": lambda container, arguments, host: Print(()),
    "wget": lambda container, arguments, host: Wget(arguments),
}
