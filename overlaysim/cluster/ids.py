"""Identifiers in Docker's shapes, drawn from the run's own streams.

Swarm objects have 25 characters of base 36 (moby/swarmkit, ``identity/randomid.go``); containers,
endpoints and local networks have 64 hexadecimal digits; a join token is
``SWMTKN-1-<digest of the CA>-<secret>`` with 50 and 25 characters of base 36.
"""

from __future__ import annotations

from random import Random

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


class Identifiers:
    """Draws identifiers; one generator per simulation, so equal seeds give equal identifiers."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def swarm(self) -> str:
        """An id of a node, service, task or swarm network."""
        return self._text(25)

    def local(self) -> str:
        """An id of a container, an endpoint or a local network."""
        return f"{self._rng.getrandbits(256):064x}"

    def token(self, digest: str) -> str:
        """A join token of the cluster whose CA has this digest."""
        return f"SWMTKN-1-{digest}-{self._text(25)}"

    def digest(self) -> str:
        """The digest part of a cluster's join tokens."""
        return self._text(50)

    def mac(self) -> str:
        """A random locally administered MAC address."""
        octets = [0x02, *(self._rng.randrange(256) for _ in range(5))]
        return ":".join(f"{octet:02x}" for octet in octets)

    def pick(self, words: tuple[str, ...]) -> str:
        """One of some words."""
        return self._rng.choice(words)

    def _text(self, length: int) -> str:
        return "".join(self._rng.choice(_BASE36) for _ in range(length))
