"""Text of strangers made harmless for spreadsheets.

Names and outputs come from scenario files that somebody else may have written. A spreadsheet runs
a cell that begins with ``= + - @`` (or with a tab or carriage return before one) as a formula;
the remedy is a leading apostrophe (OWASP, "CSV Injection").
"""

from __future__ import annotations

from collections.abc import Iterable

from overlaysim.errors import visible

_FORMULA = ("=", "+", "-", "@")


def csv_cell(value: str | float | None) -> str:
    """One cell of a CSV file (RFC 4180): numbers bare, text visible, inert and quoted if needed."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.12g}"
    text = visible(value)
    if text.lstrip().startswith(_FORMULA):
        text = f"'{text}"
    if any(char in text for char in ',"'):
        text = '"' + text.replace('"', '""') + '"'
    return text


def csv_line(values: Iterable[str | float | None]) -> str:
    """One line of a CSV file, ended by a line feed."""
    return ",".join(map(csv_cell, values)) + "\n"
