"""Where encapsulations are known by name."""

from __future__ import annotations

from functools import cache

from overlaysim.errors import InputError, nearest, visible
from overlaysim.overlay.encapsulation.declaration import Encapsulation
from overlaysim.overlay.encapsulation.installed import installed

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
        InputError: there is none; the message has the nearest spelling. Or an installed package
            should have it and cannot be loaded.
    """
    if name not in _KNOWN:
        _register_installed()
    known = _KNOWN.get(name)
    if known is None:
        raise InputError(
            f'"{visible(name)}" is not an encapsulation{nearest(name, _KNOWN)} '
            f"(overlaysim headers lists them)"
        )
    return known


def encapsulations() -> tuple[Encapsulation, ...]:
    """Return all of them, in the order they were made known; installed packages' come last.

    Raises:
        InputError: what an installed package declares cannot be loaded.
    """
    _register_installed()
    return tuple(_KNOWN.values())


@cache  # once; after an error it is tried again
def _register_installed() -> None:
    """Make known what installed packages declare; importing them may have registered it."""
    for found in installed():
        taken = _KNOWN.get(found.name)
        if taken is None:
            register(found)
        elif taken is not found:
            raise InputError(
                f"an installed package declares the encapsulation {visible(found.name)}, but "
                f"there is one of that name already"
            )
