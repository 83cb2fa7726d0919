"""From a typed line to words, as a shell would split it, without a shell's powers."""

from __future__ import annotations

import re
import shlex

from overlaysim.errors import InputError

_LITERAL = re.compile(r"\\.|'[^']*'", re.DOTALL)
_QUOTED = re.compile(r"\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_COMMENT = re.compile(r"(?<!\S)#.*")
_OPERATORS = re.compile(r"[|&;<>()]+")
_EXPANSION = re.compile(r"\$[\w({]|`")


def split_line(line: str) -> list[str]:
    """Split a line into words; quotes and backslashes mean what they mean in a POSIX shell.

    A leading ``sudo`` is dropped, a backslash at the end of a line joins it with the next one, and
    ``#`` at the start of a word begins a comment.

    Raises:
        InputError: for a quote that is not closed, and for what only a real shell can do: pipes,
            redirections, ``;``, ``&``, command substitution and variables.
    """
    text = line.replace("\\\n", " ")
    comment = _COMMENT.search(_masked(_QUOTED, text))
    if comment:
        text = text[: comment.start()]
    found = _OPERATORS.search(_masked(_QUOTED, text))
    if found:
        raise InputError(
            f'"{found.group()}" needs a shell, and there is none here: '
            "write one command a line, without pipes, redirections, ; and &"
        )
    found = _EXPANSION.search(_masked(_LITERAL, text))
    if found:
        raise InputError(
            f'"{found.group()}" needs a shell, and there is none here: write the value itself'
        )
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InputError(f"{str(error).lower()} in: {line.strip()}") from None
    return words[1:] if words[:1] == ["sudo"] else words


def _masked(quoting: re.Pattern[str], text: str) -> str:
    """Hide what is quoted behind as many letters, so that positions stay."""
    return quoting.sub(lambda match: "q" * len(match.group()), text)
