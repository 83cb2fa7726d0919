"""What ``expect`` lines can ask about names, faults and what the hosts' gossip makes of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from overlaysim.measure.audit import same_name
from overlaysim.measure.failures import active_members, recoveries
from overlaysim.measure.measurements import Measurements
from overlaysim.measure.metric import Metric
from overlaysim.measure.truth import canonical
from overlaysim.units import parse_duration

_Keywords = Mapping[str, str]
_Arguments = tuple[str, ...]
_PERCENTILES = {"p50": 50, "p99": 99, "p100": 100}
_WINDOW = ("from", "until")


def _window(m: Measurements, keywords: _Keywords) -> tuple[int, int]:
    """The instants ``from=`` and ``until=``; the whole run without them."""
    since = parse_duration(keywords["from"]) if "from" in keywords else 0
    until = parse_duration(keywords["until"]) if "until" in keywords else m.meta.simulated
    return since, until


def _rank(values: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile of values in ascending order."""
    return values[(percent * len(values) + 99) // 100 - 1]


def _resolution(m: Measurements, arguments: _Arguments, keywords: _Keywords, field: str
) -> float | None:  # fmt: skip
    host, name = arguments
    since, until = _window(m, keywords)
    times = m.audit.time_in_states(host, name, since=since, until=until)
    return times[field] if times else None


def _lookups(m: Measurements, _: _Arguments, keywords: _Keywords, field: str) -> float | None:
    return m.audit.lookup_counts(keywords.get("host"), keywords.get("name"))[field]


def _convergence(m: Measurements, arguments: _Arguments, _: _Keywords, field: str) -> float | None:
    """The worst change; infinite if one never got there and was not overtaken by the next."""
    times: list[float] = []
    for change in m.audit.changes:
        if canonical(change.name) != canonical(arguments[0]):
            continue
        time = {"p50": change.p50, "p99": change.p99, "p100": change.p100}[field]
        if time is not None:
            times.append(time)
        elif change.outcome == "open":
            times.append(math.inf)
    return max(times, default=None)


def _recovery(m: Measurements, _: _Arguments, keywords: _Keywords, field: str) -> float | None:
    mended = [fault.ended for fault in m.failures.faults if fault.ended is not None]
    if not mended:
        return None
    name = keywords.get("name")
    spans = [span for span in m.audit.spans if same_name(name, span.name)]
    since, end = max(mended), m.meta.simulated
    times = sorted(recoveries(spans, m.audit.changes, since, end).values())
    return _rank(times, _PERCENTILES[field]) if times else None


def _detection(m: Measurements, arguments: _Arguments, _: _Keywords, field: str) -> float | None:
    host = arguments[0]
    if not any(host in fault.hosts for fault in m.failures.faults):
        return None
    found = m.failures.detections(host)
    if field == "hosts":
        return len({verdict.by for verdict in found})
    times = sorted(verdict.took for verdict in found)
    return _rank(times, _PERCENTILES[field]) if times else math.inf


def _failed_verdicts(
    m: Measurements, _: _Arguments, keywords: _Keywords, field: str
) -> float | None:  # fmt: skip
    about, by = keywords.get("host"), keywords.get("by")
    return sum(
        about in (None, verdict.about) and by in (None, verdict.by)
        for verdict in m.failures.verdicts
        if verdict.false or field == "count"
    )


def _members(
    m: Measurements, arguments: _Arguments, keywords: _Keywords, field: str
) -> float | None:  # fmt: skip
    """Without ``from=`` the fewest are sought from the first time on that it knew the most."""
    since, until = _window(m, keywords)
    counts = [pair for pair in active_members(m.events, arguments[0]) if pair[0] <= until]
    if not counts:
        return None
    if field == "active":
        return counts[-1][1]
    most = max(number for _, number in counts)
    if "from" not in keywords:
        since = next(at for at, number in counts if number == most)
    before = [number for at, number in counts if at <= since]
    return min([*before[-1:], *(number for at, number in counts if at > since)])


NAME_METRICS = (
    Metric(
        "resolution",
        "how long a host's answer for a name would have been correct, missing, stale or wrong",
        ("host", "name"),
        _WINDOW,
        dict.fromkeys(("correct", "missing", "stale", "wrong", "absent"), "duration"),
        _resolution,
        durations=_WINDOW,
    ),
    Metric(
        "lookups",
        "look-ups that containers made, by verdict; one may be missing and stale at once",
        (),
        ("host", "name"),
        dict.fromkeys(("total", "correct", "missing", "stale", "wrong", "forwarded"), "count"),
        _lookups,
    ),
    Metric(
        "convergence",
        "time until 50, 99 or 100 % of the hosts answered a name correctly, worst change",
        ("name",),
        (),
        dict.fromkeys(_PERCENTILES, "duration"),
        _convergence,
    ),
    Metric(
        "recovery",
        "time from the end of the last fault until so many hosts answered correctly for good",
        (),
        ("name",),
        dict.fromkeys(_PERCENTILES, "duration"),
        _recovery,
    ),
    Metric(
        "detection",
        "time from a fault of a host until others held it for failed, and how many hosts ever did",
        ("host",),
        (),
        {**dict.fromkeys(_PERCENTILES, "duration"), "hosts": "count"},
        _detection,
    ),
    Metric(
        "failed_verdicts",
        "times that gossip held a host for failed; false ones were about a host without a fault",
        (),
        ("host", "by"),
        {"count": "count", "false": "count"},
        _failed_verdicts,
    ),
    Metric(
        "members",
        "other hosts that a host's gossip holds for active: now, and fewest since it had most",
        ("host",),
        _WINDOW,
        {"active": "count", "fewest": "count"},
        _members,
        durations=_WINDOW,
    ),
)
