"""The command line of curl, as far as it is simulated (curl ``src/tool_getparam.c``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from overlaysim.errors import nearest
from overlaysim.traffic.options import UsageError
from overlaysim.units import SECOND

AGENT = "curl/7.88.1"
USAGE = (
    "Usage: curl [options...] <url>",
    "     --connect-timeout <seconds>  Maximum time allowed for connection",
    " -f, --fail                       Fail fast with no output on HTTP errors",
    " -I, --head                       Show document info only",
    " -i, --include                    Include protocol response headers in the output",
    " -m, --max-time <seconds>         Maximum time allowed for transfer",
    " -o, --output <file>              Write to file instead of stdout (nothing is kept here)",
    " -s, --silent                     Silent mode",
    " -S, --show-error                 Show error even when -s is used",
    " -A, --user-agent <name>          Send User-Agent <name> to server",
    " -v, --verbose                    Make the operation more talkative",
    " -w, --write-out <format>         Use output FORMAT after completion",
)
_FLAGS = {
    "f": "fail", "I": "head", "i": "include", "s": "silent", "S": "show-error", "v": "verbose",
    "4": "ipv4", "L": "location", "k": "insecure", "O": "remote-name", "h": "help",
}  # fmt: skip
_VALUES = {
    "m": "max-time",
    "o": "output",
    "A": "user-agent",
    "w": "write-out",
    "": "connect-timeout",
}
_NAMES = (*_FLAGS.values(), *_VALUES.values())


@dataclass(frozen=True, slots=True)
class CurlOptions:
    """What the command line said; times are picoseconds, 0 for none."""

    url: str
    head: bool = False
    include: bool = False
    silent: bool = False
    show_error: bool = False
    verbose: bool = False
    fail: bool = False
    output: bool = False
    write_out: str = ""
    max_time: int = 0
    connect_timeout: int = 300 * SECOND
    agent: str = AGENT


def parse_arguments(arguments: Sequence[str]) -> CurlOptions | None:
    """Read curl's arguments; None if they ask for help. Raises :class:`UsageError`."""
    given, urls = _split(arguments)
    if "help" in given:
        return None
    if not urls:
        raise UsageError("no URL specified" if given else "")
    if len(urls) > 1:
        raise UsageError("one URL at a time is simulated")
    return CurlOptions(
        url=urls[0],
        head="head" in given,
        include="include" in given,
        silent="silent" in given,
        show_error="show-error" in given,
        verbose="verbose" in given,
        fail="fail" in given,
        output="output" in given or "remote-name" in given,
        write_out=given.get("write-out", ""),
        max_time=_seconds(given, "m", "max-time", 0),
        connect_timeout=_seconds(given, "connect-timeout", "connect-timeout", 300 * SECOND),
        agent=given.get("user-agent", AGENT),
    )


def _split(arguments: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Options by their long names, and URLs."""
    given: dict[str, str] = {}
    urls = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word.startswith("--") and len(word) > 2:
            name = word[2:]
            if name not in _NAMES:
                hint = nearest(word, [f"--{known}" for known in _NAMES])
                raise UsageError(f"option {word}: is unknown{hint}")
            given[name] = _value(word, rest) if name in _VALUES.values() else ""
        elif word.startswith("-") and len(word) > 1:
            given.update(_letters(word, rest))
        else:
            urls.append(word)
    return given, urls


def _letters(word: str, rest: list[str]) -> dict[str, str]:
    """The options of a word such as ``-sSo``, whose last may take the next word."""
    given: dict[str, str] = {}
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in _FLAGS:
            given[_FLAGS[letter]] = ""
        elif letter in _VALUES:
            given[_VALUES[letter]] = letters or _value(f"-{letter}", rest)
            break
        else:
            raise UsageError(f"option -{letter}: is unknown")
    return given


def _value(option: str, rest: list[str]) -> str:
    if not rest:
        raise UsageError(f"option {option}: requires parameter")
    return rest.pop(0)


def _seconds(given: dict[str, str], shown: str, name: str, default: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        dashes = "-" if len(shown) == 1 else "--"
        raise UsageError(f"option {dashes}{shown}: expected a proper numerical parameter")
    return round(Decimal(text) * SECOND)
