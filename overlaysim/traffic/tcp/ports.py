"""Ephemeral ports: those that whoever connects gets without asking for one."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from overlaysim.errors import ModelError

FIRST_PORT, LAST_PORT = 32_768, 60_999
"""Linux ``net.ipv4.ip_local_port_range``."""


class EphemeralPorts:
    """Hands out one port after the other, from a random one on."""

    def __init__(self, rng: Random) -> None:
        self._next = rng.randint(FIRST_PORT, LAST_PORT)

    def take(self, is_taken: Callable[[int], bool], address: str) -> int:
        """Return the next port that is not taken.

        Raises:
            ModelError: if all are taken, with the ``address`` that they belong to.
        """
        for _ in range(LAST_PORT - FIRST_PORT + 1):
            port = self._next
            self._next = port + 1 if port < LAST_PORT else FIRST_PORT
            if not is_taken(port):
                return port
        raise ModelError(f"{address}: all ports from {FIRST_PORT} to {LAST_PORT} are in use")
