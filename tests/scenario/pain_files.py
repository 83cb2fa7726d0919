"""The classroom scenarios of ``scenarios/pains``: their files, and how two variants differ."""

from __future__ import annotations

from difflib import ndiff
from pathlib import Path

from overlaysim.scenario.result import Result

FOLDER = Path(__file__).parents[2] / "scenarios" / "pains"


def path(name: str, variant: str) -> Path:
    return FOLDER / f"{name}.{variant}.overlay.yml"


def text(name: str, variant: str) -> str:
    return path(name, variant).read_text(encoding="utf-8")


def failing(result: Result) -> set[str]:
    """The expectations that do not hold."""
    return {expectation.text for expectation in result.expectations if not expectation.holds}


def repair(name: str) -> tuple[list[str], list[str]]:
    """The lines that the fixed variant takes out and puts in, empty ones aside."""
    before, after = (text(name, variant).splitlines() for variant in ("broken", "fixed"))
    changes = [line for line in ndiff(before, after) if line[0] in "+-" and line[2:]]
    return [line[2:] for line in changes if line[0] == "-"], [
        line[2:] for line in changes if line[0] == "+"
    ]
