"""The programs that containers can run, by name, and the small files that they read."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from overlaysim.errors import OverlaysimError
from overlaysim.host.container import Container
from overlaysim.host.host import Host
from overlaysim.traffic.idle import Print, Server, Sleep
from overlaysim.traffic.lookup import Getent, Nslookup
from overlaysim.traffic.ping import Ping
from overlaysim.traffic.program import Program

USED_PREFIXES = ("/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/")
SERVER = "serve"


class MissingProgram(OverlaysimError):
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
    if name in ("sh", "ash", "bash"):
        return _shell(container, arguments, host)
    if name == "ping":
        ident = host.around.simulator.streams("ping", container.label).randrange(0x10000)
        return Ping(arguments, ident)
    simple = _PROGRAMS.get(name)
    if simple is None:
        raise MissingProgram(command[0])
    return simple(container, arguments)


def _shell(container: Container, arguments: list[str], host: Host) -> Program:
    """``sh -c 'one command'``; without a terminal a plain shell ends at once."""
    if not arguments:
        return Print(())
    if arguments[0] != "-c" or len(arguments) < 2:
        return Print((), ("sh: only `sh -c COMMAND` is simulated",), 2)
    try:
        words = shlex.split(arguments[1])
    except ValueError as error:
        return Print((), (f"sh: syntax error: {error}",), 2)
    if any(word in (";", "&&", "||", "|", "&") or word.endswith(";") for word in words):
        return Print((), ("sh: one command only: pipes and lists are not simulated",), 2)
    if not words:
        return Print(())
    try:
        return program_for(container, words, host)
    except MissingProgram:
        return Print((), (f"sh: {words[0]}: not found",), 127)


# ---- files --------------------------------------------------------------------------------

HOSTS_HEADER = (
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::\tip6-localnet",
    "ff00::\tip6-mcastprefix",
    "ff02::1\tip6-allnodes",
    "ff02::2\tip6-allrouters",
)


def hosts_file(container: Container) -> list[str]:
    """``/etc/hosts``: the usual lines, extra hosts, and its own addresses except the gateway's."""
    extra = [
        f"{address}\t{name}"
        for name, _, address in (entry.partition(":") for entry in container.extra_hosts)
    ]
    own = [
        f"{attachment.interface.address}\t{container.hostname}"
        for attachment in container.attachments
        if attachment.info.name != "docker_gwbridge"
    ]
    return [*HOSTS_HEADER, *extra, *own]


def resolv_conf(container: Container) -> list[str]:
    """``/etc/resolv.conf``: the embedded server, except on the default bridge network."""
    if any(a.info.name not in ("bridge", "docker_gwbridge") for a in container.attachments):
        return ["nameserver 127.0.0.11", "options ndots:0"]
    return ["# the default bridge network has no embedded DNS server"]


def _cat(container: Container, arguments: list[str]) -> Program:
    files = {
        "/etc/hosts": hosts_file,
        "/etc/resolv.conf": resolv_conf,
        "/etc/hostname": lambda container: [container.hostname],
    }
    lines: list[str] = []
    errors: list[str] = []
    for path in arguments:
        if path in files:
            lines += files[path](container)
        else:
            errors.append(f"cat: can't open '{path}': No such file or directory")
    return Print(lines, errors, 1 if errors else 0)


# ---- ip -----------------------------------------------------------------------------------


def _ip(container: Container, arguments: list[str]) -> Program:
    words = [word for word in arguments if word not in ("-4", "-o", "show", "list", "ls")]
    topic = words[0] if words else ""
    shown = {"address": _ip_address, "route": _ip_route, "neighbour": _ip_neighbour}
    spellings = {"addr": "address", "a": "address", "r": "route", "neigh": "neighbour",
                 "n": "neighbour", "neighbor": "neighbour", "link": "address", "l": "address"}  # fmt: skip
    show = shown.get(spellings.get(topic, topic))
    if show is None:
        usage = "Usage: ip { address | route | neigh } [ show ]"
        return Print(
            (), (f'ip: unknown object "{topic}"' if topic else usage, usage)[: 1 + bool(topic)], 1
        )
    return Print(show(container))


def _ip_address(container: Container) -> list[str]:
    lines = [
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN qlen 1000",
        "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00",
        "    inet 127.0.0.1/8 scope host lo",
        "       valid_lft forever preferred_lft forever",
    ]
    for number, interface in enumerate(container.stack.interfaces, start=2):
        info = interface.segment.info
        lines += [
            f"{number}: {interface.name}@if{number}: <BROADCAST,MULTICAST,UP,LOWER_UP> "
            f"mtu {info.mtu} qdisc noqueue state UP",
            f"    link/ether {interface.mac} brd ff:ff:ff:ff:ff:ff",
            f"    inet {interface.address}/{info.prefix_length} scope global {interface.name}",
            "       valid_lft forever preferred_lft forever",
        ]
    return lines


def _ip_route(container: Container) -> list[str]:
    lines = []
    if container.stack.default is not None:
        interface, gateway = container.stack.default
        lines.append(f"default via {gateway} dev {interface.name}")
    for interface in container.stack.interfaces:
        lines.append(
            f"{interface.segment.info.subnet} dev {interface.name} scope link "
            f"src {interface.address}"
        )
    return lines


def _ip_neighbour(container: Container) -> list[str]:
    lines = []
    for interface in container.stack.interfaces:
        for address, mac, state in interface.neighbours.rows():
            at = f" lladdr {mac}" if mac else ""
            lines.append(f"{address} dev {interface.name}{at} {state}")
    return lines


_PROGRAMS: dict[str, Callable[[Container, list[str]], Program]] = {
    "sleep": lambda container, arguments: Sleep(arguments),
    SERVER: lambda container, arguments: Server(),
    "true": lambda container, arguments: Print(()),
    "false": lambda container, arguments: Print((), (), 1),
    "echo": lambda container, arguments: Print((" ".join(arguments),)),
    "hostname": lambda container, arguments: Print((container.hostname,)),
    "cat": _cat,
    "ip": _ip,
    "nslookup": lambda container, arguments: Nslookup(arguments),
    "getent": lambda container, arguments: Getent(arguments),
}
