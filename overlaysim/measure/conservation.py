"""Conservation of packets: created = delivered + dropped + in flight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from overlaysim.errors import ModelError
from overlaysim.measure.overhead import BULK_KIND
from overlaysim.sim import KINDS, Ledger


@dataclass(frozen=True)
class Conservation:
    """Where all packets of a run are, by kind (:data:`overlaysim.sim.KINDS`).

    Attributes:
        created: kind -> packets.
        delivered: kind -> packets.
        dropped: ``(kind, reason)`` -> packets, sorted.
        in_flight: kind -> packets that have not ended.
    """

    created: Mapping[str, int]
    delivered: Mapping[str, int]
    dropped: Mapping[tuple[str, str], int]
    in_flight: Mapping[str, int]

    def drops(self, reason: str | None = None, kind: str | None = None) -> int:
        """Packets dropped, of one reason and of one kind if given."""
        return sum(
            count
            for (its_kind, its_reason), count in self.dropped.items()
            if reason in (None, its_reason) and kind in (None, its_kind)
        )

    def by_reason(self) -> dict[str, int]:
        """Reason -> packets dropped, most frequent first."""
        reasons = {reason: self.drops(reason) for reason in sorted({r for _, r in self.dropped})}
        return dict(sorted(reasons.items(), key=lambda item: -item[1]))


def conserve(ledger: Ledger, in_flight: int, recorded: int) -> Conservation:
    """Close the books of a run.

    Args:
        ledger: what was counted at the birth and the end of each packet.
        in_flight: packets that links and hosts hold now, counted there and not by the ledger.
        recorded: packets whose end was recorded; bulk packets are not among them.

    Raises:
        ModelError: if a packet was lost without a reason, was invented, or ended twice.
    """
    dropped = dict(sorted(ledger.dropped.items()))
    open_packets: dict[str, int] = {}
    for kind in (*KINDS, *(k for k in ledger.created if k not in KINDS)):
        ended = ledger.delivered[kind] + sum(n for (k, _), n in dropped.items() if k == kind)
        open_packets[kind] = ledger.created[kind] - ended
        if open_packets[kind] < 0:
            raise ModelError(
                f"{kind}: {ended} packets ended, but only {ledger.created[kind]} were created"
            )
    if sum(open_packets.values()) != in_flight:
        raise ModelError(
            f"packets do not add up: {ledger.created.total()} created, "
            f"{ledger.delivered.total()} delivered, {ledger.dropped.total()} dropped, so "
            f"{sum(open_packets.values())} should be in flight, but links and hosts "
            f"hold {in_flight}"
        )
    ended = sum(
        ledger.created[kind] - still_open
        for kind, still_open in open_packets.items()
        if kind != BULK_KIND
    )
    if recorded != ended:
        raise ModelError(
            f"{recorded} ends of packets were recorded, but {ended} packets have ended"
        )
    return Conservation(
        {kind: ledger.created[kind] for kind in open_packets},
        {kind: ledger.delivered[kind] for kind in open_packets},
        dropped,
        open_packets,
    )
