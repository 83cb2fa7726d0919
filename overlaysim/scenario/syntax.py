"""From the bytes of a file to nodes: YAML, JSON (which is YAML) and TOML.

YAML is taken from the parser's event stream: nothing is constructed from a tag, no alias can
multiply, and depth is bounded while reading, without recursion.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from typing import Protocol

import yaml

from overlaysim.scenario.nodes import (
    MAX_DEPTH,
    List,
    Map,
    Node,
    ProblemLog,
    Row,
    Scalar,
    from_values,
    join,
)

MAX_BYTES = 1_000_000
"""Longest file that is read."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Mark(Protocol):
    """A place in the text, from 0; the two parsers of PyYAML have a class each for it."""

    line: int
    column: int


_EMPTY = "the file is empty; a scenario begins with name: and a word, as in name: link-cut"
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"

_HINTS = {
    "mapping values are not allowed": "a text with a colon in it needs quotes around it",
    "could not find expected ':'": "a key ends with a colon, as in name: link-cut",
    "expected <block end>": "keys of one level begin in the same column",
}


def decode(data: bytes | str, log: ProblemLog) -> str:
    """Return the text of a file with its line ends made equal.

    Raises:
        InputError: too long, not UTF-8, or with control characters in it.
    """
    if len(data) > MAX_BYTES:
        raise log.fatal(0, 0, f"the file is longer than {MAX_BYTES} bytes, the most that is read")
    if isinstance(data, str):
        text = data
    else:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - data.rfind(b"\n", 0, error.start)
            message = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
            raise log.fatal(line, column, message) from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    _refuse_controls(text, log)
    return text


def _refuse_controls(text: str, log: ProblemLog) -> None:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.isprintable():
            continue
        for column, char in enumerate(line, start=1):
            # Zl and Zp are Unicode's own line ends: they would shift the parser's line numbers
            if char != "\t" and unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
                name = f"U+{ord(char):04X}"
                raise log.fatal(number, column, f"the character {name} cannot be in a scenario")


def read_yaml(text: str, log: ProblemLog) -> Node:
    """Read YAML or JSON into nodes. Keys written twice are reported to ``log``.

    Raises:
        InputError: not YAML, empty, too deep, more than one document, or with anchors, aliases or
            tags in it.
    """
    builder = _Builder(text, log)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        if "maximum nesting depth" in (error.problem or ""):  # libyaml looks ahead of its events
            raise log.fatal(*_position(error.problem_mark), _TOO_DEEP) from None
        raise log.fatal(*_position(error.problem_mark), _explain(error, text)) from None
    except yaml.YAMLError as error:
        raise log.fatal(0, 0, f"not YAML: {error}") from None
    if builder.root is None:
        raise log.fatal(1, 1, _EMPTY)
    return builder.root


def _position(mark: _Mark | None) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def _explain(error: yaml.MarkedYAMLError, text: str) -> str:
    """Say what the YAML parser found, with a hint for the mistakes that people make most."""
    mark = error.problem_mark
    lines = text.split("\n")
    if mark and mark.line < len(lines) and lines[mark.line][mark.column :].startswith("\t"):
        return "a tab cannot indent; use spaces"
    found = " ".join(part for part in (error.context, error.problem) if part)
    hint = next((hint for words, hint in _HINTS.items() if words in found), "")
    return f"not YAML: {found}" + (f"; {hint}" if hint else "")


@dataclass
class _Level:
    """A list or map whose end has not come: its key path and the key that waits for its value."""

    node: List | Map
    path: str
    key: Scalar | None = None

    @property
    def path_of_next(self) -> str:
        if isinstance(self.node, List):
            return f"{self.path}[{len(self.node.items)}]"
        return join(self.path, self.key.text) if self.key else self.path


class _Builder:
    """Builds the tree from parser events, with a stack of its own instead of recursion."""

    def __init__(self, text: str, log: ProblemLog) -> None:
        self.root: Node | None = None
        self._lines = text.split("\n")
        self._log = log
        self._open: list[_Level] = []

    def take(self, event: yaml.Event) -> None:
        """Take the next event of the parser."""
        line, column = _position(event.start_mark)
        if isinstance(event, yaml.NodeEvent):
            self._refuse_indirection(event, line, column)
        match event:
            case yaml.ScalarEvent():
                self._add(self._scalar(event, line, column))
            case yaml.SequenceStartEvent():
                self._enter(List(line, column))
            case yaml.MappingStartEvent():
                self._enter(Map(line, column))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._open.pop()
            case yaml.DocumentStartEvent() if self.root is not None:
                raise self._log.fatal(line, column, "a second document; a file is one scenario")

    def _refuse_indirection(self, event: yaml.NodeEvent, line: int, column: int) -> None:
        if event.anchor is not None:
            message = "anchors and aliases (& and *) are not read; write the value out"
            raise self._log.fatal(line, column, message)
        if getattr(event, "tag", None) is not None:
            raise self._log.fatal(line, column, "tags (!) are not read; write the plain value")

    def _scalar(self, event: yaml.ScalarEvent, line: int, column: int) -> Scalar:
        text: str = event.value
        if event.style == "|":
            rows = [self._block_row(row, line + 1 + index) for index, row in
                    enumerate(text.removesuffix("\n").split("\n"))]  # fmt: skip
        else:
            first = column + (event.style in ("'", '"'))
            rows = [Row(row, line, first) for row in text.split("\n")]
        return Scalar(text, line, column, tuple(rows))

    def _block_row(self, text: str, line: int) -> Row:
        written = self._lines[line - 1] if line <= len(self._lines) else ""
        return Row(text, line, max(len(written) - len(text), 0) + 1)

    def _enter(self, node: List | Map) -> None:
        if len(self._open) == MAX_DEPTH:
            raise self._log.fatal(node.line, node.column, _TOO_DEEP)
        level = _Level(node, self._open[-1].path_of_next if self._open else "")
        self._add(node)
        self._open.append(level)

    def _add(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        level = self._open[-1]
        if isinstance(level.node, List):
            level.node.items.append(node)
        elif level.key is None:
            if not isinstance(node, Scalar):
                raise self._log.fatal(node.line, node.column, "a key is a word, not a list or map")
            level.key = node
        else:
            self._add_entry(level.node, level.key, node, level.path_of_next)
            level.key = None

    def _add_entry(self, parent: Map, key: Scalar, value: Node, path: str) -> None:
        if key.text in parent.entries:
            first = parent.entries[key.text][0].line
            self._log.report(key, path, f"written twice; the first is in line {first}")
        else:
            parent.entries[key.text] = (key, value)


_TOML_PLACE = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)
_MAX_DOTS = 200


def read_toml(text: str, log: ProblemLog) -> Node:
    """Read TOML into nodes. Only its syntax errors have a place: ``tomllib`` tells no others.

    Raises:
        InputError: not TOML, or too deep.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > _MAX_DOTS:  # tomllib needs quadratic time for dotted keys
            raise log.fatal(number, 1, f"more than {_MAX_DOTS} dots in one line")
    try:
        return from_values(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        match = _TOML_PLACE.fullmatch(str(error))
        what, line, column = match.groups() if match else (str(error), "0", "0")
        raise log.fatal(int(line), int(column), f"not TOML: {what}") from None
    except RecursionError:
        raise log.fatal(0, 0, _TOO_DEEP) from None
