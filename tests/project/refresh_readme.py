"""Paste the present output of the commands that README and a page show: ``make readme``.

A shown line that the output no longer has is replaced by the line most like it that comes after the
line before; ``…`` goes on standing for any number of lines.
"""

from __future__ import annotations

import difflib
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from fenced_blocks import blocks_of, typed_in, write_examples

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = (README, ROOT / "docs" / "encapsulations.md")
ELLIPSIS = "…"


def output_of(command: str, folder: Path) -> list[str]:
    """Run a command of README in a folder and return what it prints."""
    words = [sys.executable, "-m", *shlex.split(command)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    return [line.rstrip() for line in (done.stdout + done.stderr).splitlines()]


def refreshed(shown: list[str], real: list[str]) -> list[str]:
    """Return the shown lines with those that are no longer printed brought up to date."""
    fresh: list[str] = []
    place = 0
    for line in shown:
        if line == ELLIPSIS:
            fresh.append(line)
            continue
        free = bool(fresh) and fresh[-1] == ELLIPSIS
        candidates = real[place:] if free else real[place : place + 1]
        found = line if line in candidates else next(
            iter(difflib.get_close_matches(line, candidates, n=1, cutoff=0.0)), line
        )  # fmt: skip
        fresh.append(found)
        place = real.index(found, place) + 1 if found in real[place:] else place + 1
    return fresh


def main() -> None:
    """Rewrite the pages."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_examples(README, folder)
        for page in PAGES:
            refresh(page, folder)


def refresh(page: Path, folder: Path) -> None:
    """Rewrite a page with what its commands print in a folder."""
    text = page.read_text(encoding="utf-8")
    for block in blocks_of(page, "console"):
        for typed in typed_in(block):
            fresh = refreshed(typed.shown, output_of(typed.command, folder))
            text = text.replace("\n".join(typed.shown), "\n".join(fresh))
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
