"""Names for boxes that are too small for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from overlaysim.errors import visible


def label_of(name: str) -> str:
    """A field's name as drawings write it; reserved fields need no numbers there."""
    plain = name.rstrip("0123456789")
    return visible(plain if plain == "reserved" else name).replace("_", " ")


def fitting(label: str, room: float, size: Callable[[str], float] = len) -> str:
    """Return the longest form of a label that fits: whole, first letters, or fewer letters.

    Args:
        label: words.
        room: what the box has.
        size: how much of it a text takes; by default its number of characters.
    """
    return next((form for form in _forms(label) if size(form) <= room), "")


def _forms(label: str) -> Iterator[str]:
    yield label
    words = label.split()
    if label == "reserved":
        yield "R"
    elif len(words) > 1:
        yield "".join(word[0] for word in words)
    yield label[:3]
    yield label[:1].upper()


def counted(number: int, unit: str) -> str:
    """A number of things: ``1 byte``, ``2 bytes``."""
    return f"{number} {unit}{'' if number == 1 else 's'}"
