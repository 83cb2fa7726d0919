"""The language of ``expect`` lines: ``metric(argument, key=value).field >= value unit``.

    expectation = word "(" [ argument { "," argument } ] ")" [ "." word ] operator quantity
    argument    = word [ "=" word ]
    operator    = ">=" | ">" | "<=" | "<" | "==" | "!="

A line is parsed, never run. Which metrics there are, and what they measure, says the table of
:class:`~overlaysim.measure.metric.Metric` that the parser is given.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from overlaysim.errors import InputError, nearest, quote
from overlaysim.measure.metric import Metric
from overlaysim.scenario.expect import OPERATORS, VALUES, Expectation
from overlaysim.scenario.nodes import listed
from overlaysim.units import parse_duration


class ExpectationError(InputError):
    """An ``expect`` line that cannot be read; ``offset`` is where in the line, from 0."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset


def parse_expectation(
    text: str,
    metrics: Mapping[str, Metric],
    *,
    known: Mapping[str, Collection[str]] | None = None,
    line: int = 0,
) -> Expectation:
    """Read one line.

    Args:
        text: the line.
        metrics: what can be asked for, by name.
        known: for the name of an argument (``host``) the words that make sense for it, where the
            metric itself cannot know them.
        line: where it stands in its file.

    Raises:
        ExpectationError: with what is wrong and where.
    """
    reader = _Reader(text)
    metric = _metric(reader, metrics)
    arguments, keywords = _arguments(reader, metric)
    choices = {**metric.choices, **(known or {})}
    named = [*zip(metric.arguments, arguments, strict=True), *keywords.items()]
    for name, word in named:
        words = choices.get(name)
        if words is not None and word.text not in words:
            hint = nearest(word.text, words) or f"; there are {listed(words)}"
            raise ExpectationError(word.offset, f"there is no {name} {quote(word.text)}{hint}")
    field = _field(reader, metric)
    op = reader.take(_OPERATOR, f"a comparison: {', '.join(OPERATORS)}").text
    written = reader.take(_REST, "a value")
    try:
        value = VALUES[metric.fields[field]].read(written.text)
    except InputError as error:
        raise ExpectationError(written.offset, str(error)) from None
    return Expectation(
        text.strip(), line, metric, tuple(word.text for word in arguments),
        {key: word.text for key, word in keywords.items()}, field, op, value,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Word:
    """A piece of the line and where it begins."""

    text: str
    offset: int


_WORD = re.compile(r"[^\s(),=<>!]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_OPEN, _CLOSE, _COMMA, _EQUALS, _POINT = map(re.compile, (r"\(", r"\)", ",", "=", r"\."))
_OPERATOR = re.compile("|".join(OPERATORS))
_REST = re.compile(r".*\S", re.DOTALL)


class _Reader:
    """Reads one line from left to right; spaces may stand between any two pieces."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._offset = 0
        self._skip_spaces()

    def take(self, pattern: re.Pattern[str], what: str) -> _Word:
        """Return the piece that has to come now and go on behind it."""
        match = pattern.match(self._text, self._offset)
        if not match:
            rest = self._text[self._offset :]
            found = quote(rest) if rest else "the end of the line"
            raise ExpectationError(self._offset, f"expected {what}, found {found}")
        word = _Word(match[0], self._offset)
        self._offset = match.end()
        self._skip_spaces()
        return word

    def comes(self, pattern: re.Pattern[str]) -> bool:
        """Whether a piece of this kind comes now."""
        return pattern.match(self._text, self._offset) is not None

    def _skip_spaces(self) -> None:
        while self._offset < len(self._text) and self._text[self._offset].isspace():
            self._offset += 1


def _metric(reader: _Reader, metrics: Mapping[str, Metric]) -> Metric:
    example = "for example ping(client, web).received >= 60"
    word = reader.take(_NAME, f"a metric, {example}")
    if word.text not in metrics:
        hint = nearest(word.text, metrics) or f"; there are {listed(sorted(metrics), 20)}"
        raise ExpectationError(word.offset, f"there is no metric {quote(word.text)}{hint}")
    return metrics[word.text]


def _arguments(reader: _Reader, metric: Metric) -> tuple[list[_Word], dict[str, _Word]]:
    """Read what stands between the parentheses and compare it with the metric's declaration."""
    opening = reader.take(_OPEN, f"the arguments, as in {usage(metric)}")
    arguments: list[_Word] = []
    keywords: dict[str, _Word] = {}
    while not reader.comes(_CLOSE):
        if arguments or keywords:
            reader.take(_COMMA, '"," or ")"')
        word = reader.take(_WORD, f"an argument, as in {usage(metric)}")
        if reader.comes(_EQUALS):
            reader.take(_EQUALS, "=")
            _check_keyword(word, keywords, metric)
            keywords[word.text] = value = reader.take(_WORD, f"a value for {word.text}")
            if word.text in metric.durations:
                _check_duration(value)
        elif keywords:
            raise ExpectationError(word.offset, f"{quote(word.text)} comes after a key=value")
        else:
            arguments.append(word)
    reader.take(_CLOSE, ")")
    if len(arguments) != len(metric.arguments):
        message = f"{metric.name} takes {_counted(metric.arguments)}, found {len(arguments)}"
        raise ExpectationError(opening.offset, message)
    return arguments, keywords


def _check_keyword(word: _Word, so_far: Collection[str], metric: Metric) -> None:
    if word.text not in metric.keywords:
        allowed = f"; allowed are {', '.join(metric.keywords)}" if metric.keywords else ""
        hint = nearest(word.text, metric.keywords) or allowed
        raise ExpectationError(word.offset, f"{metric.name} has no {quote(word.text)}{hint}")
    if word.text in so_far:
        raise ExpectationError(word.offset, f"{word.text} is there twice")


def _check_duration(word: _Word) -> None:
    try:
        parse_duration(word.text)
    except InputError as error:
        raise ExpectationError(word.offset, str(error)) from None


def _field(reader: _Reader, metric: Metric) -> str:
    """Read ``.field``, which has to be there unless the metric has the field ``""``."""
    fields = [field for field in metric.fields if field]
    if not fields or ("" in metric.fields and not reader.comes(_POINT)):
        return ""
    reader.take(_POINT, f"a point and one of {', '.join(fields)}")
    word = reader.take(_NAME, f"one of {', '.join(fields)}")
    if word.text not in fields:
        hint = nearest(word.text, fields) or f"; there are {', '.join(fields)}"
        raise ExpectationError(word.offset, f"{metric.name} has no {quote(word.text)}{hint}")
    return word.text


def _counted(arguments: Collection[str]) -> str:
    if not arguments:
        return "no arguments"
    noun = "argument" if len(arguments) == 1 else "arguments"
    return f"{len(arguments)} {noun} ({', '.join(arguments)})"


def usage(metric: Metric) -> str:
    """Say how a metric is written: ``ping(from, to)``, ``dropped([reason=…])``."""
    words = [*metric.arguments, *(f"[{keyword}=…]" for keyword in metric.keywords)]
    return f"{metric.name}({', '.join(words)})"
