"""The part of a report about hosts that containers do not reach, because of overlapping subnets."""

from __future__ import annotations

from overlaysim.measure import Measurements
from overlaysim.measure.shadows import Shadow
from overlaysim.report.sections import ShortNames
from overlaysim.report.table import Table
from overlaysim.report.telling import listing, natural
from overlaysim.units import format_count

MOST_SHADOWS = 8


def shadows_table(m: Measurements) -> Table | None:
    """Each shadowed host, by which network, for the containers of which hosts; None without one."""
    ranked = sorted(m.shadows, key=lambda shadow: -shadow.sent)  # stable
    if not ranked:
        return None
    short = ShortNames(label for flow in m.fates.flows for label in (flow.source, flow.intended))
    hidden = len(ranked) - MOST_SHADOWS
    notes = [
        "shadowed: the address lies in the subnet of a network that the containers are in, so "
        "what they send to it stays there",
        *([f"and {hidden} more, to which less was sent"] if hidden > 0 else []),
    ]
    return Table(
        ("shadowed", "address", "by network", "subnet", "for containers on", "sent", "arrived",
         "reached instead"),
        tuple(_row(shadow, short) for shadow in ranked[:MOST_SHADOWS]),
        left=(0, 1, 2, 3, 4, 7),
        notes=tuple(notes),
    )  # fmt: skip


def _row(shadow: Shadow, short: ShortNames) -> tuple[str, ...]:
    others = [short(label) for label, _ in shadow.reached.most_common()]
    lost = shadow.sent > shadow.arrived
    return (
        shadow.host, shadow.address, shadow.network, shadow.subnet,
        listing(sorted(shadow.hosts, key=natural)), format_count(shadow.sent),
        format_count(shadow.arrived), listing(others) or ("nobody" if lost else "-"),
    )  # fmt: skip
