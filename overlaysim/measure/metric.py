"""What an ``expect`` line can ask for: the declaration of a metric."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Metric:
    """One metric of the ``expect`` language, as in ``ping(client, web).received``.

    Attributes:
        name: the word before the parenthesis.
        about: one sentence for the help text.
        arguments: names of the positional arguments, all required, as in ``("from", "to")``.
        keywords: names of the optional ``key=value`` arguments.
        fields: what may follow the dot, with its unit: ``count``, ``duration`` (picoseconds),
            ``rate`` (bit/s), ``share`` (0 to 1) or ``size`` (bytes). The field ``""`` means that no
            dot follows.
        evaluate: ``evaluate(measurements, arguments, keywords, field)`` gives a number in the
            field's unit, or None when the run holds nothing to measure it by.
        choices: for an argument that has a closed list of words, those words.
        durations: those of ``keywords`` whose value is a duration, written without a blank, as
            in ``from=60s``.
    """

    name: str
    about: str
    arguments: tuple[str, ...]
    keywords: tuple[str, ...]
    fields: Mapping[str, str]
    evaluate: Callable[[Any, tuple[str, ...], Mapping[str, str], str], float | None]
    choices: Mapping[str, Collection[str]] = field(default_factory=dict)
    durations: Collection[str] = ()
