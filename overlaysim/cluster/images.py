"""Which program an image runs when no command is given.

Every image name is accepted: nothing is pulled. The base images run a shell, which ends at once
without a terminal, as on a real host; any other image stands for a server that runs until stopped.
"""

from __future__ import annotations

from dataclasses import dataclass

SHELL_IMAGES = ("alpine", "busybox", "debian", "ubuntu", "fedora", "centos", "bash")
SERVER = "serve"


@dataclass(frozen=True, slots=True)
class Image:
    """An image and its default command."""

    name: str
    command: tuple[str, ...]

    @staticmethod
    def named(name: str) -> Image:
        """The image of this name, with or without registry, tag and digest."""
        repository = name.partition("@")[0].rpartition("/")[2].partition(":")[0]
        return Image(name, ("/bin/sh",) if repository in SHELL_IMAGES else (SERVER,))
