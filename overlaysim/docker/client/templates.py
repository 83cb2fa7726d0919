"""The part of Go's text/template that tutorials use in ``--format``.

    {{.Name}}  {{json .State}}  {{len .Mounts}}  {{index .Labels "key"}}
    {{(index .IPAM.Config 0).Subnet}}  {{range .Tasks}}...{{end}}
    {{range $name, $network := .Networks}}{{$name}}{{end}}

Templates only look at the data they are given: there is nothing to call and nothing to change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

_ACTION = re.compile(r"\{\{-?(.*?)-?\}\}", re.DOTALL)
_OPERAND = r'\.(?:[\w.-]*)|\$\w*(?:\.[\w.]+)?|"[^"]*"|\d+'
_CALL = re.compile(rf"\s*(?:(?P<function>[a-zA-Z]\w*)\s+)?(?P<operands>(?:(?:{_OPERAND})\s*)+)")
_INDEXED = re.compile(
    rf"\s*\(\s*(?P<call>index\s+(?:(?:{_OPERAND})\s*)+)\)(?P<fields>(?:\.\w+)+)\s*"
)
_RANGE = re.compile(
    rf"\s*range\s+(?:(?P<names>\$\w+(?:\s*,\s*\$\w+)?)\s*:=\s*)?(?P<operand>{_OPERAND})\s*"
)
_FUNCTIONS = ("json", "len", "index", "upper", "lower", "println", "print")


class TemplateError(Exception):
    """A template that cannot be read, or that does not fit the data; the text is Go's."""


@dataclass(frozen=True)
class _Text:
    text: str


@dataclass(frozen=True)
class _Value:
    function: str
    operands: tuple[str, ...]
    column: int
    fields: tuple[str, ...] = ()  # of what the function gives


@dataclass(frozen=True)
class _Range:
    names: tuple[str, ...]
    operand: str
    column: int
    body: tuple[Any, ...]


_Node = _Text | _Value | _Range


class Template:
    """A template that has been read.

    Raises:
        TemplateError: if the source is not a template, or uses more of Go than is offered here.
    """

    def __init__(self, source: str) -> None:
        self._nodes, position = _parse(source, 0, inside=False)
        if position != len(source):
            raise TemplateError("template: :1: unexpected {{end}}")

    def expand(self, data: Any, missing: str = 'map has no entry for key "{}"') -> str:
        """Fill in the data.

        Args:
            data: JSON-shaped value that ``.`` stands for.
            missing: what to say about a field that does not exist.

        Raises:
            TemplateError: for a field that does not exist.
        """
        return _Expansion(data, missing).run(self._nodes, {"$": data, ".": data})


def _parse(source: str, position: int, inside: bool) -> tuple[tuple[_Node, ...], int]:
    nodes: list[_Node] = []
    while position < len(source):
        match = _ACTION.search(source, position)
        text = source[position : match.start() if match else len(source)]
        if "{{" in text:
            raise TemplateError("template: :1: unclosed action")
        nodes.append(_Text(text))
        if not match:
            position = len(source)
            break
        content, column = match.group(1), match.start(1)
        if content.strip() == "end":
            return tuple(nodes), match.end() if inside else match.start()
        if content.split(maxsplit=1)[:1] == ["range"]:
            body, position = _parse(source, match.end(), inside=True)
            nodes.append(_range(content, column, body))
        else:
            nodes.append(_value(content, column))
            position = match.end()
    if inside:
        raise TemplateError("template: :1: unexpected EOF")
    return tuple(nodes), position


def _range(content: str, column: int, body: tuple[_Node, ...]) -> _Range:
    match = _RANGE.fullmatch(content)
    if not match:
        raise TemplateError(f"template: :1: bad range: {content.strip()}")
    names = tuple(re.findall(r"\$\w+", match.group("names") or ""))
    return _Range(names, match.group("operand"), column, body)


def _value(content: str, column: int) -> _Value:
    indexed = _INDEXED.fullmatch(content)
    if indexed:
        inner = _value(indexed.group("call"), column + indexed.start("call"))
        return replace(inner, fields=tuple(indexed.group("fields").split(".")[1:]))
    match = _CALL.fullmatch(content)
    function = re.match(r"\s*([a-zA-Z]\w*)", content)
    if function and function.group(1) not in _FUNCTIONS:
        raise TemplateError(f'template: :1: function "{function.group(1)}" not defined')
    if not match:
        raise TemplateError(f'template: :1: "{content.strip()}" is more than is understood here')
    operands = tuple(re.findall(_OPERAND, match.group("operands")))
    if len(operands) != 1 and match.group("function") not in ("index", "print", "println"):
        raise TemplateError(f'template: :1: "{content.strip()}" is more than is understood here')
    start = column + match.start("operands")
    return _Value(match.group("function") or "", operands, start)


class _Expansion:
    def __init__(self, data: Any, missing: str) -> None:
        self._data = data
        self._missing = missing

    def run(self, nodes: Sequence[Any], scope: Mapping[str, Any]) -> str:
        parts = []
        for node in nodes:
            if isinstance(node, _Text):
                parts.append(node.text)
            elif isinstance(node, _Value):
                parts.append(self._value(node, scope))
            else:
                parts.append(self._range(node, scope))
        return "".join(parts)

    def _range(self, node: _Range, scope: Mapping[str, Any]) -> str:
        value = self._lookup(node.operand, scope, node.column) or []
        pairs = sorted(value.items()) if isinstance(value, Mapping) else list(enumerate(value))
        parts = []
        for key, item in pairs:
            named = dict(zip(node.names[::-1], (item, key), strict=False))
            parts.append(self.run(node.body, {**scope, ".": item, **named}))
        return "".join(parts)

    def _value(self, node: _Value, scope: Mapping[str, Any]) -> str:
        values = [self._lookup(operand, scope, node.column) for operand in node.operands]
        if node.function == "json":
            return json.dumps(values[0], ensure_ascii=False, separators=(",", ":"))
        if node.function == "len":
            return str(len(values[0] or ()))
        if node.function == "index":
            for key in values[1:]:
                values[0] = _item(values[0], key)
            for name in node.fields:
                values[0] = self._field(values[0], name, node.column, f".{name}")
        text = go_text(values[0])
        if node.function in ("print", "println"):
            text = "".join(map(go_text, values)) + "\n" * (node.function == "println")
        return {"upper": text.upper(), "lower": text.lower()}.get(node.function, text)

    def _lookup(self, operand: str, scope: Mapping[str, Any], column: int) -> Any:
        if operand[0] == '"':
            return operand[1:-1]
        if operand[0].isdigit():
            return int(operand)
        root, *fields = operand.split(".")
        if (root or ".") not in scope:
            raise TemplateError(f'template: :1: undefined variable "{root}"')
        value = scope[root or "."]
        for name in filter(None, fields):
            value = self._field(value, name, column + operand.rfind(name), operand)
        return value

    def _field(self, value: Any, name: str, column: int, operand: str) -> Any:
        if not isinstance(value, Mapping) or name not in value:
            where = f'template: :1:{column - 1}: executing "" at <{operand}>'
            raise TemplateError(f"{where}: {self._missing.format(name)}")
        return value[name]


def _item(container: Any, key: Any) -> Any:
    if isinstance(container, Mapping):
        return container.get(key, "")
    if isinstance(container, Sequence) and isinstance(key, int) and key < len(container):
        return container[key]
    raise TemplateError(f"template: :1: error calling index: index out of range: {key}")


def go_text(value: Any) -> str:
    """Write a JSON value as Go's print does: true, [a b], map[key:value]."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        inner = " ".join(f"{key}:{go_text(item)}" for key, item in sorted(value.items()))
        return f"map[{inner}]"
    if isinstance(value, list | tuple):
        return "[" + " ".join(map(go_text, value)) + "]"
    return str(value)
