"""What random loss leaves of a TCP flow, beside the formula of Mathis et al.

M. Mathis, J. Semke, J. Mahdavi, T. Ott, "The macroscopic behavior of the TCP congestion avoidance
algorithm", ACM CCR 27(3), 1997: a flow that halves its window at a loss and gains a segment per
round trip otherwise reaches C MSS / (RTT sqrt(p)), with C = sqrt(3/2) = 1.22 for an acknowledgement
per segment. With one for every second segment the paper's sender, which counts acknowledgements,
grows half as fast, and C is sqrt(3/4) = 0.87; one that counts bytes (RFC 5681 section 3.1) does not
slow down.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from overlaysim.bench.incast import MTU, PORT, TcpHost
from overlaysim.sim import Simulator
from overlaysim.traffic.tcp import Event, Received, TcpSettings
from overlaysim.underlay import LinkSpec, Underlay, star
from overlaysim.units import MS, SECOND

CONSTANT = math.sqrt(3 / 2)
LOSSES = (0.001, 0.002, 0.005, 0.01, 0.02)
_SENDER, _RECEIVER = "sender", "receiver"
_WARM_UP = 20
"""Losses on average until measuring begins, so that slow start is long past."""


@dataclass(frozen=True, slots=True)
class LossyPath:
    """One flow on a path that is fast enough, and has buffers enough, for loss alone to limit it.

    Attributes:
        loss: share of the data segments lost.
        settings: of the connection.
        round_trip: picoseconds, without queueing.
        losses: how many to measure over, on average.
        rate: bit/s of the path.
        seed: of all random choices.
    """

    loss: float
    settings: TcpSettings
    round_trip: int = 40 * MS
    losses: int = 300
    rate: int = 10_000_000_000
    seed: int = 1


@dataclass(frozen=True, slots=True)
class LossPoint:
    """What a run gave.

    Attributes:
        loss: share of the data segments lost.
        goodput: bit/s that the receiving application got.
        formula: bit/s by the formula.
        seconds: virtual seconds that were measured.
    """

    loss: float
    goodput: float
    formula: float
    seconds: float

    @property
    def ratio(self) -> float:
        """Measured by calculated."""
        return self.goodput / self.formula


def mathis(mss: int, round_trip: int, loss: float) -> float:
    """The formula, in bit/s; ``mss`` in bytes, ``round_trip`` in picoseconds."""
    return 8 * mss * CONSTANT / (round_trip / SECOND * math.sqrt(loss))


def run_lossy_path(path: LossyPath) -> LossPoint:
    """Let one flow run and measure its goodput."""
    simulator = Simulator(path.seed)
    link = LinkSpec(rate=path.rate, delay=path.round_trip // 4, queue_packets=None)
    underlay = Underlay(simulator, star([_SENDER, _RECEIVER], link), framing="none")
    underlay.links["switch", _RECEIVER].configure(replace(link, loss=path.loss))
    addresses = {_SENDER: "10.0.0.1", _RECEIVER: "10.0.0.2"}
    received = [0]

    def take(event: Event) -> None:
        if isinstance(event, Received):
            received[0] += event.length

    sender, receiver = (
        TcpHost(simulator, underlay, name, addresses, path.settings, take) for name in addresses
    )
    receiver.stack.listen(PORT)
    connection = sender.stack.connect(sender.address, receiver.address, PORT, 0)
    sender.stack.write(connection, 1 << 40, 0)
    sender.settle()
    mss = MTU - 52
    formula = mathis(mss, path.round_trip, path.loss)
    per_loss = round(8 * mss * SECOND / (formula * path.loss))  # picoseconds from loss to loss
    simulator.run_to(_WARM_UP * per_loss)
    before = received[0]
    simulator.run_for(path.losses * per_loss)
    seconds = path.losses * per_loss / SECOND
    return LossPoint(path.loss, 8 * (received[0] - before) / seconds, formula, seconds)


def loss_curve(
    settings: TcpSettings, losses: Iterable[float] = LOSSES, *, seeds: int = 1, count: int = 300
) -> list[LossPoint]:
    """Measure at several rates of loss: each the mean of ``seeds`` runs of ``count`` losses."""
    points = []
    for loss in losses:
        runs = [
            run_lossy_path(LossyPath(loss, settings, losses=count, seed=seed))
            for seed in range(1, seeds + 1)
        ]
        goodput = sum(run.goodput for run in runs) / seeds
        points.append(replace(runs[0], goodput=goodput, seconds=runs[0].seconds * seeds))
    return points
