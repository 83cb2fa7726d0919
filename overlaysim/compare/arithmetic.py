"""What a mix of datagrams costs on the underlay, by calculation alone.

Everything that can be exact is: rates and sizes are integers, ratios are fractions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from overlaysim.compare.datagram import Datagram, Road, Way, datagram
from overlaysim.compare.mix import Mix
from overlaysim.host.processor import FREE, Work
from overlaysim.units import SECOND


@dataclass(frozen=True)
class Load:
    """One round of a mix on the underlay.

    Attributes:
        road: encapsulation, families, MTU.
        datagrams: each size once, with how often a round has it.
        work: what either end of the tunnel has to do for an inner packet; the ends of a tunnel and
            the links between them each take one packet after the other.
    """

    road: Road
    datagrams: tuple[tuple[Datagram, int], ...]
    work: Work = FREE

    def _sum(self, values: Iterable[tuple[int, int]]) -> int:
        return sum(value * count for value, count in values)

    @property
    def is_worked(self) -> bool:
        """Whether the ends take any time."""
        return self.work != FREE

    @property
    def offered(self) -> int:
        """Datagrams of a round, whether they fit or not."""
        return sum(count for _, count in self.datagrams)

    @property
    def carried(self) -> tuple[tuple[Datagram, int], ...]:
        """What gets through."""
        return tuple((d, count) for d, count in self.datagrams if d.frames)

    @property
    def count(self) -> int:
        """Datagrams of a round that get through."""
        return sum(count for _, count in self.carried)

    @property
    def payload(self) -> int:
        """Bytes of application payload that a round delivers."""
        return self._sum((d.payload, count) for d, count in self.carried)

    @property
    def frames(self) -> int:
        """Frames of a round."""
        return self._sum((len(d.frames), count) for d, count in self.datagrams)

    @property
    def frame_bytes(self) -> int:
        """Bytes of a round's frames without check sequence, before short ones are padded."""
        return self._sum((sum(d.frames), count) for d, count in self.datagrams)

    @property
    def wire(self) -> int:
        """Bytes that a round occupies on the wire."""
        return self._sum((d.wire, count) for d, count in self.datagrams)

    @property
    def layers(self) -> Counter[str]:
        """What these bytes are."""
        total: Counter[str] = Counter()
        for known, count in self.datagrams:
            for layer, size in known.layers.items():
                total[layer] += size * count
        return total

    @property
    def ways(self) -> dict[Way, int]:
        """How many datagrams of a round cross in which way."""
        total: Counter[Way] = Counter()
        for known, count in self.datagrams:
            total[known.way] += count
        return {way: total[way] for way in Way if total[way]}

    @property
    def efficiency(self) -> Fraction:
        """Delivered payload as a share of the bytes on the wire."""
        return Fraction(self.payload, self.wire)

    def per_datagram(self, total: int) -> Fraction:
        """A round's total as a mean over the datagrams that get through."""
        return Fraction(total, self.count)

    @property
    def variation(self) -> float:
        """Squared coefficient of variation of the bytes on the wire per datagram."""
        square = self._sum((d.wire**2, count) for d, count in self.carried)
        return float(Fraction(square * self.count, self.wire**2)) - 1

    # ---- in time --------------------------------------------------------------------------

    def time(self, *rates: int) -> Fraction:
        """Picoseconds between two rounds when the sender always has more.

        Links of these rates (bit/s) and the two ends work at the same time, each on one packet, so
        the slowest of them sets the pace.
        """
        link = Fraction(8 * SECOND * self.wire, min(rates))
        return max(
            link, Fraction(self._sum((self.work.cost(d.packet), c) for d, c in self.carried))
        )

    def packets_per_second(self, *rates: int) -> Fraction:
        """Datagrams delivered per second through links of these rates."""
        return self.count * SECOND / self.time(*rates)

    def goodput(self, *rates: int) -> Fraction:
        """Payload delivered through links of these rates, in bit/s."""
        return 8 * self.payload * SECOND / self.time(*rates)

    def utilisation(self, arrivals: Fraction, rate: int) -> Fraction:
        """Share of time that the slowest part works.

        Args:
            arrivals: datagrams offered per second.
            rate: of the link, bit/s.
        """
        return arrivals * self.time(rate) / (self.offered * SECOND)

    def latency(self, arrivals: Fraction, rate: int) -> float | None:
        """Mean time from a packet's arrival at the sender until all of it is at the receiver.

        Datagrams arrive as a Poisson process. The line is then an M/G/1 queue, whose mean wait is
        lambda E[S^2] / (2 (1 - rho)) (Pollaczek and Khinchine; Kleinrock, "Queueing Systems" I,
        section 5.6); all frames of a datagram follow one another, so S is the time for all of them.
        With work to do there are three queues in a row. If all packets have one size, the wait in
        all of them together is that at the slowest (Friedman, "Reduction methods for tandem queuing
        systems", Operations Research 13, 1965); else there is no closed form.

        Args:
            arrivals: datagrams offered per second.
            rate: of the link, bit/s.

        Returns:
            Seconds, without propagation. None if there is no closed form or no end to the queue.
        """
        rho = self.utilisation(arrivals, rate)
        if rho >= 1 or (self.is_worked and len(self.carried) > 1):
            return None
        lines = [(8 * d.wire / rate, count) for d, count in self.carried]
        ends = [2 * self.work.cost(d.packet) / SECOND for d, _ in self.carried]
        mean = sum(time * count for time, count in lines) / self.count
        square = sum(time**2 * count for time, count in lines) / self.count
        if self.is_worked:
            square = max(lines[0][0], ends[0] / 2) ** 2
        carried = float(arrivals * self.count / self.offered)
        wait = carried * square / (2 * float(1 - rho))
        return wait + mean + (ends[0] if self.is_worked else 0.0)


def load_of(road: Road, mix: Mix, work: Work = FREE) -> Load:
    """Put a mix of datagrams on a road."""
    return Load(road, tuple((datagram(road, size), count) for size, count in mix.sizes), work)
