"""Which program an image runs when no command is given.

Every image name is accepted: nothing is pulled. The base images run a shell, which ends at once
without a terminal, as on a real host; a few have a server or a program of their own; any other
image stands for a server that runs until stopped.
"""

from __future__ import annotations

from dataclasses import dataclass

SHELL_IMAGES = ("alpine", "busybox", "debian", "ubuntu", "fedora", "centos", "bash")
SERVER = "serve"
"""A plain web server at port 80 that tells its host name, so that one sees who has answered."""

_SERVERS = {
    "nginx": ("nginx", "-g", "daemon off;"),
    "httpd": ("httpd-foreground",),
}
_PROGRAMS = {
    "iperf3": "iperf3",
    "iperf3-alpine": "iperf3",
    "curl": "curl",
}
"""Images that are one program, whose arguments stand behind the image."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image: its default command and, if it has one, the program that always runs.

    Attributes:
        entrypoint: what stands in front of every command.
    """

    name: str
    command: tuple[str, ...]
    entrypoint: tuple[str, ...] = ()

    @staticmethod
    def named(name: str) -> Image:
        """The image of this name, with or without registry, tag and digest."""
        repository = name.partition("@")[0].rpartition("/")[2].partition(":")[0]
        if repository in _PROGRAMS:
            return Image(name, (), (_PROGRAMS[repository],))
        if repository in SHELL_IMAGES:
            return Image(name, ("/bin/sh",))
        return Image(name, _SERVERS.get(repository, (SERVER,)))

    def process(self, entrypoint: tuple[str, ...], command: tuple[str, ...]) -> tuple[str, ...]:
        """What runs when a container is made with these, each empty if it was not given.

        An entrypoint of one's own takes the image's command away as well (moby
        ``daemon/commit.go``, merge).
        """
        if entrypoint:
            return (*entrypoint, *command)
        return (*self.entrypoint, *(command or self.command))
