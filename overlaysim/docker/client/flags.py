"""Flags as Go's pflag library reads them (spf13/pflag ``flag.go``).

A command's flags are declared as a table in text, one flag a line::

    name[,alias...]  [-x]  kind[=default]  description

A description that starts with ``~`` marks a flag that docker knows and the simulation does not
model: it is accepted, its value is checked, and the user is told that it has no effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from overlaysim.docker.client.values import KINDS, Kind, quoted

HELP_SHORTHAND = "h"


class FlagError(Exception):
    """A flag that cannot be understood, with pflag's text.

    Args:
        word: the misspelt flag name where there is one, for suggestions.
    """

    def __init__(self, text: str, word: str = "") -> None:
        super().__init__(text)
        self.word = word


@dataclass(frozen=True)
class Flag:
    """One declared flag."""

    name: str
    shorthand: str
    kind: Kind
    default: str
    description: str
    modelled: bool

    @property
    def switch(self) -> bool:
        """Whether it can stand alone, without a value."""
        return self.kind.read is KINDS["bool"].read

    @property
    def shown(self) -> str:
        """The flag as error messages name it: ``-d, --detach``."""
        return f"-{self.shorthand}, --{self.name}" if self.shorthand else f"--{self.name}"


class FlagTable:
    """The flags of one command, by name, alias and shorthand."""

    def __init__(self, text: str = "") -> None:
        self.flags: dict[str, Flag] = {}
        self._aliases: dict[str, str] = {}
        self._shorthands: dict[str, Flag] = {}
        for line in filter(None, text.splitlines()):
            self._declare(line)
        self._declare("help  bool  print how the command is used")

    def _declare(self, line: str) -> None:
        words = line.split()
        name, *aliases = words.pop(0).split(",")
        shorthand = words.pop(0)[1:] if words[0].startswith("-") else ""
        kind, _, default = words.pop(0).partition("=")
        description = " ".join(words)
        modelled = not description.startswith("~")
        flag = Flag(name, shorthand, KINDS[kind], default, description, modelled)
        self.flags[flag.name] = flag
        self._aliases.update({alias: flag.name for alias in aliases})
        if shorthand:
            self._shorthands[shorthand] = flag

    def long(self, name: str) -> Flag | None:
        """Find a flag by its long name or one of its aliases."""
        return self.flags.get(self._aliases.get(name, name))

    def short(self, letter: str) -> Flag | None:
        """Find a flag by its letter; ``-h`` is help where no other flag took the letter."""
        if letter == HELP_SHORTHAND and letter not in self._shorthands:
            return self.flags["help"]
        return self._shorthands.get(letter)


class FlagValues:
    """What a command line gave for each flag, with the declared defaults for the rest."""

    def __init__(self, table: FlagTable) -> None:
        self._table = table
        self._given: dict[str, Any] = {}
        self.help_shorthand = False

    def set(self, flag: Flag, text: str) -> None:
        """Read and keep one value.

        Raises:
            FlagError: if the text is not a value of the flag's kind.
        """
        for word in text.split(",") if flag.kind.commas else [text]:
            try:
                value = flag.kind.read(word)
            except ValueError as error:
                raise FlagError(
                    f'invalid argument {quoted(text)} for "{flag.shown}" flag: {error}'
                ) from None
            if flag.kind.repeats:
                self._given.setdefault(flag.name, []).append(value)
            else:
                self._given[flag.name] = value

    def changed(self, *names: str) -> bool:
        """Whether any of these flags was given."""
        return any(name in self._given for name in names)

    def given(self) -> list[Flag]:
        """The flags that were given, in the order of their declaration."""
        return [flag for name, flag in self._table.flags.items() if name in self._given]

    def value(self, name: str) -> Any:
        """The value of a flag in its own type; None for a single value that was not given."""
        flag = self._table.flags[name]
        if name in self._given:
            return self._given[name]
        if flag.kind.repeats:
            return []
        return flag.kind.read(flag.default) if flag.default else None

    def text(self, name: str) -> str:
        """The value of a string flag, empty if it was not given."""
        return self.value(name) or ""

    def number(self, name: str) -> int:
        """The value of an integer, size or duration (ns) flag, 0 if it was not given."""
        return self.value(name) or 0

    def on(self, name: str) -> bool:
        """The value of a switch."""
        return bool(self.value(name))

    def items(self, name: str) -> list[Any]:
        """The values of a flag that may be given several times."""
        return list(self.value(name) or [])

    def pairs(self, name: str) -> dict[str, str]:
        """The values of a KEY=VALUE flag as a dictionary; KEY alone has an empty value."""
        return dict(item.partition("=")[::2] for item in self.items(name))


def parse_flags(
    table: FlagTable, words: Sequence[str], interspersed: bool = True
) -> tuple[FlagValues, list[str]]:
    """Split words into flag values and positional arguments.

    Args:
        table: the flags that exist.
        words: what follows the command's name.
        interspersed: False where everything from the first positional argument on belongs to
            somebody else (the command of ``docker run``).

    Raises:
        FlagError: at the first word that is no flag value, with pflag's text.
    """
    values, arguments, rest = FlagValues(table), list[str](), list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return values, arguments + rest
        if len(word) > 1 and word.startswith("-"):
            reader = _long if word.startswith("--") else _bundle
            reader(table, values, word, rest)
        elif interspersed:
            arguments.append(word)
        else:
            return values, [*arguments, word, *rest]
    return values, arguments


def _long(table: FlagTable, values: FlagValues, word: str, rest: list[str]) -> None:
    name, assigned, text = word[2:].partition("=")
    if not name or name.startswith("-"):
        raise FlagError(f"bad flag syntax: {word}")
    flag = table.long(name)
    if flag is None:
        raise FlagError(f"unknown flag: --{name}", word=name)
    if assigned:
        values.set(flag, text)
    elif flag.switch:
        values.set(flag, "true")
    elif rest:
        values.set(flag, rest.pop(0))
    else:
        raise FlagError(f"flag needs an argument: --{name}")


def _bundle(table: FlagTable, values: FlagValues, word: str, rest: list[str]) -> None:
    letters = word[1:]
    while letters:
        flag = table.short(letters[0])
        if flag is None:
            raise FlagError(f"unknown shorthand flag: '{letters[0]}' in -{letters}")
        values.help_shorthand |= flag.name == "help"
        if letters[1:2] == "=" and len(letters) > 2:
            return values.set(flag, letters[2:])
        if flag.switch:
            values.set(flag, "true")
            letters = letters[1:]
        elif letters[1:]:
            return values.set(flag, letters[1:])
        elif rest:
            return values.set(flag, rest.pop(0))
        else:
            raise FlagError(f"flag needs an argument: '{letters[0]}' in -{letters}")
    return None
