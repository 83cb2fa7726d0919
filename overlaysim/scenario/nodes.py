"""A scenario file as a tree of nodes that know where they stand, and the log of its problems.

Every leaf is text. What a piece of text means (a MAC, a number, a truth value) is decided by the
field that it is written for, never by its looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from overlaysim.errors import InputError, Problem, quote

MAX_DEPTH = 32
"""Deepest nesting that is read; a scenario needs five levels."""
MAX_PROBLEMS = 100
"""Problems after which reading stops: by then the file is something else than a scenario."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a scalar: its text and where that begins."""

    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A piece of text. ``line`` and ``column`` count from 1, or are 0 where the place is unknown.

    ``rows`` are its lines: those of a literal block (``|``) each with its own place, otherwise all
    with the place of the whole.
    """

    text: str
    line: int
    column: int
    rows: tuple[Row, ...]


@dataclass(slots=True)
class List:
    """A sequence of nodes."""

    line: int
    column: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Map:
    """Keys and values in the order of the file, each key once."""

    line: int
    column: int
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)


Node: TypeAlias = Scalar | List | Map


class TooManyProblemsError(Exception):
    """Raised by :meth:`ProblemLog.report` to end the reading; never leaves the scenario reader."""


class ProblemLog:
    """Collects what is wrong in one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._problems: list[Problem] = []

    def __len__(self) -> int:
        return len(self._problems)

    def report(self, place: Node | Row, path: str, message: str) -> None:
        """Note one problem at the place of a node; ``path`` is the key, as ``underlay.link``."""
        self._problems.append(Problem(self.file, place.line, place.column, path, message))
        if len(self._problems) >= MAX_PROBLEMS:
            raise TooManyProblemsError

    def fatal(self, line: int, column: int, message: str) -> InputError:
        """Make the error for a file that cannot be read on: those so far and this one."""
        self._problems.append(Problem(self.file, line, column, "", message))
        return self.error()

    def error(self) -> InputError:
        """Make the error that carries all problems, in the order of their places."""
        problems = sorted(self._problems)
        if len(problems) >= MAX_PROBLEMS:
            rest = f"stopped after {len(problems)} problems; there may be more"
            problems.append(Problem(self.file, 0, 0, "", rest))
        return InputError(problems)


def describe(node: Node) -> str:
    """Say what a node is, for "expected X, found Y"."""
    match node:
        case Scalar(text=""):
            return "nothing"
        case Scalar():
            return quote(node.text)
        case List():
            return "a list"
        case Map():
            return "keys and values"


def from_values(value: object, depth: int = 0) -> Node:
    """Make nodes without places from plain Python values, as TOML and the field table hold them.

    Raises:
        RecursionError: nested deeper than ``MAX_DEPTH`` levels.
    """
    if depth > MAX_DEPTH:
        raise RecursionError
    if isinstance(value, dict):
        node = Map(0, 0)
        for key, item in value.items():
            node.entries[key] = (_unplaced(key), from_values(item, depth + 1))
        return node
    if isinstance(value, list):
        return List(0, 0, [from_values(item, depth + 1) for item in value])
    if isinstance(value, bool):
        return _unplaced("true" if value else "false")
    return _unplaced(str(value))


def _unplaced(text: str) -> Scalar:
    return Scalar(text, 0, 0, tuple(Row(row, 0, 0) for row in text.split("\n")))


def join(path: str, key: str) -> str:
    """Append a key to a key path: ``underlay`` and ``link`` give ``underlay.link``."""
    return f"{path}.{key}" if path else key


def listed(words: Iterable[str], limit: int = 12) -> str:
    """Join words with commas, and leave out what nobody would read."""
    all_words = list(words)
    rest = len(all_words) - limit
    return ", ".join(all_words[:limit]) + (f" and {rest} more" if rest > 0 else "")
