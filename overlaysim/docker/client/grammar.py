"""The commands: names, arguments, flags, and the function that carries each out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from overlaysim.docker.client import cluster_flags as cf
from overlaysim.docker.client import container_flags as kf
from overlaysim.docker.client.call import Call
from overlaysim.docker.client.commands import (
    containers,
    create,
    execute,
    inspect,
    networks,
    nodes,
    ps,
    service_lists,
    services,
    swarm,
    system,
    tasks,
)
from overlaysim.docker.client.flags import FlagTable
from overlaysim.sim import Steps


@dataclass(frozen=True)
class Command:
    """One command that does something.

    Args:
        path: its full name after "docker".
        usage: its arguments as help texts show them; the numbers of arguments follow from it.
        flags: what may stand before (or among) them.
        run: a generator function that carries it out and returns the exit status.
        plain: the usage line does not mention [OPTIONS].
        idle_help: without any flag it prints its help.
    """

    path: str
    usage: str
    flags: FlagTable
    run: Callable[[Call], Steps]
    plain: bool = False
    idle_help: bool = False

    @property
    def about(self) -> str:
        """One line for help texts: what the function says about itself."""
        return (self.run.__doc__ or "").strip().split("\n")[0].rstrip(".")

    @property
    def least(self) -> int:
        """How many arguments it needs."""
        return sum(not word.startswith("[") for word in self.usage.split())

    @property
    def endless(self) -> bool:
        """Whether it takes any number of arguments beyond those it needs."""
        return "..." in self.usage

    @property
    def interspersed(self) -> bool:
        """Whether flags may follow the first argument: not where a program's own may come."""
        return "COMMAND" not in self.usage

    @property
    def synopsis(self) -> str:
        """The usage line."""
        options = "" if self.plain else " [OPTIONS]"
        return f"docker {self.path}{options} {self.usage}".rstrip()


@dataclass(frozen=True)
class Group:
    """A name that only gathers commands: ``docker network``."""

    path: str
    about: str
    members: dict[str, Command | Group] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    flags: FlagTable = field(default_factory=FlagTable)

    def find(self, name: str) -> Command | Group | None:
        """Look a member up by its name or an alias."""
        return self.members.get(self.aliases.get(name, name))


_MANY_CONTAINERS = "CONTAINER [CONTAINER...]"
_PROGRAM = "IMAGE [COMMAND] [ARG...]"

_CONTAINER = (
    Command("create", _PROGRAM, kf.CREATE, create.create),
    Command("exec", "CONTAINER COMMAND [ARG...]", kf.EXEC, execute.execute),
    Command("kill", _MANY_CONTAINERS, kf.KILL, containers.kill),
    Command("logs", "CONTAINER", kf.LOGS, containers.logs),
    Command("restart", _MANY_CONTAINERS, kf.STOP, containers.restart),
    Command("rm", _MANY_CONTAINERS, kf.REMOVE, containers.remove),
    Command("run", _PROGRAM, kf.RUN, create.run),
    Command("start", _MANY_CONTAINERS, kf.START, containers.start),
    Command("stop", _MANY_CONTAINERS, kf.STOP, containers.stop),
    Command("wait", _MANY_CONTAINERS, cf.NONE, containers.wait, plain=True),
)
"""Commands that exist both as ``docker NAME`` and as ``docker container NAME``."""

_CONTAINER_ONLY = (
    Command("ls", "", kf.PS, ps.list_containers),
    Command("inspect", _MANY_CONTAINERS, kf.INSPECT_CONTAINER, inspect.inspect_containers),
)
_TOP = (
    Command("ps", "", kf.PS, ps.list_containers),
    Command("inspect", "NAME|ID [NAME|ID...]", kf.INSPECT, inspect.inspect_any),
    Command("info", "", kf.FORMAT, system.info),
    Command("version", "", kf.FORMAT, system.version),
)
_NETWORK = (
    Command("connect", "NETWORK CONTAINER", cf.NETWORK_CONNECT, networks.connect),
    Command("create", "NETWORK", cf.NETWORK_CREATE, networks.create),
    Command("disconnect", "NETWORK CONTAINER", cf.NETWORK_DISCONNECT, networks.disconnect),
    Command("inspect", "NETWORK [NETWORK...]", cf.NETWORK_INSPECT, inspect.inspect_networks),
    Command("ls", "", cf.NETWORK_LIST, networks.list_networks),
    Command("prune", "", cf.NETWORK_PRUNE, networks.prune),
    Command("rm", "NETWORK [NETWORK...]", cf.NETWORK_REMOVE, networks.remove, plain=True),
)
_NODE = (
    Command("demote", "NODE [NODE...]", cf.NONE, nodes.demote, plain=True),
    Command("inspect", "self|NODE [NODE...]", cf.PRETTY_INSPECT, inspect.inspect_nodes),
    Command("ls", "", cf.NODE_LIST, nodes.list_nodes),
    Command("promote", "NODE [NODE...]", cf.NONE, nodes.promote, plain=True),
    Command("ps", "[NODE...]", cf.TASK_LIST, tasks.node_tasks),
    Command("rm", "NODE [NODE...]", cf.NODE_REMOVE, nodes.remove),
    Command("update", "NODE", cf.NODE_UPDATE, nodes.update),
)
_SCALES = "SERVICE=REPLICAS [SERVICE=REPLICAS...]"
_SERVICE = (
    Command("create", _PROGRAM, cf.SERVICE_CREATE, services.create),
    Command("inspect", "SERVICE [SERVICE...]", cf.PRETTY_INSPECT, inspect.inspect_services),
    Command("logs", "SERVICE|TASK", cf.SERVICE_LOGS, services.logs),
    Command("ls", "", cf.SERVICE_LIST, service_lists.list_services),
    Command("ps", "SERVICE [SERVICE...]", cf.TASK_LIST, tasks.service_tasks),
    Command("rm", "SERVICE [SERVICE...]", cf.NONE, services.remove, plain=True),
    Command("rollback", "SERVICE", cf.SERVICE_ROLLBACK, services.rollback),
    Command("scale", _SCALES, cf.SERVICE_SCALE, services.scale, plain=True),
    Command("update", "SERVICE", cf.SERVICE_UPDATE, services.update),
)
_SWARM = (
    Command("init", "", cf.SWARM_INIT, swarm.init),
    Command("join", "HOST:PORT", cf.SWARM_JOIN, swarm.join),
    Command("join-token", "(worker|manager)", cf.SWARM_JOIN_TOKEN, swarm.join_token),
    Command("leave", "", cf.SWARM_LEAVE, swarm.leave),
    Command("update", "", cf.SWARM_UPDATE, swarm.update, idle_help=True),
)

OUTSIDE: dict[str, tuple[str, ...]] = {
    "": (
        "attach", "build", "builder", "buildx", "checkpoint", "commit", "compose", "config",
        "context", "cp", "diff", "events", "export", "history", "image", "images", "import",
        "load", "login", "logout", "manifest", "pause", "plugin", "port", "pull", "push", "rename",
        "rmi", "save", "search", "secret", "stack", "stats", "system", "tag", "top", "trust",
        "unpause", "update", "volume",
    ),
    "container": (
        "attach", "commit", "cp", "diff", "export", "pause", "port", "prune", "rename", "stats",
        "top", "unpause", "update",
    ),
    "swarm": ("ca", "unlock", "unlock-key"),
}  # fmt: skip
"""By group, the commands of the genuine client that have no meaning in the simulation."""


def _group(name: str, about: str, commands: Sequence[Command], **aliases: str) -> Group:
    members: dict[str, Command | Group] = {
        command.path: replace(command, path=f"{name} {command.path}") for command in commands
    }
    return Group(name, about, members, aliases)


def _root() -> Group:
    groups = (
        _group("container", "Containers", _CONTAINER + _CONTAINER_ONLY,
               list="ls", ps="ls", remove="rm"),
        _group("network", "Networks", _NETWORK, list="ls", remove="rm"),
        _group("node", "Nodes of the swarm", _NODE, list="ls", remove="rm"),
        _group("service", "Services of the swarm", _SERVICE, list="ls", remove="rm"),
        _group("swarm", "The swarm", _SWARM),
    )  # fmt: skip
    members: dict[str, Command | Group] = {group.path: group for group in groups}
    members.update({command.path: command for command in _CONTAINER + _TOP})
    return Group("", "Docker in a simulated world", members, {"remove": "rm"}, kf.GLOBAL)


ROOT = _root()
"""The tree of all commands."""
