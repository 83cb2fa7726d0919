"""The fenced code blocks of a Markdown file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One block: what it says it is, its text, and the line of its first line, from 1."""

    language: str
    text: str
    line: int


def blocks_of(path: Path, language: str) -> list[Block]:
    """All blocks of a file that are of one language."""
    text = path.read_text(encoding="utf-8")
    return [
        Block(match["language"], match["text"], text.count("\n", 0, match.start("text")) + 1)
        for match in _FENCE.finditer(text)
        if match["language"] == language
    ]


def write_examples(page: Path, folder: Path) -> None:
    """Write every scenario and script that a page shows, under the name that it gives itself."""
    for language, title, suffix in (
        ("yaml", r"^name: (\S+)$", ".overlay.yml"), ("text", r"\A# (\S+\.txt)$", ""),
    ):  # fmt: skip
        for block in blocks_of(page, language):
            name = re.search(title, block.text, re.MULTILINE)
            assert name, f"{page.name}:{block.line}: an example without a name"
            (folder / f"{name[1]}{suffix}").write_text(block.text, encoding="utf-8")


class Typed(NamedTuple):
    """A command of a ``console`` block and the lines that the block shows below it."""

    command: str
    shown: list[str]
    line: int


def typed_in(block: Block, prompt: str = "$ ") -> list[Typed]:
    """The commands of a ``console`` block with what they are said to print."""
    found: list[Typed] = []
    for number, line in enumerate(block.text.splitlines(), start=block.line):
        if line.startswith(prompt):
            found.append(Typed(line.removeprefix(prompt), [], number))
        elif found:
            found[-1].shown.append(line)
    return found
