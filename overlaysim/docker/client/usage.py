"""Help texts and the complaints about wrong usage, in the genuine client's form (28.2.2)."""

from __future__ import annotations

from overlaysim.docker.client.flags import Flag, FlagTable
from overlaysim.docker.client.grammar import Command, Group

USAGE_STATUS = 125
"""Exit status when flags cannot be understood."""


def _name(path: str) -> str:
    return f"docker {path}".rstrip()


def flag_complaint(target: Command | Group, text: str) -> str:
    """Complain about a flag (exit status 125)."""
    return f"{text}\n\nUsage:  {_synopsis(target)}\n\n{_more('Run', target)}"


def argument_complaint(command: Command, count: int) -> str:
    """Complain about a number of arguments, or return an empty string if it is right."""
    least = command.least
    if count == least or (command.endless and count > least):
        return ""
    noun = "argument" if least == 1 else "arguments"
    wanted = f"requires {'at least ' if command.endless else ''}{least} {noun}"
    if not least:
        wanted = "accepts no arguments"
    lead = "See" if command.endless else "Run"
    return (
        f"docker: '{_name(command.path)}' {wanted}\n\n"
        f"Usage:  {command.synopsis}\n\n{_more(lead, command)}"
    )


def unknown_command(group: Group, name: str) -> str:
    """Complain about a command that does not exist."""
    text = f"docker: unknown command: {_name(group.path)} {name}\n\n"
    usage = f"Usage:  {_name(group.path)}\n\n" if group.path else ""
    return text + usage + _more("Run", group)


def _more(lead: str, target: Command | Group) -> str:
    return f"{lead} '{_name(target.path)} --help' for more information"


def _synopsis(target: Command | Group) -> str:
    if isinstance(target, Command):
        return target.synopsis
    return _name(target.path) if target.path else "docker [OPTIONS] COMMAND [ARG...]"


def help_text(target: Command | Group) -> str:
    """Write the help of a command or a group of commands, without a final newline."""
    if isinstance(target, Command):
        lines = [f"Usage:  {target.synopsis}", "", target.about]
        return "\n".join(lines + _options(target.flags))
    options = "" if target.path else " [OPTIONS]"
    lines = [f"Usage:  {_name(target.path)}{options} COMMAND", "", target.about]
    for heading, kind in (("Management Commands", Group), ("Commands", Command)):
        members = {n: m for n, m in sorted(target.members.items()) if isinstance(m, kind)}
        if members:
            width = max(map(len, members)) + 2
            lines += ["", f"{heading}:"]
            lines += [f"  {name:{width}}{member.about}" for name, member in members.items()]
    more = f"Run '{_name(target.path)} COMMAND --help' for more information on a command."
    return "\n".join([*lines, "", more])


def _options(table: FlagTable) -> list[str]:
    flags = [flag for name, flag in sorted(table.flags.items()) if name != "help"]
    if not flags:
        return []
    heads = [_head(flag) for flag in flags]
    width = max(map(len, heads)) + 3
    return ["", "Options:"] + [
        f"{head:{width}}{_tail(flag)}" for head, flag in zip(heads, flags, strict=True)
    ]


def _head(flag: Flag) -> str:
    short = f"-{flag.shorthand}, " if flag.shorthand else "    "
    return f"  {short}--{flag.name} {flag.kind.shown}".rstrip()


def _tail(flag: Flag) -> str:
    text = flag.description if flag.modelled else "(no effect in the simulation)"
    default = f' (default "{flag.default}")' if flag.default and not flag.switch else ""
    return text + default
