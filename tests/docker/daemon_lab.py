"""One host with its daemon, outside any swarm unless a test begins one."""

from __future__ import annotations

import json
from typing import Any

from overlaysim import Lab

ONE = "name: one\nswarm: manual\nunderlay:\n  hosts: [host-a, host-b]\n"


class Typed:
    """Docker commands typed on host-a, and how long they took in seconds."""

    def __init__(self) -> None:
        self.lab = Lab(ONE, seed=7)
        self.took = 0.0

    def __call__(self, command: str) -> str:
        """Type a command that must succeed; returns what it printed."""
        return self._type(f"docker {command}", 0)

    def fails(self, command: str, status: int = 1) -> str:
        """Type a command that must end with this status; returns what it printed."""
        return self._type(f"docker {command}", status)

    def _type(self, command: str, status: int) -> str:
        began = self.lab.now
        said = self.lab["host-a"](command)
        self.took = (self.lab.now - began) / 10**12
        assert said.status == status, said
        assert "Traceback" not in said
        return str(said)

    def inspect(self, what: str) -> Any:
        return json.loads(self(f"inspect {what}"))[0]

    def names(self, *options: str) -> dict[str, str]:
        """STATUS by name, of ``docker ps``."""
        rows = self(f"ps {' '.join(options)} --format '{{{{.Names}}}}|{{{{.Status}}}}'")
        return dict(row.split("|") for row in rows.splitlines())

    def networks(self, container: str) -> dict[str, str]:
        """Address by network of a container."""
        networks = self.inspect(container)["NetworkSettings"]["Networks"]
        return {name: endpoint["IPAddress"] for name, endpoint in networks.items()}
