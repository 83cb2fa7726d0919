"""The lines of iperf3 for all streams together, and at the end of a test."""

from __future__ import annotations

from overlaysim.traffic.iperf.control import Datagrams, Results
from overlaysim.traffic.iperf.report import (
    HEAD,
    HEAD_RETR,
    HEAD_UDP,
    SEPARATOR,
    Span,
    stream_name,
)


def total(spans: list[Span]) -> list[Span]:
    """The line for all streams together, if there are several."""
    if len(spans) < 2:
        return []
    first = spans[0]
    again = [span.retransmissions for span in spans if span.retransmissions is not None]
    told = [span.datagrams for span in spans if span.datagrams is not None]
    return [Span(
        "[SUM]", first.start, first.end, sum(span.size for span in spans),
        sum(again) if again else None,
        datagrams=None if not told else Datagrams(
            sum(d.jitter for d in told) // len(told), sum(d.lost for d in told),
            sum(d.total for d in told),
        ),
    )]  # fmt: skip


def summary(sides: dict[str, Results]) -> list[str]:
    """The lines at the end: by role, sender before receiver, what each side has counted."""
    roles = [(role, spans_of(results)) for role, results in sides.items()]
    every = [span for _, spans in roles for span in spans]
    head = HEAD_RETR if any(span.retransmissions is not None for span in every) else HEAD
    lines = [SEPARATOR, HEAD_UDP if every[0].datagrams is not None else head]
    for index in range(len(roles[0][1])):
        lines += [spans[index].line(role) for role, spans in roles]
    for role, spans in roles:
        lines += [span.line(role) for span in total(spans)]
    return lines


def spans_of(results: Results) -> list[Span]:
    """The whole test, stream by stream."""
    none = (None,) * len(results.sizes)
    rows = zip(results.sizes, results.retransmissions, results.datagrams or none, strict=True)
    return [
        Span(stream_name(index), 0, results.lasted, size, again if again >= 0 else None,
             datagrams=datagrams)
        for index, (size, again, datagrams) in enumerate(rows)
    ]  # fmt: skip
