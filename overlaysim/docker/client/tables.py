"""Lists as docker prints them: aligned tables, --quiet, --format.

A list is a row of fields for each thing; which fields make the table's columns is declared by the
command. Columns are separated by three blanks and at least ten wide (docker/cli,
``cli/command/formatter/formatter.go``: ``tabwriter.NewWriter(out, 10, 1, 3, ' ', 0)``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from overlaysim.docker.client.call import Call, CommandError
from overlaysim.docker.client.templates import Template, TemplateError

Row = Mapping[str, str | bool | None]
Column = str | Callable[[Row], str]
"""What a column shows: a field of the row, or something made of several."""

_MINIMUM, _GAP = 10, 3


@dataclass(frozen=True)
class Listing:
    """How one kind of thing is listed.

    Args:
        columns: heading and content of each column of the table.
        type_name: what error messages call a row.
        unreadable: how the error in a template that cannot be read is introduced.
        unfit: the same for a template that names what a row does not have.
    """

    columns: Mapping[str, Column]
    type_name: str
    unreadable: str = "template parsing error"
    unfit: str = "template parsing error"

    def show(self, call: Call, rows: Sequence[Row]) -> None:
        """Print the rows as the flags of the call ask.

        Raises:
            CommandError: if the template cannot be read or names a field that does not exist.
        """
        wanted = call.flags.text("format")
        if call.flags.on("quiet"):
            if wanted and wanted != "table":
                call.warn(
                    "WARNING: Ignoring custom format, because both --format and --quiet are set."
                )
            for row in rows:
                call.print(str(row["ID"]))
        elif wanted in ("", "table"):
            table = [[_cell(row, column) for column in self.columns.values()] for row in rows]
            _print_table(call, list(self.columns), table)
        elif wanted.startswith("table "):
            self._show_template_table(call, _unescape(wanted[6:]), rows)
        elif wanted in ("json", "{{json .}}"):
            for row in rows:
                call.print(to_json(dict(sorted(row.items()))))
        else:
            template = self._template(_unescape(wanted))
            for row in rows:
                call.print(self._expand(template, row))

    def _show_template_table(self, call: Call, source: str, rows: Sequence[Row]) -> None:
        template = self._template(source)
        headings = {column: heading for heading, column in self.columns.items()}
        names = {field: headings.get(field, _heading(field)) for row in rows[:1] for field in row}
        lines = [self._expand(template, row) for row in ([names] if names else []) + list(rows)]
        table = [line.split("\t") for line in lines] or [list(self.columns)]
        _print_table(call, table[0], table[1:])

    def _template(self, source: str) -> Template:
        try:
            return Template(source)
        except TemplateError as error:
            raise CommandError(f"{self.unreadable}: {error}") from None

    def _expand(self, template: Template, row: Row) -> str:
        try:
            return template.expand(
                row, missing=f"can't evaluate field {{}} in type {self.type_name}"
            )
        except TemplateError as error:
            raise CommandError(f"{self.unfit}: {error}") from None


def _cell(row: Row, column: Column) -> str:
    return str(row[column] or "") if isinstance(column, str) else column(row)


def _heading(field: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", field).upper()


def _unescape(text: str) -> str:
    return text.replace("\\t", "\t").replace("\\n", "\n")


def _print_table(call: Call, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for line in aligned([headings, *rows]):
        call.print(line)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Pad all columns but the last so that they stand under one another."""
    columns = max(len(row) for row in rows)
    widths = [
        max(_MINIMUM, *(len(row[i]) + _GAP for row in rows if i < len(row)))
        for i in range(columns - 1)
    ]
    return [
        "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) + row[-1]
        if len(row) == columns
        else "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        for row in rows
    ]


def ellipsis(text: str, width: int) -> str:
    """Cut a text to a width, the last character of a cut text being an ellipsis."""
    return text if len(text) <= width else text[: width - 1] + "…"


def short_id(identity: str, full: bool) -> str:
    """The first twelve characters of an id, or all of it with --no-trunc."""
    identity = identity.removeprefix("sha256:") if not full else identity
    return identity if full else identity[:12]


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key in which "host-10" comes after "host-9" (docker sorts lists so)."""
    return [
        (1, int(part), part) if part.isdecimal() and part.isascii() else (0, 0, part)
        for part in re.findall(r"\d{1,18}|\D+|\d", name)
    ]


def to_json(value: object) -> str:
    """Write compact JSON as Go's encoder does for lists, with < > & escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
