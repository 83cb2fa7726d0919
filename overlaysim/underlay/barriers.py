"""What keeps frames from entering or leaving the network at a host: no power, a cut, a filter.

Barriers come and go in any order, several of a kind at once; each is taken away by calling what
its setting up returned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from overlaysim.sim import Journey
from overlaysim.underlay.ports import Port, port_of

Undo = Callable[[], None]
"""Takes back what was done; called once."""

_REST = -1  # the group of the hosts that a partition does not name


class Barriers:
    """The barriers at the interfaces of all hosts.

    Args:
        changed: called with the hosts concerned after each change.
    """

    def __init__(self, changed: Callable[[Sequence[str]], None]) -> None:
        self._changed = changed
        self._without_power: Counter[str] = Counter()
        self._filters: dict[str, Counter[Port]] = {}
        self._partitions: list[Mapping[str, int]] = []
        self.any = False
        """Whether there is any barrier: a hot path looks here first."""

    # ---- set up ---------------------------------------------------------------------------

    def power_off(self, host: str) -> Undo:
        """Silence a host's interface in both directions."""
        self._without_power[host] += 1
        self._note(host)

        def undo() -> None:
            self._without_power[host] -= 1
            self._note(host)

        return undo

    def block(self, host: str, port: Port) -> Undo:
        """Drop what comes to or leaves a host for a destination port, as an iptables DROP."""
        ports = self._filters.setdefault(host, Counter())
        ports[port] += 1
        self._note(host)

        def undo() -> None:
            ports[port] -= 1
            self._note(host)

        return undo

    def part(self, groups: Sequence[Sequence[str]]) -> Undo:
        """Cut the paths between hosts of different groups; whoever is not named is one more."""
        sides = {host: number for number, group in enumerate(groups) for host in group}
        self._partitions.append(sides)
        self._note()

        def undo() -> None:
            self._partitions = [other for other in self._partitions if other is not sides]
            self._note()

        return undo

    def _note(self, *hosts: str) -> None:
        self.any = bool(
            +self._without_power or self._partitions or any(map(_some, self._filters.values()))
        )
        self._changed(hosts)

    # ---- asked ----------------------------------------------------------------------------

    def at_sender(self, journey: Journey, source: str) -> str:
        """Why a frame does not leave its host; empty if it does."""
        obstacle = self._at(source, port_of(journey))
        return obstacle or self._between_groups(source, journey.destination)

    def at_receiver(self, journey: Journey, host: str) -> str:
        """Why a frame that has come to a host does not get in; empty if it does."""
        return self._at(host, port_of(journey))

    def between(self, source: str, target: str, port: Port) -> str:
        """Why frames for a port do not get from one host to another; empty if they do."""
        apart = self._between_groups(source, target)
        return self._at(source, port) or apart or self._at(target, port)

    def guards(self, host: str) -> bool:
        """Whether frames that come to a host have to be looked at."""
        return self._without_power[host] > 0 or _some(self._filters.get(host, Counter()))

    def _at(self, host: str, port: Port | None) -> str:
        if self._without_power[host] > 0:
            return "host down"
        ports = self._filters.get(host)
        blocked = ports is not None and port is not None and ports[port] > 0
        return "port blocked" if blocked else ""

    def _between_groups(self, source: str, target: str) -> str:
        apart = any(p.get(source, _REST) != p.get(target, _REST) for p in self._partitions)
        return "partitioned" if apart else ""


def _some(ports: Counter[Port]) -> bool:
    return bool(+ports)
