"""The docker client: command lines in, Engine calls, and what the genuine client would print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from overlaysim.docker.api import ApiError, Engine
from overlaysim.docker.client.call import Call, CommandError, daemon_text
from overlaysim.docker.client.flags import FlagError, FlagValues, parse_flags
from overlaysim.docker.client.grammar import OUTSIDE, ROOT, Command, Group
from overlaysim.docker.client.line import split_line
from overlaysim.docker.client.usage import (
    USAGE_STATUS,
    argument_complaint,
    flag_complaint,
    help_text,
    unknown_command,
)
from overlaysim.docker.client.version import VERSION
from overlaysim.errors import InputError, nearest
from overlaysim.sim import Steps

_NOT_FOUND = 127
"""A shell's exit status for a command that does not exist."""


@dataclass(frozen=True)
class CommandResult:
    """What a command left behind: exit status and everything it printed."""

    status: int
    stdout: str
    stderr: str


@dataclass(eq=False)
class _Refusal(Exception):  # noqa: N818 - help is refused too, and is no error
    """The words are no command; nothing has been asked of the daemon.

    ``hint`` is a suggestion that the genuine client does not make.
    """

    status: int
    stderr: str
    stdout: str = ""
    hint: str = ""

    @property
    def result(self) -> CommandResult:
        return CommandResult(self.status, self.stdout, self.stderr)


class DockerClient:
    """The docker command of one host.

    Args:
        engine: the daemon of that host.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def run(self, argv: Sequence[str]) -> Steps:
        """Carry out a command line that starts with the word ``docker``.

        A generator for ``yield from``; it returns a :class:`CommandResult` whatever the words are.
        """
        try:
            command, flags, arguments = _understand(argv)
        except _Refusal as refusal:
            return refusal.result
        call = Call(self._engine, command.path, flags, arguments)
        for flag in flags.given():
            if not flag.modelled:
                call.warn(f"(--{flag.name} has no effect in the simulation)")
        try:
            status = yield from command.run(call)
        except CommandError as error:
            call.warn(error.text)
            status = error.status
        except ApiError as error:
            call.warn(daemon_text(error))
            status = 1
        return CommandResult(status, "".join(call.out), "".join(call.err))


def check(line: str) -> str | None:
    """Check a line without running it: what is wrong with it, or None.

    Finds unknown commands and flags, values that are none, and wrong numbers of arguments.
    """
    try:
        _understand(split_line(line))
    except InputError as error:
        return str(error)
    except _Refusal as refusal:
        if refusal.status:
            return refusal.stderr.split("\n", 1)[0].removeprefix("docker: ") + refusal.hint
    return None


def read(line: str) -> tuple[str, FlagValues, list[str]] | None:
    """Read a line without running it: the command's full name, its flags and its arguments.

    None if it is no command, or asks for help.
    """
    try:
        command, flags, arguments = _understand(split_line(line))
    except (InputError, _Refusal):
        return None
    return command.path, flags, arguments


def _understand(argv: Sequence[str]) -> tuple[Command, FlagValues, list[str]]:
    """Find the command and read its flags and arguments.

    Raises:
        _Refusal: for wrong usage, and for help, which is an answer and no error.
    """
    if not argv or argv[0] != "docker":
        name = argv[0] if argv else ""
        raise _Refusal(_NOT_FOUND, f"{name}: command not found\n", hint=nearest(name, ["docker"]))
    target, words = _descend(ROOT, list(argv[1:]))
    try:
        flags, arguments = parse_flags(target.flags, words, target.interspersed)
    except FlagError as error:
        spellings = [f"--{name}" for name in target.flags.flags]
        hint = nearest(f"--{error.word}", spellings) if error.word else ""
        raise _Refusal(USAGE_STATUS, flag_complaint(target, str(error)) + "\n", hint=hint) from None
    if flags.on("help"):
        raise _help(target, flags)
    complaint = argument_complaint(target, len(arguments))
    if complaint:
        raise _Refusal(1, complaint + "\n")
    if target.idle_help and not flags.given():
        raise _help(target, flags)
    return target, flags, arguments


def _descend(group: Group, words: list[str]) -> tuple[Command, list[str]]:
    """Follow group names down to a command; flags before a name belong to the group."""
    try:
        flags, rest = parse_flags(group.flags, words, interspersed=False)
    except FlagError as error:
        raise _Refusal(USAGE_STATUS, flag_complaint(group, str(error)) + "\n") from None
    if group is ROOT:
        _settle_globals(flags, rest)
    if not rest:
        # Asked for help it goes to standard output, otherwise to standard error; both are fine.
        text = help_text(group) + "\n"
        raise _help(group, flags) if flags.on("help") else _Refusal(0, text)
    member = group.find(rest[0])
    if member is None:
        raise _unknown(group, rest)
    if flags.on("help"):
        rest.insert(1, "--help")
    if isinstance(member, Group):
        return _descend(member, rest[1:])
    return member, rest[1:]


def _settle_globals(flags: FlagValues, rest: list[str]) -> None:
    """Deal with what stands before any command: other daemons, --version and help."""
    for flag in flags.given():
        if not flag.modelled:
            text = f"docker: '--{flag.name}' before a command is not part of the simulation\n"
            raise _Refusal(1, text)
    if flags.changed("version"):
        raise _Refusal(0, "", f"Docker version {VERSION}, build simulated\n")
    if rest[:1] == ["help"]:
        raise _help_topic(rest[1:])


def _help(target: Command | Group, flags: FlagValues) -> _Refusal:
    note = "Flag shorthand -h has been deprecated, use --help\n" if flags.help_shorthand else ""
    return _Refusal(0, "", note + help_text(target) + "\n")


def _help_topic(words: list[str]) -> _Refusal:
    target: Command | Group = ROOT
    for word in words:
        member = target.find(word) if isinstance(target, Group) else None
        if member is None:
            return _Refusal(1, f"unknown help topic: {word}\n")
        target = member
    return _Refusal(0, "", help_text(target) + "\n")


def _unknown(group: Group, rest: list[str]) -> _Refusal:
    name = rest[0]
    if name in OUTSIDE.get(group.path, ()):
        full = " ".join(filter(None, ("docker", group.path, name)))
        return _Refusal(1, f"docker: '{full}' is not part of the simulation\n")
    if group.path and "--help" in rest:
        return _Refusal(0, "", help_text(group) + "\n")
    hint = nearest(name, group.members)
    return _Refusal(1, unknown_command(group, name) + "\n", hint=hint)
