"""The ``traffic`` section as flows."""

from __future__ import annotations

from overlaysim.scenario.fields import Record
from overlaysim.scenario.keys import FLOW
from overlaysim.scenario.model import Flow, PingFlow, UdpFlow
from overlaysim.scenario.nodes import ProblemLog
from overlaysim.scenario.steps import check_before_end
from overlaysim.units import format_duration

_UDP_SIZE = 1000
_PING_SIZE = 56
"""Payload bytes of a packet where the scenario does not say; 56 is that of every ping."""


def read_flow(record: Record, duration: int | None, log: ProblemLog) -> Flow:
    """Make a flow of what the field table read, and report what does not fit together."""
    start, stop, kind = record["start"], record["stop"], record["kind"]
    if start is not None and stop is not None and stop <= start:
        message = f"{format_duration(stop)} is not after start, {format_duration(start)}"
        record.report("stop", message, log)
    check_before_end(record, "start", duration, log)
    common = {
        "line": record.node.line,
        "column": record.node.column,
        "source": record["from"],
        "target": record["to"],
        "start": start,
        "stop": stop,
    }
    if kind == "ping":
        if not record.written("stop") and not record.written("count"):
            record.report("count", "missing; write count: 5 or stop: 40 s for its end", log)
        size = _PING_SIZE if record["size"] is None else record["size"]
        return PingFlow(size=size, interval=record["interval"], count=record["count"], **common)
    if kind == "udp":
        FLOW.require(record, "rate", log)
        FLOW.require(record, "stop", log)
        if record["size"] == 0:
            record.report("size", "a rate cannot be made of packets without payload", log)
    size = _UDP_SIZE if record["size"] is None else record["size"]
    return UdpFlow(
        size=size, rate=record["rate"], poisson=record["arrivals"] == "poisson", **common
    )
