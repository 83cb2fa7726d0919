"""What ``expect`` lines can ask about TCP connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from overlaysim.measure.measurements import Measurements
from overlaysim.measure.metric import Metric
from overlaysim.measure.packet_metrics import endpoints_named
from overlaysim.measure.transfers import CLOSED, Transfer, busy_time
from overlaysim.units import SECOND


def _goodput(transfers: Sequence[Transfer]) -> float | None:
    lasted = busy_time(transfers)
    return sum(t.acknowledged for t in transfers) * 8 * SECOND / lasted if lasted else None


_FIELDS: Mapping[str, tuple[str, Callable[[Sequence[Transfer]], float | None]]] = {
    "bytes": ("size", lambda transfers: sum(t.acknowledged for t in transfers)),
    "goodput": ("rate", _goodput),
    "retransmissions": ("count", lambda transfers: sum(t.retransmissions for t in transfers)),
    "connections": ("count", lambda transfers: sum(t.opened is not None for t in transfers)),
    "failed": ("count", lambda transfers: sum(t.reason not in ("", CLOSED) for t in transfers)),
    "stalled": ("count", lambda transfers: sum(t.stalled is not None for t in transfers)),
    "stalls": ("count", lambda transfers: sum(len(t.stalls) for t in transfers)),
    "black_holes": ("count", lambda transfers: sum(t.black_hole is not None for t in transfers)),
}


def _transfer(
    m: Measurements, arguments: tuple[str, ...], _: Mapping[str, str], field: str
) -> float | None:
    is_source, is_target = (endpoints_named(m, word) for word in arguments)
    transfers = [t for t in m.transfers if is_source(t.endpoint) and is_target(t.peer)]
    return _FIELDS[field][1](transfers) if transfers else None


TRANSFER_METRICS = (
    Metric(
        "transfer",
        "TCP from one end to the other, whoever opened the connections: payload bytes that were "
        "acknowledged, goodput while a connection was busy, segments sent again, connections "
        "established, failed, stalled at their end, stalls in all, black holes found",
        ("from", "to"),
        (),
        {name: unit for name, (unit, _) in _FIELDS.items()},
        _transfer,
    ),
)
"""What an ``expect`` line can ask about TCP connections."""
