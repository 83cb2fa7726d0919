"""The embedded DNS server of a host: 127.0.0.11 in its containers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from overlaysim.naming.resolver import Resolution, resolve
from overlaysim.naming.view import NameView
from overlaysim.wire.dns import Record

UPSTREAM_TTL = 300


@dataclass(frozen=True)
class Upstream:
    """The DNS server outside that unknown names are forwarded to.

    ``records`` maps names in lower case to IPv4 addresses; None stands for no server at all.
    ``delay`` is the time until its answer is back, in picoseconds.
    """

    records: Mapping[str, str] | None = None
    delay: int = 0

    def wait(self, resolution: Resolution) -> int:
        """How long the answer takes: nothing for a container name, or if there is no server."""
        return self.delay if resolution.forward and self.records is not None else 0

    def answer(self, name: str, qtype: str) -> Resolution:
        """Answer as that server would; SERVFAIL if there is none (moby ``resolver.go``)."""
        if self.records is None:
            return Resolution("SERVFAIL", (), "", True)
        asked = name.removesuffix(".")
        address = self.records.get(asked.lower())
        if address is None:
            return Resolution("NXDOMAIN", (), "", True)
        records = (Record(asked, "A", UPSTREAM_TTL, address),) if qtype == "A" else ()
        return Resolution("NOERROR", records, "", True)


def ask(
    name: str,
    qtype: str,
    networks: list[tuple[str, NameView]],
    upstream: Upstream,
    rng: Random,
) -> Resolution:
    """Answer from the host's own tables, in the order of ``networks``, else from upstream."""
    own = resolve(name, qtype, networks, rng)
    return upstream.answer(name, qtype) if own.forward else own
