"""The scenario format for machines (JSON Schema) and for people (reference text)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from overlaysim.cluster.timing import Timing
from overlaysim.measure.metric import Metric
from overlaysim.scenario.fields import Field, Section
from overlaysim.scenario.grammar import usage
from overlaysim.scenario.keys import scenario_section
from overlaysim.scenario.nodes import Scalar, from_values, join
from overlaysim.scenario.shapes import Either, Kind, ListOf
from overlaysim.scenario.variants import Variants


def json_schema(timing: type[Any] = Timing) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a scenario, made from the field table.

    Editors that know it complete and check keys while somebody types; what only a look at several
    keys at once can tell, such as an unknown host, it leaves to ``overlaysim check``.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "overlaysim scenario",
        **scenario_section(timing).schema(),
    }


def reference_text(timing: type[Any] = Timing) -> str:
    """Return a line for each key: where it belongs, what it takes, its default, what it is."""
    return _columns(_walk(scenario_section(timing), ""))


def metrics_text(metrics: Mapping[str, Metric]) -> str:
    """Return a line for each metric of ``expect``: how it is written, its fields, what it is."""
    return _columns(
        (usage(metric), " ".join(f".{field}" for field in metric.fields if field), metric.about)
        for metric in metrics.values()
    )


def _columns(lines: Iterable[tuple[str, str, str]]) -> str:
    rows = list(lines)
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "".join(
        f"{first:<{widths[0]}}  {second:<{widths[1]}}  {third}\n" for first, second, third in rows
    )


def _walk(section: Section, path: str) -> Iterator[tuple[str, str, str]]:
    for field in section.fields:
        where = join(path, field.key)
        yield where, _takes(field), field.help
        inner: Kind = field.kind
        if isinstance(inner, Either):
            inner = inner.several
        if isinstance(inner, ListOf):
            inner, where = inner.item, f"{where}[]"
        kinds = inner.sections.values() if isinstance(inner, Variants) else [inner]
        for kind in kinds:
            if isinstance(kind, Section):
                yield from _walk(kind, where)


def _takes(field: Field) -> str:
    if field.required:
        return f"{field.kind.what}, required"
    default = from_values(field.default)
    if field.default is None or not isinstance(default, Scalar):
        return field.kind.what
    return f"{field.kind.what}, default {default.text}"
