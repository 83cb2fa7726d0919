"""Compiles the programs in ``ns3/`` against the headers and libraries of the wheel ``ns3``."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import Distribution
from pathlib import Path

SOURCES = Path(__file__).parent / "ns3"
LIBRARIES = ("core", "network", "internet", "point-to-point", "applications")


class NotHereError(Exception):
    """A peer cannot be run on this machine; says why."""


def program(folder: Path, name: str) -> Path:
    """Where a compiled program is, in the folder that holds the wheel."""
    return folder / "peers" / name


def version(folder: Path) -> str:
    """The version of the wheel in a folder."""
    return next(iter(Distribution.discover(name="ns3", path=[str(folder)]))).version


def build(folder: Path) -> None:
    """Compile each program that is older than its sources.

    Args:
        folder: where pip has put the wheel.

    Raises:
        NotHereError: without a compiler, or where the wheel and it do not fit together.
    """
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        raise NotHereError("there is no C++ compiler (g++ or clang++)")
    headers = next(folder.rglob("ns3/core-module.h"), None)
    core = next(folder.rglob("libns3*-core.so"), None)
    if headers is None or core is None:
        raise NotHereError("the wheel of ns3 has no headers or libraries for this machine")
    newest = max(source.stat().st_mtime for source in SOURCES.iterdir())
    for source in sorted(SOURCES.glob("*.cc")):
        target = program(folder, source.stem)
        if not target.exists() or target.stat().st_mtime < newest:
            _compile(_command(compiler, headers.parents[1], core, source, target))


def _command(compiler: str, include: Path, core: Path, source: Path, target: Path) -> list[str]:
    prefix = re.sub(r"^lib|core\.so$", "", core.name)
    libraries = [f"-l{prefix}{name}" for name in LIBRARIES]
    return [
        compiler, "-O3", "-std=c++20", "-I", str(include), str(source), "-o", str(target),
        "-L", str(core.parent), f"-Wl,-rpath,{core.parent}", *libraries,
    ]  # fmt: skip


def _compile(command: Sequence[str]) -> None:
    target = Path(command[command.index("-o") + 1])
    target.parent.mkdir(exist_ok=True)
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode:
        reason = next((line for line in said.stderr.splitlines() if "error" in line), "")
        raise NotHereError(f"{target.name}.cc could not be compiled: {reason}")
