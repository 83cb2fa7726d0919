"""An expectation of a scenario, and what becomes of it when the run has ended."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from overlaysim.errors import InputError, quote
from overlaysim.measure.metric import Metric
from overlaysim.units import (
    SECOND,
    format_duration,
    format_rate,
    parse_duration,
    parse_rate,
    parse_share,
    parse_size,
)

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, ">": operator.gt, "<=": operator.le,
    "<": operator.lt, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
"""The comparisons of the language; the longer spelling of two comes first."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an expectation.

    Attributes:
        holds: whether it came true.
        measured: the value it was compared with; None if there was nothing to measure.
        shown: the measured value in words, or why there is none.
        text: the whole in one line.
    """

    holds: bool
    measured: float | None
    shown: str
    text: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """One ``expect`` line, read by :func:`overlaysim.scenario.grammar.parse_expectation`.

    Attributes:
        text: as written.
        line: where it stands in the file, from 1; 0 if not known.
        field: what follows the point; empty if nothing does.
        value: in the unit of the field: a count, picoseconds, a share from 0 to 1, or bytes.
    """

    text: str
    line: int
    metric: Metric
    arguments: tuple[str, ...]
    keywords: Mapping[str, str]
    field: str
    op: str
    value: float

    def check(self, measurements: Any) -> Verdict:
        """Compare with what was measured; ``measurements`` goes to the metric as it is."""
        measured = self.metric.evaluate(measurements, self.arguments, self.keywords, self.field)
        if measured is None:
            subject = self.text[: self.text.index(")") + 1]
            reason = f"nothing to measure: the run has no {subject}"
            return Verdict(False, None, reason, f"{self.text}: fails, {reason}")
        holds = OPERATORS[self.op](measured, self.value)
        shown = f"{self._show(measured)} {self.field}".rstrip()
        word = "holds" if holds else "fails"
        return Verdict(holds, measured, shown, f"{self.text}: {word}, {shown}")

    def _show(self, measured: float) -> str:
        """Print a measured value, with all digits if rounded it would look like the expected."""
        kind = VALUES[self.metric.fields[self.field]]
        short = kind.show(measured)
        if measured != self.value and short == kind.show(self.value):
            return kind.show_exactly(measured)
        return short


@dataclass(frozen=True)
class ValueKind:
    """How the values of one kind of field are read and printed."""

    read: Callable[[str], float]
    show: Callable[[float], str]
    show_exactly: Callable[[float], str]


def _read_count(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,18}(\.[0-9]{1,9})?", text):
        raise InputError(f"{quote(text)} is not a count; write a bare number, for example 60")
    return float(text) if "." in text else int(text)


def _duration(ps: float) -> str:
    return format_duration(round(ps)) if isfinite(ps) else "never"


def _exact_duration(ps: float) -> str:
    if not isfinite(ps):
        return "never"
    seconds, rest = divmod(round(ps), SECOND)
    return f"{seconds}.{rest:012d} s"


VALUES: Mapping[str, ValueKind] = {
    "count": ValueKind(_read_count, lambda count: f"{count:.12g}", repr),
    "duration": ValueKind(parse_duration, _duration, _exact_duration),
    "rate": ValueKind(parse_rate, lambda rate: format_rate(round(rate)), lambda r: f"{r!r} bit/s"),
    "share": ValueKind(parse_share, lambda x: f"{x * 100:.3f} %", lambda x: f"{x * 100!r} %"),
    "size": ValueKind(parse_size, lambda size: f"{size:.12g} B", lambda size: f"{size!r} B"),
}
"""The kinds of fields that a metric can have."""
