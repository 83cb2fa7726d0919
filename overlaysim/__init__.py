"""A discrete-event simulator of Docker-Swarm-style overlay networks.

    from overlaysim import Lab

    lab = Lab()
    a, b = lab["host-a"], lab["host-b"]
    a("docker swarm init")

The names below are the whole public interface; they are imported when first used, so that the
command line starts fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from overlaysim.errors import InputError, OverlaysimError
from overlaysim.version import __version__

if TYPE_CHECKING:
    from overlaysim.lab import Lab, check, run
    from overlaysim.scenario.result import Result

__all__ = ["InputError", "Lab", "OverlaysimError", "Result", "__version__", "check", "run"]

_HOMES = {
    "Lab": "overlaysim.lab",
    "Result": "overlaysim.scenario.result",
    "check": "overlaysim.lab",
    "run": "overlaysim.lab",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
