"""What ``expect`` lines can ask about TCP connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from overlaysim.measure.measurements import Measurements
from overlaysim.measure.metric import Metric
from overlaysim.measure.packet_metrics import endpoints_named
from overlaysim.measure.transfers import Traffic, traffic_between

_FIELDS: Mapping[str, tuple[str, Callable[[Traffic], float | None]]] = {
    "bytes": ("size", lambda traffic: traffic.size),
    "goodput": ("rate", lambda traffic: traffic.goodput),
    "retransmissions": ("count", lambda traffic: traffic.retransmissions),
    "connections": ("count", lambda traffic: traffic.connections),
    "failed": ("count", lambda traffic: traffic.failed),
    "stalled": ("count", lambda traffic: sum(t.stalled is not None for t in traffic.senders)),
    "stalls": ("count", lambda traffic: sum(len(t.stalls) for t in traffic.senders)),
    "black_holes": (
        "count", lambda traffic: sum(t.black_hole is not None for t in traffic.senders),
    ),
}  # fmt: skip


def _transfer(
    m: Measurements, arguments: tuple[str, ...], _: Mapping[str, str], field: str
) -> float | None:
    is_source, is_target = (endpoints_named(m, word) for word in arguments)
    traffic = traffic_between(m.transfers, is_source, is_target)
    return None if traffic is None else _FIELDS[field][1](traffic)


TRANSFER_METRICS = (
    Metric(
        "transfer",
        "TCP from one end to the other, whoever opened the connections: payload bytes that "
        "arrived, goodput while a connection was busy, segments sent again, connections "
        "established, failed, stalled at their end, stalls in all, black holes found",
        ("from", "to"),
        (),
        {name: unit for name, (unit, _) in _FIELDS.items()},
        _transfer,
    ),
)
"""What an ``expect`` line can ask about TCP connections."""
