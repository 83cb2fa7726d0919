"""Encapsulations that other installed packages declare.

A package names them in its metadata (``pyproject.toml``)::

    [project.entry-points."overlaysim.encapsulations"]
    tiny = "my_package.tunnels:TINY"

Who installs a package asks for its code to be run; a scenario file never does.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points

from overlaysim.errors import InputError, visible
from overlaysim.overlay.encapsulation.declaration import Encapsulation

GROUP = "overlaysim.encapsulations"


def installed() -> Iterator[Encapsulation]:
    """Load what installed packages declare, in the order of package and name.

    Raises:
        InputError: something cannot be loaded, or is not an encapsulation of that name.
    """
    for point in sorted(set(entry_points(group=GROUP)), key=lambda p: (_package(p), p.name)):
        where = f"encapsulation {point.name} of the installed package {_package(point)}"
        try:
            found = point.load()
        except Exception as error:  # somebody else's code may fail in any way
            reason = f"{type(error).__name__}: {error}"
            raise InputError(
                f"{visible(where)} cannot be loaded from {visible(point.value)}: "
                f"{visible(reason)}; mend or uninstall the package"
            ) from error
        if not isinstance(found, Encapsulation) or found.name != point.name:
            raise InputError(
                f"{visible(where)}: {visible(point.value)} is {_kind(found)}, not an "
                f"Encapsulation called {visible(point.name)}"
            )
        yield found


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else ""


def _kind(found: object) -> str:
    if isinstance(found, Encapsulation):
        return f"one called {visible(found.name)}"
    return f"of the type {type(found).__name__}"
