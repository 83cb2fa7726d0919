"""What each workload must give."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from overlaysim.bench.workloads import INCAST_BYTES, INCAST_SENDERS, LEAF_SPINE_HOSTS

Verdict = Literal["yes", "near", "NO", "-"]
"""Right, as near as chance explains, wrong; nobody knows."""


@dataclass(frozen=True, slots=True)
class Check:
    """The range in which an answer lies, as the mean of several runs.

    Attributes:
        what: is answered.
        low, high: the range; all numbers where nobody knows what is right.
        chance: standard deviation of single runs, where the range comes from a few of them. A mean
            that is no more than two standard errors outside is near.
    """

    what: str
    low: float = -math.inf
    high: float = math.inf
    chance: float = 0.0

    def verdict(self, answer: float, runs: int) -> Verdict:
        """Whether an answer, the mean of some runs, is right; nan is not."""
        if not self.known:
            return "-"
        if self.low <= answer <= self.high:
            return "yes"
        room = 2 * self.chance / math.sqrt(runs)
        return "near" if self.low - room <= answer <= self.high + room else "NO"

    @property
    def known(self) -> bool:
        """Whether it is known what is right."""
        return self.low > -math.inf

    @property
    def allowed(self) -> str:
        """The range, for people."""
        if not self.known:
            return "not known"
        if self.high == math.inf:
            return f"from {self.low:,}"
        return f"{self.low:,}" if self.low == self.high else f"{self.low:,} - {self.high:,}"


def checks_of(workload: str, n: int, hosts: int) -> tuple[Check, ...]:
    """What a workload must give, and what else is worth seeing of it.

    Args:
        workload: its name.
        n: packets that its flows send.
        hosts: of its network.
    """
    if workload == "W1":
        return _line(n)
    if workload == "W2":
        return _leaf_spine(n, hosts)
    if workload == "W3":
        return _ping_mesh()
    return _gossip(hosts) if workload == "W4" else _incast(workload)


def _line(packets: int) -> tuple[Check, ...]:
    """Exact: 4 x 0.8736 us of transmission, 20 of propagation, 0.4368 of waiting (M/D/1).

    A hundredth of a microsecond is about five standard deviations of the mean of a million packets;
    of fewer packets they are wider.
    """
    margin = 0.01 * max(1.0, math.sqrt(1e6 / packets))
    mean = Check("mean us", round(23.931 - margin, 3), round(23.931 + margin, 3))
    return (Check("lost", 0, 0), mean)


_LEAF_SPINE = {
    # Two programs, one with four seeds. Chance: 20 seeds of SimPy (tests/benchmarks/peers), whose
    # means are 4.739 %, 738 735 and 34.57 us.
    200_000: (
        Check("lost %", 4.67, 4.83, chance=0.080),
        Check("hops", 738_300, 739_000, chance=352),
        Check("mean us", 32.6, 36.9, chance=1.3),
    ),
    # Two runs of other programs gave 5.05 and 5.01 % lost, 3 686 989 and 3 688 074 hops, 38.9 and
    # 37.3 us; the ranges leave room for chance on either side.
    1_000_000: (
        Check("lost %", 4.95, 5.11),
        Check("hops", 3_685_500, 3_689_500),
        Check("mean us", 36.0, 40.2),
    ),
}
"""By number of packets: percentage lost, packet-hops, mean latency, from other programs."""


def _leaf_spine(packets: int, hosts: int) -> tuple[Check, ...]:
    unknown = (Check("lost %"), Check("hops"), Check("mean us"))
    return _LEAF_SPINE.get(packets, unknown) if hosts == LEAF_SPINE_HOSTS else unknown


def _ping_mesh() -> tuple[Check, ...]:
    """Four links of 1.184 us and 50 us each: 204.736 us, give or take a float's last digits."""
    exact = (204.7359, 204.7361)
    return (Check("not answered", 0, 0), Check("least us", *exact), Check("most us", *exact))


_EVERYONE_KNOWS = {100: (0.60, 0.84, 0.125), 1000: (0.85, 1.04, 0.137)}
"""Seconds by number of nodes, from three seeds of one program and one each of two others; and the
standard deviation over 40 and 8 seeds of ours, whose means are 0.67 and 1.02."""
_MESSAGES = {100: (15_550, 15_650), 1000: (167_500, 168_500), 5000: (837_500, 842_500)}
"""By number of nodes: a ping and an answer per node and second, and three rumours per node on each
tick on which it spreads them; a probe may fall just inside or outside of the minute."""


def _gossip(nodes: int) -> tuple[Check, ...]:
    unknown = (-math.inf, math.inf)
    return (
        Check("false verdicts", 0, 0),
        Check("messages", *_MESSAGES.get(nodes, unknown)),
        Check("all know s", *_EVERYONE_KNOWS.get(nodes, unknown)),
    )


def _incast(variant: str) -> tuple[Check, ...]:
    """All bytes, no sooner than 1 Gbit/s carries them and their headers, PPP's two bytes included.

    With CUBIC and no loss ns-3 3.44 takes 1.362 s; 5 % more is as good. Its other variants do not
    always finish.
    """
    total = INCAST_SENDERS * INCAST_BYTES
    latest = 1.43 if variant == "W5 cubic" else math.inf
    return (Check("bytes", total, total), Check("last byte s", 1.329, latest))
