"""The embedded DNS server of a host: 127.0.0.11 in its containers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from overlaysim.host.container import Answered, Container
from overlaysim.host.daemon import Daemon
from overlaysim.host.directory import Directory
from overlaysim.host.files import listed_address
from overlaysim.host.membership import Membership
from overlaysim.naming.resolver import Resolution, resolve
from overlaysim.naming.view import NameView
from overlaysim.sim import Simulator
from overlaysim.sim.events import LookedUp
from overlaysim.traffic.messages import LookUp, Resolved
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


class EmbeddedResolver:
    """Answers the containers of one host, and leaves a trace of each answer.

    Args:
        host: name of the host.
        memberships: the networks that the host takes part in, by id, as they are at each question.
        upstream: the server that unknown names are forwarded to.
        delay: time that an answer takes, picoseconds.
        daemon: whose part it is; while that does not run, questions are lost.
        directory: is told who learned which address where, for the traces.
    """

    def __init__(
        self,
        simulator: Simulator,
        host: str,
        memberships: Mapping[str, Membership],
        upstream: Upstream,
        delay: int,
        daemon: Daemon,
        directory: Directory,
    ) -> None:
        self._simulator = simulator
        self._daemon = daemon
        self._directory = directory
        self._host = host
        self._memberships = memberships
        self._upstream = upstream
        self._delay = delay
        self._rng = simulator.streams("dns", host)

    def look_up(
        self, container: Container, question: LookUp, reads_files: bool, answer: Answered
    ) -> None:
        """Answer from ``/etc/hosts`` at once, else after the resolver's time."""
        listed = None
        if reads_files and question.qtype == "A":
            listed = listed_address(container, question.name)
        if listed is not None:
            self._directory.told(container.label, listed, outside=True)
            record = Record(question.name, "A", 0, listed)
            answer(Resolved(question.name, "A", "NOERROR", (record,)), 0)
            return
        asked = self._simulator.now
        self._daemon.take(
            lambda: self._after(self._delay, lambda: self._ask(container, question, answer, asked))
        )

    def _after(self, delay: int, then: Callable[[], None]) -> None:
        """Go on after ``delay``, if the daemon still does."""
        self._simulator.call_in(delay, self._daemon.only_now(then))

    def _ask(self, container: Container, question: LookUp, answer: Answered, asked: int) -> None:
        """Answer from the tables as they are now, else from the server outside."""
        attached = self._search_order(container)
        networks = [(m.info.name, m.beliefs.names) for m in attached]
        found = ask(question.name, question.qtype, networks, self._upstream, self._rng)

        def tell() -> None:
            took = self._simulator.now - asked
            self._trace_look_up(container, question, attached, found, took)
            for record in found.records:
                self._directory.told(container.label, record.value, outside=found.forward)
            answer(Resolved(question.name, question.qtype, found.rcode, found.records), took)

        self._after(self._upstream.wait(found), tell)

    def _trace_look_up(
        self,
        container: Container,
        question: LookUp,
        attached: Sequence[Membership],
        found: Resolution,
        took: int,
    ) -> None:
        labels = {m.info.name: m.info.label for m in attached}
        event = LookedUp(
            self._simulator.now, took, self._host, container.label, tuple(labels.values()),
            labels.get(found.network, ""), question.name, question.qtype, found.rcode,
            tuple(record.value for record in found.records), found.forward,
        )  # fmt: skip
        self._simulator.bus.emit(event)

    def _search_order(self, container: Container) -> list[Membership]:
        """Networks of a container as its resolver searches them: overlays, then local, by name.

        docker_gwbridge and the default bridge have no names of their own
        (moby ``daemon/libnetwork/sandbox.go`` and ``endpoint.go``, Less).
        """
        attached = [self._memberships[a.info.id] for a in container.attachments]
        named = [m for m in attached if m.info.name not in ("bridge", "docker_gwbridge", "ingress")]
        return sorted(named, key=lambda m: (m.info.vni is None, m.info.name))
