"""How long a node that did not answer stays under suspicion."""

from __future__ import annotations

import math

from overlaysim.gossip.settings import GossipSettings
from overlaysim.units import MS


def shortest_suspicion(settings: GossipSettings, nodes: int) -> int:
    """The multiplier times max(1, log10(n)), kept to three decimals, probe intervals.

    ``ML/util.go`` suspicionTimeout; picoseconds.
    """
    scale = max(1.0, math.log10(max(1.0, nodes)))
    return settings.suspicion_multiplier * int(scale * 1000) * settings.probe_interval // 1000


def confirmations_wanted(settings: GossipSettings, nodes: int) -> int:
    """How many others should confirm a suspicion, if there are that many (``ML/state.go``)."""
    wanted = settings.suspicion_multiplier - 2
    return wanted if settings.lifeguard and nodes - 2 >= wanted else 0


class Suspicion:
    """A suspicion that hardens: the more others confirm it, the sooner it ends in a verdict.

    ``ML/suspicion.go``; Dadgar, Phillips, Currey: Lifeguard: SWIM-ing with situational awareness
    (2017).

    Args:
        settings: how the node is tuned.
        nodes: how many nodes it knows.
        accuser: who raised it; does not count as a confirmation.
        now: the present instant.

    Attributes:
        deadline: when the suspected node is declared dead.
        confirmations: how many others have confirmed it.
    """

    __slots__ = ("_accusers", "_longest", "_shortest", "_start", "_wanted", "confirmations",
                 "deadline")  # fmt: skip

    def __init__(self, settings: GossipSettings, nodes: int, accuser: str, now: int) -> None:
        self._wanted = confirmations_wanted(settings, nodes)
        self._shortest = shortest_suspicion(settings, nodes)
        self._longest = self._shortest * settings.suspicion_max_multiplier
        self._start = now
        self._accusers = {accuser}
        self.confirmations = 0
        self.deadline = now + (self._longest if self._wanted else self._shortest)

    def confirm(self, accuser: str, now: int) -> bool:
        """Somebody says the same; tell whether that is news and wanted."""
        if self.confirmations >= self._wanted or accuser in self._accusers:
            return False
        self._accusers.add(accuser)
        self.confirmations += 1
        share = math.log(self.confirmations + 1) / math.log(self._wanted + 1)
        span = self._longest - round(share * (self._longest - self._shortest))
        span = max(span // MS * MS, self._shortest)
        self.deadline = max(self._start + span, now)
        return True


class Health:
    """How far a node trusts itself: 0 if all is well (``ML/awareness.go``)."""

    __slots__ = ("_limit", "score")

    def __init__(self, settings: GossipSettings) -> None:
        self._limit = settings.awareness_max - 1 if settings.lifeguard else 0
        self.score = 0

    def change(self, delta: int) -> None:
        """Trust less (positive) or more."""
        self.score = min(max(self.score + delta, 0), self._limit)

    def scale(self, interval: int) -> int:
        """The interval, longer the worse it is."""
        return interval * (self.score + 1)
