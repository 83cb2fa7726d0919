"""Where encapsulations are known by name."""

from __future__ import annotations

from overlaysim.errors import InputError, nearest, visible
from overlaysim.overlay.encapsulation.declaration import Encapsulation

_KNOWN: dict[str, Encapsulation] = {}


def register(*encapsulations: Encapsulation) -> None:
    """Make encapsulations known, in this order.

    Raises:
        ValueError: a name is taken already.
    """
    for encapsulation in encapsulations:
        if encapsulation.name in _KNOWN:
            raise ValueError(f"there is an encapsulation called {encapsulation.name} already")
        _KNOWN[encapsulation.name] = encapsulation


def encapsulation(name: str) -> Encapsulation:
    """Return the encapsulation with this name.

    Raises:
        InputError: there is none; the message has the nearest spelling.
    """
    known = _KNOWN.get(name)
    if known is None:
        raise InputError(
            f'"{visible(name)}" is not an encapsulation{nearest(name, _KNOWN)} '
            f"(overlaysim headers lists them)"
        )
    return known


def encapsulations() -> tuple[Encapsulation, ...]:
    """Return all of them, in the order they were made known."""
    return tuple(_KNOWN.values())
