"""A map that is one of several sections, told apart by a key that only one of them has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from overlaysim.errors import nearest
from overlaysim.scenario.fields import Record, Section
from overlaysim.scenario.nodes import Map, Node, ProblemLog, join
from overlaysim.scenario.shapes import report_other


@dataclass(frozen=True)
class Variants:
    """One of several sections.

    Attributes:
        sections: each by the key that tells it from the others.
    """

    what: str
    example: str
    sections: Mapping[str, Section]

    def read(self, node: Node, path: str, log: ProblemLog) -> Record | None:
        """Read the section whose key is there; see :class:`~overlaysim.scenario.shapes.Kind`."""
        if not isinstance(node, Map):
            report_other(self, node, path, log)
            return None
        present = [key for key in node.entries if key in self.sections]
        for key in present[1:]:
            message = f"not together with {present[0]}; only one of {', '.join(self.sections)}"
            log.report(node.entries[key][0], join(path, key), message)
        if len(present) == 1:
            return self.sections[present[0]].read(node, path, log)
        if not present:
            self._report_none(node, path, log)
        return None

    def variant(self, record: Record) -> str:
        """Return the key that tells which of the sections was read."""
        return next(key for key in self.sections if record.written(key))

    def schema(self) -> dict[str, Any]:
        """See :class:`~overlaysim.scenario.shapes.Kind`."""
        variants = [
            section.schema() | {"required": [key, *section.schema().get("required", [])]}
            for key, section in self.sections.items()
        ]
        return {"type": "object", "oneOf": variants}

    def _report_none(self, node: Map, path: str, log: ProblemLog) -> None:
        """Report a mistyped key, or that the one which matters is missing."""
        for key, (key_node, _) in node.entries.items():
            if hint := nearest(key, self.sections):
                log.report(key_node, join(path, key), f"no such key here{hint}")
                return
        log.report(node, path, f"write one of {', '.join(self.sections)}")
