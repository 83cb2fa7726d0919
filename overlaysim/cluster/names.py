"""Which names services and swarm networks may have.

Source: moby/swarmkit, ``manager/controlapi/common.go`` (validateAnnotations).
"""

from __future__ import annotations

import re

from overlaysim.cluster.requests import Refused

LONGEST_NAME = 63
_NAME = re.compile(r"[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*")


def invalid(message: str) -> Refused:
    """A refusal in the words of swarmkit's control API."""
    return Refused("invalid", f"rpc error: code = InvalidArgument desc = {message}")


def check_name(name: str) -> None:
    """Check the name of a service or swarm network: it becomes a label of DNS names.

    Raises:
        Refused: it is no such label, or too long for one.
    """
    if not _NAME.fullmatch(name):
        raise invalid("name must be valid as a DNS name component")
    if len(name) > LONGEST_NAME:
        raise invalid(f"name must be {LONGEST_NAME} characters or fewer")
