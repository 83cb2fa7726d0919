"""The decisions of Docker's embedded resolver, 127.0.0.11.

Sources: moby ``daemon/libnetwork/resolver.go`` (what is answered, what is forwarded) and
``sandbox.go`` (in which networks a dotted name is looked for).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from random import Random

from overlaysim.naming.view import NameView
from overlaysim.wire.dns import Record

TTL = 600
"""Seconds for which an answer may be kept."""

_REVERSE_ZONE = ".in-addr.arpa"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What becomes of a question.

    Attributes:
        rcode: ``NOERROR``, or for a forwarded question ``SERVFAIL``: what the client hears unless
            some upstream server answers.
        records: the answers in the order in which they are sent.
        network: the network that knew the name, or empty.
        forward: whether the question goes to the upstream servers.
    """

    rcode: str
    records: tuple[Record, ...]
    network: str
    forward: bool


_FORWARD = Resolution("SERVFAIL", (), "", True)


def resolve(
    name: str, qtype: str, networks: Sequence[tuple[str, NameView]], rng: Random
) -> Resolution:
    """Answer a question of a container from its host's own tables.

    ``networks`` are those the container is attached to, each with its view, in the order of search:
    overlay networks first, then ingress, then local ones. The first that knows the name is the only
    one to answer. Several addresses are shuffled with ``rng`` anew for every question; a known name
    without records of the type asked for (AAAA, MX) is answered with none. What is not known, and
    every other type, is forwarded.
    """
    asked = name.removesuffix(".")
    if qtype == "PTR":
        return _reverse(asked, networks)
    if qtype not in {"A", "AAAA", "MX"}:
        return _FORWARD
    for wanted, only_in in _readings(asked):
        for network, view in networks:
            if only_in in {"", network} and view.knows(wanted):
                addresses = list(view.lookup(wanted)) if qtype == "A" else []
                if len(addresses) > 1:
                    rng.shuffle(addresses)
                records = tuple(Record(asked, "A", TTL, address) for address in addresses)
                return Resolution("NOERROR", records, network, False)
    return _FORWARD


def _readings(name: str) -> Iterator[tuple[str, str]]:
    """Yield how a dotted name can be read: as a whole, then as a shorter one in a network."""
    yield name, ""
    labels = name.split(".")
    for cut in range(len(labels) - 1, 0, -1):
        yield ".".join(labels[:cut]), ".".join(labels[cut:])


def _reverse(name: str, networks: Sequence[tuple[str, NameView]]) -> Resolution:
    ip = _address_in(name)
    for network, view in networks if ip else ():
        container = view.reverse(ip)
        if container is not None:
            record = Record(name, "PTR", TTL, f"{container}.{network}")
            return Resolution("NOERROR", (record,), network, False)
    return _FORWARD


def _address_in(name: str) -> str:
    """The address that a name in the reverse zone stands for; empty if it is not such a name."""
    if not name.lower().endswith(_REVERSE_ZONE):
        return ""
    labels = name[: -len(_REVERSE_ZONE)].split(".")
    try:
        return str(IPv4Address(".".join(reversed(labels))))
    except ValueError:
        return ""
