"""What ``expect`` lines can ask for: the table of metrics.

Each is a :class:`overlaysim.measure.metric.Metric`. Containers are named as on the command line
(``web``), with their host if that is needed (``web@host-a``); a service's name stands for all its
tasks, a host's for its own address, and an address for whoever had it. A metric gives None when
the run holds nothing to measure it by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from overlaysim.measure.bulk import merged
from overlaysim.measure.latency import Distribution
from overlaysim.measure.measurements import Measurements
from overlaysim.measure.metric import Metric
from overlaysim.measure.name_metrics import NAME_METRICS
from overlaysim.measure.overhead import BULK_CATEGORIES, CATEGORIES, CONTROL_KINDS
from overlaysim.measure.packet_metrics import (
    PACKET_METRICS,
    REASONS,
    endpoints_named,
    known_reason,
)
from overlaysim.measure.transfer_metrics import TRANSFER_METRICS
from overlaysim.sim import KINDS
from overlaysim.units import SECOND

_Keywords = Mapping[str, str]
_Arguments = tuple[str, ...]

_LATENCY_FIELDS = {
    "p50": "duration", "p90": "duration", "p99": "duration", "max": "duration", "mean": "duration",
}  # fmt: skip
ALL_HOSTS = "all"
_PERCENTILES = {"p50": 50, "p90": 90, "p99": 99, "max": 100}
_COUNT_FIELDS = {
    "sent": "count", "received": "count", "lost": "count", "astray": "count", "loss": "share",
}  # fmt: skip


def _merge(distributions: Iterable[Distribution]) -> Distribution | None:
    """One distribution of several flows (the tasks of a service, say); None of none."""
    found = list(distributions)
    if len(found) < 2:
        return found[0] if found else None
    merged = Distribution()
    for distribution in found:
        merged.include(distribution)
    return merged


def _read(distribution: Distribution | None, field: str) -> float | None:
    """One field of a distribution, by its name in ``_LATENCY_FIELDS`` or ``_COUNT_FIELDS``."""
    if distribution is None:
        return None
    if field in _PERCENTILES:
        return distribution.percentile(_PERCENTILES[field])
    if field == "mean":
        return distribution.mean
    if field == "loss":
        return 1 - distribution.received / distribution.sent
    return {
        "sent": distribution.sent,
        "received": distribution.received,
        "lost": distribution.lost,
        "astray": distribution.astray,
    }[field]


def _ping(m: Measurements, arguments: _Arguments, _: _Keywords, field: str) -> float | None:
    is_source, is_target = (endpoints_named(m, word) for word in arguments)
    pings = _merge(
        distribution
        for (sender, intended), distribution in m.latencies.pings.items()
        if is_source(sender) and is_target(intended)
    )
    return _read(pings, field.removeprefix("rtt_"))


def _flow(m: Measurements, arguments: _Arguments, keywords: _Keywords, field: str) -> float | None:
    is_source, is_target = (endpoints_named(m, word) for word in arguments)
    protocol = keywords.get("protocol")
    flows = _merge(
        distribution
        for flow, distribution in m.latencies.flows.items()
        if is_source(flow.source) and is_target(flow.intended) and protocol in (None, flow.protocol)
    )
    return _read(flows, field)


def _bulk(m: Measurements, arguments: _Arguments, _: _Keywords, field: str) -> float | None:
    source, target = arguments
    flows = [
        flow for flow in m.bulk
        if source in (flow.source, ALL_HOSTS) and target in (flow.target, ALL_HOSTS)
    ]  # fmt: skip
    distribution = merged(flows) if flows else None
    if distribution is None or not distribution.sent:
        return None
    return _read(distribution, "received" if field == "delivered" else field)


def _dropped(m: Measurements, _: _Arguments, keywords: _Keywords, field: str) -> float | None:
    reason, kind = keywords.get("reason"), keywords.get("kind")
    if reason is not None and (reason := known_reason(reason)) is None:
        return None
    if kind is not None and kind not in KINDS:
        return None
    return m.conservation.drops(reason, kind)


_CATEGORY_GROUPS: dict[str, tuple[str, ...]] = {
    **{category: (category,) for category in CATEGORIES},
    "bulk": BULK_CATEGORIES,
    "overlay": ("encapsulation", "outer-headers"),
    "control": CONTROL_KINDS,
    "total": CATEGORIES,
}


def _overhead(m: Measurements, arguments: _Arguments, _: _Keywords, field: str) -> float | None:
    categories = _CATEGORY_GROUPS.get(arguments[0])
    if categories is None:
        return None
    size = sum(m.overhead.total[category] for category in categories)
    if field == "size":
        return size
    if field == "per_minute":
        return size * 60 * SECOND / m.meta.simulated if m.meta.simulated else None
    return size / m.overhead.size if m.overhead.size else None


def _conservation(m: Measurements, _: _Arguments, __: _Keywords, field: str) -> float | None:
    books = m.conservation
    counts = {
        "created": sum(books.created.values()),
        "delivered": sum(books.delivered.values()),
        "dropped": books.drops(),
        "in_flight": sum(books.in_flight.values()),
    }
    if field != "imbalance":
        return counts[field]
    return counts["created"] - counts["delivered"] - counts["dropped"] - counts["in_flight"]


def _commands(m: Measurements, _: _Arguments, keywords: _Keywords, field: str) -> float | None:
    host = keywords.get("host")
    commands = [command for command in m.commands if host in (None, command.host)]
    return len(commands) if field == "total" else sum(c.status != 0 for c in commands)


_METRICS = (
    Metric(
        "ping",
        "echo requests of a container to another, a host or an address: sent, answered, lost, and "
        "round-trip times",
        ("from", "to"),
        (),
        {**_COUNT_FIELDS, **{f"rtt_{name}": unit for name, unit in _LATENCY_FIELDS.items()}},
        _ping,
    ),
    Metric(
        "latency",
        "one-way latency of the messages that arrived; percentiles by nearest rank",
        ("from", "to"),
        ("protocol",),
        _LATENCY_FIELDS,
        _flow,
    ),
    Metric(
        "messages",
        "messages of a container to another, a host or an address: sent, received, lost, gone "
        "astray",
        ("from", "to"),
        ("protocol",),
        _COUNT_FIELDS,
        _flow,
    ),
    Metric(
        "bulk",
        "bulk traffic of a host to another, or to and from all: sent, delivered, lost, and latency "
        "one way, with echo of the round trip",
        ("sender", "receiver"),
        (),
        {
            "sent": "count",
            "delivered": "count",
            "lost": "count",
            "loss": "share",
            **_LATENCY_FIELDS,
        },
        _bulk,
    ),
    Metric(
        "dropped",
        "packets dropped, all or of one reason (queue-full, link-down, mtu, …) and kind",
        (),
        ("reason", "kind"),
        {"": "count"},
        _dropped,
        {"reason": REASONS, "kind": KINDS},
    ),
    Metric(
        "overhead",
        f"bytes on all links by what they are for: {', '.join(_CATEGORY_GROUPS)}",
        ("category",),
        (),
        {"share": "share", "size": "size", "per_minute": "size"},
        _overhead,
        {"category": tuple(_CATEGORY_GROUPS)},
    ),
    *NAME_METRICS,
    *PACKET_METRICS,
    *TRANSFER_METRICS,
    Metric(
        "conservation",
        "packets created, delivered, dropped, in flight; imbalance is what does not add up",
        (),
        (),
        dict.fromkeys(("created", "delivered", "dropped", "in_flight", "imbalance"), "count"),
        _conservation,
    ),
    Metric(
        "commands",
        "docker commands that ended, and those that ended with an error",
        (),
        ("host",),
        {"total": "count", "failed": "count"},
        _commands,
    ),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _METRICS}
"""Every metric by its name."""
