"""Watches a run of the simulator go through named places of its source, in order."""

from __future__ import annotations

import functools
import importlib
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Steps = tuple[tuple[str, ...], ...]
"""The numbered steps of a life, each with the places it passes: ``room/file.py:Class.method``."""

README = Path(__file__).parents[2] / "README.md"
_PLACE = re.compile(r"`(?:([a-z_]+(?:/[a-z_]+)*\.py):)?((?:[A-Z]\w+\.)?_?[a-z]\w*)`")


@dataclass
class Call:
    """One call of a watched function; ``result`` is there once it has returned."""

    place: str
    at: int
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any = None


class Walk:
    """Records the calls of every place of ``steps``, and is walked from one to the next.

    Build the world only after the walk: objects keep what they have bound.
    """

    def __init__(self, steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps = steps
        self.calls: list[Call] = []
        self.now: Callable[[], int] = lambda: 0
        self.output = ""
        self._cursor = 0
        self._visited: list[str] = []
        for place in dict.fromkeys(place for step in steps for place in step):
            self._watch(place, monkeypatch)

    def _watch(self, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
        file, _, qualified = place.partition(":")
        name = "overlaysim." + file.removesuffix(".py").replace("/", ".")
        module = importlib.import_module(name)
        owner, _, function = qualified.rpartition(".")
        holder = vars(module)[owner] if owner else module
        original = vars(holder)[function]
        wrapper = self._recording(place, original)
        monkeypatch.setattr(holder, function, wrapper)
        if not owner:  # others have imported the function itself
            for other in list(sys.modules.values()):
                if vars(other).get(function) is original:
                    monkeypatch.setattr(other, function, wrapper)

    def _recording(self, place: str, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            call = Call(place, self.now(), args, kwargs)
            self.calls.append(call)
            call.result = original(*args, **kwargs)
            return call.result

        return wrapper

    def here(self) -> None:
        """Go on from the present end of the record."""
        self._cursor = len(self.calls)

    def to(self, place: str, when: Callable[[Call], bool] = lambda call: True) -> Call:
        """Go on to the next call of a place for which ``when`` holds; there must be one."""
        assert any(place in step for step in self.steps), f"{place} is no step"
        for index in range(self._cursor, len(self.calls)):
            call = self.calls[index]
            if call.place == place and when(call):
                self._cursor = index + 1
                self._visited.append(place)
                return call
        raise AssertionError(f"after {self._visited[-3:]} nothing calls {place}")

    def find(self, place: str, when: Callable[[Call], bool]) -> Call:
        """Return the one call of a place for which ``when`` holds, wherever it stands."""
        (call,) = [call for call in self.all(place) if when(call)]
        self._visited.append(place)
        return call

    def all(self, place: str) -> list[Call]:
        """Every call of a place."""
        return [call for call in self.calls if call.place == place]

    def assert_complete(self) -> None:
        """Every place of every step was visited, for the first time in the steps' order."""
        expected = [place for step in self.steps for place in step]
        assert list(dict.fromkeys(self._visited)) == list(dict.fromkeys(expected))


def steps_in_readme(heading: str) -> list[set[str]]:
    """The places in each item of the numbered list under a heading of README.

    A bare ``Class.method`` is in the file of the same class named before.
    """
    section = README.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    section = section.partition("\n## ")[0]
    items = re.split(r"^\d+\. ", section, flags=re.MULTILINE)[1:]
    file_of: dict[str, str] = {}
    steps = []
    for item in items:
        places = set()
        for file, name in _PLACE.findall(item):
            owner = name.partition(".")[0]
            if file:
                file_of[owner] = file
            if owner in file_of:
                places.add(f"{file_of[owner]}:{name}")
        steps.append(places)
    return steps
