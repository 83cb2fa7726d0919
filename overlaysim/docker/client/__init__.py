"""The docker command of a simulated host."""

from overlaysim.docker.client.client import CommandResult, DockerClient, check
from overlaysim.docker.client.line import split_line

__all__ = ["CommandResult", "DockerClient", "check", "split_line"]
