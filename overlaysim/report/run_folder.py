"""The output folder of a run: it appears complete or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from overlaysim.errors import InputError

MANIFEST = "manifest.json"
PROGRAM = "overlaysim"


def check_run_folder(path: Path) -> None:
    """Refuse a place that a run folder must not take, before any work is done for it.

    What may be replaced is nothing, an empty folder, or a folder whose manifest says that an
    earlier run wrote it.

    Raises:
        InputError: for a file, a link, a folder with anything else in it, a path below a file, or
            one that the system does not take.
    """
    try:
        _check(path)
    except OSError as error:
        raise _refusal(path, error) from None


def _check(path: Path) -> None:
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise InputError(f"{path}: is not a folder; name a new one for the output of the run")
    if path.is_dir() and any(path.iterdir()) and not _is_ours(path):
        raise InputError(
            f"{path}: holds files that no run wrote; name a new folder, or one of an earlier run"
        )
    parent = next(folder for folder in path.absolute().parents if folder.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise InputError(f"{path}: no folder can be made in {parent}")
    _sibling(path, "partial")  # its name is longer than the folder's: too long, perhaps


@contextmanager
def appearing_folder(path: Path) -> Iterator[Path]:
    """Give a hidden folder next to ``path`` to write into; it takes that name at the end.

    If the body raises, nothing appears and an earlier folder stays as it was.

    Raises:
        InputError: as :func:`check_run_folder`, or when writing fails (a full disk, say).
    """
    check_run_folder(path)
    partial = _sibling(path, "partial")
    try:
        partial.mkdir(parents=True)
        yield partial
        _take_place(partial, path)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError):
            raise _refusal(path, error) from error
        raise


def _refusal(path: Path, error: OSError) -> InputError:
    return InputError(f"{path}: cannot be written: {error.strerror or error}")


def _take_place(partial: Path, path: Path) -> None:
    """Rename ``partial`` to ``path``; an earlier folder is set aside first and removed last."""
    if not path.exists():
        partial.rename(path)
        return
    earlier = _sibling(path, "earlier")
    path.rename(earlier)
    try:
        partial.rename(path)
    except OSError:
        earlier.rename(path)
        raise
    shutil.rmtree(earlier)


def _sibling(path: Path, word: str) -> Path:
    """A free hidden name next to ``path``, so that renaming stays on one file system."""
    number = 0
    while (sibling := path.with_name(f".{path.name}.{word}-{os.getpid()}-{number}")).exists():
        number += 1
    return sibling


def _is_ours(path: Path) -> bool:
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("program") == PROGRAM
