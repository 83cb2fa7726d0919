"""Reading a log of trace events back: ``events.jsonl`` of a run folder, or another program's.

One JSON object per line; ``event`` names the type (a class of :mod:`overlaysim.sim.events`), the
other keys are exactly its fields. Nothing in a log is executed, and nothing in it is guessed:
``docs/event-log.md`` describes the format for whoever wants to write one.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, get_type_hints

from overlaysim.errors import InputError, Problem, nearest, quote
from overlaysim.sim import events as vocabulary

LARGEST = 2**63 - 1
"""The largest number a log may hold: instants fit into a signed 64-bit integer."""


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


_KINDS: Mapping[object, tuple[str, Callable[[object], bool]]] = {
    int: ("a whole number that is not negative", _is_number),
    str: ("text", lambda value: isinstance(value, str)),
    bool: ("true or false", lambda value: isinstance(value, bool)),
    tuple[str, ...]: ("a list of texts", _is_words),
}
"""The types that a field can have: in words, and how to tell."""


def _types() -> dict[str, tuple[type, Mapping[str, object]]]:
    """Every event that a log can hold, by name, with the types of its fields."""
    found: dict[str, tuple[type, Mapping[str, object]]] = {}
    for name, event in inspect.getmembers(vocabulary, dataclasses.is_dataclass):
        if isinstance(event, type) and event is not vocabulary.FrameSeen:  # frames: capture.pcapng
            hints = get_type_hints(event)
            found[name] = (event, {f.name: hints[f.name] for f in dataclasses.fields(event)})
    return found


EVENT_TYPES = _types()
"""Name of an event -> its class and the types of its fields."""


class _LineError(Exception):
    """What is wrong with a line, and under which key."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def read_events(path: Path) -> tuple[Any, ...]:
    """Read a log of trace events.

    Args:
        path: a file of one JSON object per line, in time order.

    Raises:
        InputError: the file cannot be read, or the first line that is no event, with its number.
    """
    return tuple(_events(path))


def _events(path: Path) -> Iterator[Any]:
    now = 0
    for number, line in enumerate(lines_of(path), 1):
        try:
            event = parse_event(line)
            if event.at < now:
                raise _LineError(
                    "at", f"{event.at} ps comes after {now} ps; events are in time order"
                )
        except _LineError as bad:
            refuse(path, number, bad.key, str(bad))
        now = event.at
        yield event


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a UTF-8 file, without their ends.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for line in file:
                yield line.removesuffix("\n")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise InputError(f"{path}: is not text in UTF-8") from None


def refuse(path: Path, line: int, key: str, message: str) -> NoReturn:
    """Say what is wrong with one line of a file."""
    raise InputError([Problem(str(path), line, 1, key, message)])


def parse_event(line: str) -> Any:
    """Turn one line of a log into its event."""
    try:
        content = json.loads(line, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _LineError("", f"{quote(line)} is not one JSON object") from None
    if not isinstance(content, dict):
        raise _LineError("", f"{quote(line)} is not one JSON object")
    name = content.pop("event", None)
    if not isinstance(name, str) or name not in EVENT_TYPES:
        hint = nearest(name, EVENT_TYPES) if isinstance(name, str) else ""
        raise _LineError("event", f"{quote(str(name))} is no event{hint}")
    event, fields = EVENT_TYPES[name]
    for key in content:
        if key not in fields:
            raise _LineError(key, f"{name} has no such field{nearest(key, fields)}")
    return event(**{key: _value(name, key, kind, content) for key, kind in fields.items()})


def _value(name: str, key: str, kind: object, content: Mapping[str, Any]) -> Any:
    if key not in content:
        raise _LineError(key, f"{name} needs it")
    words, fits = _KINDS[kind]
    value = content[key]
    if not fits(value):
        raise _LineError(key, f"{quote(json.dumps(value))} is not {words}")
    return tuple(value) if isinstance(value, list) else value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a key occurs twice")
    return content


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")
