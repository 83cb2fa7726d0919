"""One command on its way: what was asked, whom to ask, and what has been printed so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from overlaysim.docker.api import ApiError, Engine, Json
from overlaysim.docker.client.flags import FlagValues


class CommandError(Exception):
    """The command ends here with a text on standard error.

    Args:
        text: what is printed, without a final newline.
        status: the exit status.
    """

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


@dataclass
class Call:
    """A parsed command line and its output."""

    engine: Engine
    path: str
    flags: FlagValues
    arguments: list[str]
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)

    def print(self, text: str = "") -> None:
        """Print a line to standard output."""
        self.out.append(text + "\n")

    def warn(self, text: str) -> None:
        """Print a line to standard error."""
        self.err.append(text + "\n")

    def write(self, output: str, errors: str = "") -> None:
        """Print what a program wrote, as it wrote it."""
        self.out.append(output)
        self.err.append(errors)

    def refuse(self, error: ApiError) -> int:
        """Print what the daemon says about one of several things; the others go on.

        Returns the exit status of a command in which something failed.
        """
        self.warn(daemon_text(error))
        return 1

    def warnings(self, answer: Json) -> None:
        """Print the warnings that come with the daemon's answer."""
        for warning in answer.get("Warnings") or []:
            self.warn(f"WARNING: {warning}")


def daemon_text(error: ApiError) -> str:
    """Write a refusal of the daemon as the client prints it."""
    return f"Error response from daemon: {error.message}"
