"""``--filter``: values of one key are alternatives, keys must all match, labels all of them.

In the genuine system the daemon filters (moby/moby, ``api/types/filters/parse.go``); a list is
short here, so the client does it, with the daemon's words for a key that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from overlaysim.docker.client.call import Call, CommandError

Item = TypeVar("Item")
Test = Callable[[Item, str], bool]

_ALL_OF = ("label", "node.label")


def select(call: Call, items: Sequence[Item], tests: Mapping[str, Test[Item]]) -> list[Item]:
    """Keep the items that fit the filters of the call.

    Args:
        tests: for each key that may be used, whether an item has a value.

    Raises:
        CommandError: for a key without a test.
    """
    wanted: dict[str, list[str]] = {}
    for key, value in call.flags.items("filter"):
        if key not in tests:
            raise CommandError(f"Error response from daemon: invalid filter '{key}'")
        wanted.setdefault(key, []).append(value)

    def fits(item: Item) -> bool:
        return all(
            (all if key in _ALL_OF else any)(tests[key](item, value) for value in values)
            for key, values in wanted.items()
        )

    return [item for item in items if fits(item)]


def has_label(labels: Mapping[str, str] | None, wanted: str) -> bool:
    """Whether labels hold KEY, or KEY=VALUE."""
    key, given, value = wanted.partition("=")
    return key in (labels or {}) and (not given or (labels or {})[key] == value)


def contains(text: str, pattern: str) -> bool:
    """Whether a name holds a pattern; ``^`` and ``$`` tie it to the ends, as in docker's."""
    bare = pattern.removeprefix("^").removesuffix("$")
    if pattern.startswith("^") and pattern.endswith("$"):
        return text == bare
    if pattern.startswith("^"):
        return text.startswith(bare)
    return text.endswith(bare) if pattern.endswith("$") else bare in text
