"""Where the peers are installed: an environment of their own, apart from the one that runs this.

ns.py and ns-3's wheel both bring a package called ``ns``, so the wheel gets a folder for itself. It
is only unpacked: its Python bindings, and what they depend on, are not used.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from ns3_build import NotHereError, build

PACKAGES = ("simpy", "ns.py")
NS3 = "ns3"


def default_folder() -> Path:
    """The user's folder for what can be made again (XDG Base Directory Specification)."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "overlaysim-peers"


class Environment:
    """The peers' interpreter and ns-3.

    Args:
        folder: where they are or will be.
    """

    def __init__(self, folder: Path) -> None:
        self.python = folder / "python" / "bin" / "python"
        if sys.platform == "win32":
            self.python = folder / "python" / "Scripts" / "python.exe"
        self.ns3 = folder / NS3
        self._folder = folder

    def make(self) -> None:
        """Make the interpreter with its packages, of the kind that runs this.

        Raises:
            NotHereError: if pip cannot install them.
        """
        if not self.python.exists():
            venv.create(self._folder / "python", with_pip=True, symlinks=sys.platform != "win32")
        self._install(PACKAGES)

    def make_ns3(self) -> None:
        """Unpack the wheel and compile what plays the workloads.

        Raises:
            NotHereError: if there is no wheel or no compiler for this machine.
        """
        if not (self.ns3 / NS3).exists():
            only_wheels = ("--no-deps", "--only-binary", ":all:", "--target", str(self.ns3))
            self._install((*only_wheels, NS3))
        build(self.ns3)

    def _install(self, words: Sequence[str]) -> None:
        pip = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        said = subprocess.run([*pip, *words], capture_output=True, text=True, check=False)
        if said.returncode:
            errors = [line for line in said.stderr.splitlines() if line.startswith("ERROR")]
            raise NotHereError(f"pip cannot install {words[-1]}: {' '.join(errors[-1:])}")
