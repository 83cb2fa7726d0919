"""What ``expect`` lines can ask about the fates of the containers' packets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from overlaysim.measure.measurements import Measurements
from overlaysim.measure.metric import Metric
from overlaysim.sim import DROP_REASONS

REASONS = tuple(reason.replace(" ", "-") for reason in DROP_REASONS)
"""The reasons of drops as they are written without quotes: ``queue-full``."""

_TASK = re.compile(r"\.\d+\.[0-9a-z]+$")
"""What Docker appends to a service's name to name the container of a task: slot and task id."""


def names_endpoint(word: str, label: str) -> bool:
    """Whether ``word`` of an expect line names the endpoint that traces call ``label``."""
    name = label.partition("@")[0]
    return word in (label, name, _TASK.sub("", name))


def endpoints_named(m: Measurements, word: str) -> Callable[[str], bool]:
    """Tell which endpoints, as traces call them, ``word`` of an expect line stands for.

    An address stands for whoever had it: endpoints of networks, a host of the underlay.
    """
    owners = m.owners.get(word, frozenset())
    return lambda label: names_endpoint(word, label) or label in owners


def known_reason(word: str) -> str | None:
    """The reason of a drop as the model calls it: ``queue full`` for ``queue-full``."""
    return {_plain(known): known for known in DROP_REASONS}.get(_plain(word))


def _plain(reason: str) -> str:
    return reason.lower().replace("-", " ").replace("_", " ")


def _misdelivered(
    m: Measurements, _: tuple[str, ...], keywords: Mapping[str, str], field: str
) -> float | None:  # fmt: skip
    return _count(m, keywords, field, "")


def _blackholed(
    m: Measurements, _: tuple[str, ...], keywords: Mapping[str, str], field: str
) -> float | None:  # fmt: skip
    return _count(m, keywords, field, keywords.get("reason", "any"))


def _count(m: Measurements, keywords: Mapping[str, str], field: str, reason: str) -> float | None:
    """Packets between two containers that were dropped for a reason, or (empty) mis-delivered."""
    tests = {end: endpoints_named(m, keywords[end]) for end in ("from", "to") if end in keywords}
    wanted = None if reason == "any" else known_reason(reason)
    found = total = 0
    for flow, fates in m.fates.flows.items():
        ends = {"from": flow.source, "to": flow.intended}
        if not all(test(ends[end]) for end, test in tests.items()):
            continue
        total += fates.total
        if not reason:
            found += fates.misdelivered.total()
        else:
            found += sum(n for (r, _), n in fates.blackholed.items() if wanted in (None, r))
    if not total:
        return None
    return found / total if field == "share" else found


PACKET_METRICS = (
    Metric(
        "misdelivered",
        "containers' packets that reached another endpoint than the name they were sent to means",
        (),
        ("from", "to"),
        {"packets": "count", "share": "share"},
        _misdelivered,
    ),
    Metric(
        "blackholed",
        "containers' packets that reached nobody, all or of one reason (no-forwarding-entry, …)",
        (),
        ("from", "to", "reason"),
        {"packets": "count", "share": "share"},
        _blackholed,
        {"reason": REASONS},
    ),
)
