"""How the keys of a section are declared, once, and read together.

A :class:`Field` declares a key; a :class:`Section` reads all of its keys into a :class:`Record`,
checks which of them go together, and gives the JSON Schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from overlaysim.errors import nearest
from overlaysim.scenario.nodes import Map, Node, ProblemLog, from_values, join, listed
from overlaysim.scenario.shapes import Kind, report_other


@dataclass(frozen=True)
class Needs:
    """A key that another one makes sense with: present, or with one of these values."""

    key: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    """One key of a section.

    Attributes:
        default: what holds when the key is not written, as it would be written; None for nothing.
        needs: the key that this one goes together with.
    """

    key: str
    kind: Kind
    help: str
    default: Any = None
    required: bool = False
    needs: Needs | None = None


@dataclass(frozen=True)
class Record:
    """What was read from the keys of one section."""

    path: str
    node: Map
    values: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        """Return a value: as written, else the default; None if there is none or it was wrong."""
        return self.values[key]

    def written(self, key: str) -> bool:
        """Whether the key is in the file."""
        return key in self.node.entries

    def place(self, key: str) -> Node:
        """Return the node to point at when something is wrong with a value."""
        return self.node.entries[key][1] if self.written(key) else self.node

    def report(self, key: str, message: str, log: ProblemLog) -> None:
        """Report a problem with a value of this section."""
        log.report(self.place(key), join(self.path, key), message)


@dataclass(frozen=True)
class Section:
    """A map with declared keys, read as a :class:`Record`.

    Attributes:
        one_of: keys that exclude one another.
        needs_one: whether one of them has to be there.
    """

    what: str
    example: str
    fields: tuple[Field, ...]
    one_of: tuple[str, ...] = ()
    needs_one: bool = False

    def read(self, node: Node, path: str, log: ProblemLog) -> Record | None:
        """Read every key, declared or not; see :class:`~overlaysim.scenario.shapes.Kind`."""
        if not isinstance(node, Map):
            report_other(self, node, path, log)
            return None
        self._refuse_unknown(node, path, log)
        values = {field.key: self._value(field, node, path, log) for field in self.fields}
        record = Record(path, node, values)
        chosen = self._check_alternatives(record, log)
        for field in self.fields:
            needs = field.needs
            if needs and record.written(field.key) and (chosen or needs.key not in self.one_of):
                self._check_needs(record, field.key, needs, log)
        return record

    def field(self, key: str) -> Field:
        """Return the declaration of a key."""
        return next(field for field in self.fields if field.key == key)

    def require(self, record: Record, key: str, log: ProblemLog) -> None:
        """Report a key that is missing from a section that was read."""
        if not record.written(key):
            example = self.field(key).kind.example
            message = f"missing; write for example {key}: {example}"
            log.report(record.node, join(record.path, key), message)

    def schema(self) -> dict[str, Any]:
        """See :class:`~overlaysim.scenario.shapes.Kind`."""
        schema: dict[str, Any] = {
            "type": "object",
            "additionalProperties": False,
            "properties": {field.key: _describe_field(field) for field in self.fields},
        }
        if required := [field.key for field in self.fields if field.required]:
            schema["required"] = required
        if pairs := {f.key: [f.needs.key] for f in self.fields if f.needs and not f.needs.values}:
            schema["dependentRequired"] = pairs
        if self.one_of:
            choices = [{"required": [key]} for key in self.one_of]
            none = [] if self.needs_one else [{"not": {"anyOf": choices}}]
            schema["oneOf"] = choices + none
        return schema

    def _refuse_unknown(self, node: Map, path: str, log: ProblemLog) -> None:
        known = [field.key for field in self.fields]
        for key, (key_node, _) in node.entries.items():
            if key not in known:
                hint = nearest(key, known) or f"; allowed are {listed(known, len(known))}"
                log.report(key_node, join(path, key), f"no such key here{hint}")

    def _value(self, field: Field, node: Map, path: str, log: ProblemLog) -> Any:
        if field.key in node.entries:
            return field.kind.read(node.entries[field.key][1], join(path, field.key), log)
        if field.required:
            self.require(Record(path, node, {}), field.key, log)
        if field.default is None:
            return None
        return field.kind.read(from_values(field.default), join(path, field.key), log)

    def _check_alternatives(self, record: Record, log: ProblemLog) -> bool:
        """Say whether one of the alternatives is there, if one is needed."""
        present = [key for key in record.node.entries if key in self.one_of]
        if self.needs_one and not present:
            log.report(record.node, record.path, f"write one of {', '.join(self.one_of)}")
        for key in present[1:]:
            key_node = record.node.entries[key][0]
            message = f"not together with {present[0]}; only one of {', '.join(self.one_of)}"
            log.report(key_node, join(record.path, key), message)
        return bool(present) or not self.needs_one

    def _check_needs(self, record: Record, key: str, needs: Needs, log: ProblemLog) -> None:
        written, value = record.written(needs.key), record[needs.key]
        if needs.values:
            fits = value is None or value in needs.values
            where = f"for {needs.key} {' or '.join(needs.values)}"
            wrong = (
                f"{needs.key} is {value}" if written else f"write {needs.key}: {needs.values[0]}"
            )
        else:
            fits = written
            where = f"together with {needs.key}"
            wrong = f"write for example {needs.key}: {self.field(needs.key).kind.example}"
        if not fits:
            key_node = record.node.entries[key][0]
            log.report(key_node, join(record.path, key), f"only {where}; {wrong}")


def _describe_field(field: Field) -> dict[str, Any]:
    schema = {"description": field.help} | field.kind.schema()
    return schema if field.default is None else schema | {"default": field.default}
