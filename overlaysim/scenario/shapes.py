"""The shapes that a value in a scenario can have: a word, a list, a map, lines of text.

Each kind reads the node that stands in the file, reports what is wrong with it to the
:class:`~overlaysim.scenario.nodes.ProblemLog`, and gives its JSON Schema. It returns None for what
it could not use, so that reading goes on and finds the other mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from overlaysim.errors import InputError
from overlaysim.scenario.nodes import List, Map, Node, ProblemLog, Row, Scalar, describe, join


class Kind(Protocol):
    """What may stand at a key."""

    @property
    def what(self) -> str:
        """The kind in words, with its article: ``a duration``."""

    @property
    def example(self) -> str:
        """How one is written: ``50 us``."""

    def read(self, node: Node, path: str, log: ProblemLog) -> Any:
        """Return the value of a node, or None after reporting what is wrong with it."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (draft 2020-12) of what may be written."""


@dataclass(frozen=True)
class Word:
    """A single text with a meaning: a duration, a name, a choice.

    Attributes:
        parse: gives the value; raises :class:`~overlaysim.errors.InputError` with a message that
            says what is allowed.
        json: the JSON Schema.
    """

    what: str
    example: str
    parse: Callable[[str], Any]
    json: Mapping[str, Any]

    def read(self, node: Node, path: str, log: ProblemLog) -> Any:
        """Parse the text; see :class:`Kind`."""
        if not isinstance(node, Scalar) or not node.text:
            report_other(self, node, path, log)
            return None
        try:
            return self.parse(node.text)
        except InputError as error:
            log.report(node, path, str(error))
            return None

    def schema(self) -> dict[str, Any]:
        """See :class:`Kind`."""
        return dict(self.json)


@dataclass(frozen=True)
class ListOf:
    """A list of one kind, read as a tuple of what could be used.

    Attributes:
        length: how many there have to be.
        unique: whether each item may be there only once; then a bad item spoils the whole list.
    """

    item: Kind
    what: str
    example: str
    length: int | None = None
    unique: bool = False

    def read(self, node: Node, path: str, log: ProblemLog) -> tuple[Any, ...] | None:
        """Read every item; see :class:`Kind`."""
        if not isinstance(node, List) or self.length not in (None, len(node.items)):
            report_other(self, node, path, log)
            return None
        values: list[Any] = []
        before = len(log)
        for index, item in enumerate(node.items):
            value = self.item.read(item, f"{path}[{index}]", log)
            if self.unique and value is not None and value in values:
                log.report(item, f"{path}[{index}]", f"{describe(item)} is there twice")
            elif value is not None:
                values.append(value)
        return None if self.unique and len(log) > before else tuple(values)

    def schema(self) -> dict[str, Any]:
        """See :class:`Kind`."""
        schema: dict[str, Any] = {"type": "array", "items": self.item.schema()}
        if self.length is not None:
            schema |= {"minItems": self.length, "maxItems": self.length}
        return schema | ({"uniqueItems": True} if self.unique else {})


@dataclass(frozen=True)
class MapOf:
    """Free keys of one kind with values of another, read as a dict; None if any is wrong."""

    key: Word
    item: Kind
    what: str
    example: str

    def read(self, node: Node, path: str, log: ProblemLog) -> dict[Any, Any] | None:
        """Read every key and value; see :class:`Kind`."""
        if not isinstance(node, Map):
            report_other(self, node, path, log)
            return None
        before, values = len(log), {}
        for key, value in node.entries.values():
            inner = join(path, key.text)
            values[self.key.read(key, inner, log)] = self.item.read(value, inner, log)
        return values if len(log) == before else None

    def schema(self) -> dict[str, Any]:
        """See :class:`Kind`."""
        return {
            "type": "object",
            "propertyNames": self.key.schema(),
            "additionalProperties": self.item.schema(),
        }


@dataclass(frozen=True)
class Lines:
    """A text block or a list of texts, read as a tuple of rows that know their places."""

    what: str
    example: str

    def read(self, node: Node, path: str, log: ProblemLog) -> tuple[Row, ...] | None:
        """Collect the lines; see :class:`Kind`."""
        items = node.items if isinstance(node, List) else [node]
        rows: list[Row] = []
        for item in items:
            if not isinstance(item, Scalar):
                report_other(self, item, path, log)
                return None
            rows += item.rows
        if not any(row.text.strip() for row in rows):
            log.report(
                node, path, f"expected {self.what}, found nothing; for example {self.example}"
            )
            return None
        return tuple(rows)

    def schema(self) -> dict[str, Any]:
        """See :class:`Kind`."""
        text = {"type": "string"}
        return {"anyOf": [text, {"type": "array", "items": text}]}


@dataclass(frozen=True)
class Either:
    """A single text or a list."""

    word: Word
    several: ListOf

    @property
    def what(self) -> str:
        """See :class:`Kind`."""
        return f"{self.word.what} or {self.several.what}"

    @property
    def example(self) -> str:
        """See :class:`Kind`."""
        return f"{self.word.example} or {self.several.example}"

    def read(self, node: Node, path: str, log: ProblemLog) -> Any:
        """Read one or the other by the shape of the node; see :class:`Kind`."""
        if isinstance(node, List):
            return self.several.read(node, path, log)
        if isinstance(node, Map) or not node.text:
            report_other(self, node, path, log)
            return None
        return self.word.read(node, path, log)

    def schema(self) -> dict[str, Any]:
        """See :class:`Kind`."""
        return {"anyOf": [self.word.schema(), self.several.schema()]}


def report_other(kind: Kind, node: Node, path: str, log: ProblemLog) -> None:
    """Report a node whose shape does not fit its kind."""
    found = describe(node)
    if isinstance(node, List) and isinstance(kind, ListOf) and kind.length is not None:
        found = f"{len(node.items)}"
    log.report(node, path, f"expected {kind.what}, found {found}; for example {kind.example}")
