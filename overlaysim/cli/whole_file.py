"""Files that a command writes: each appears complete or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from overlaysim.errors import InputError


def check_place(path: Path) -> None:
    """Find out before any work is done whether a file can be written.

    Raises:
        InputError: it is a folder or a device, or there is no folder to put it in.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file")
    if path.exists() and not path.is_file():  # /dev/null would be replaced by a file
        raise InputError(f"{path}: is not an ordinary file")
    if not path.absolute().parent.is_dir() or not os.access(path.absolute().parent, os.W_OK):
        raise InputError(f"{path}: no file can be made in {path.absolute().parent}")


def write_whole(path: Path, text: str) -> None:
    """Write a text file that appears complete or not at all.

    Raises:
        InputError: it cannot be written.
    """
    with appearing_file(path) as write:
        write(text.encode())


@contextmanager
def appearing_file(path: Path) -> Iterator[Callable[[bytes], None]]:
    """Give a function that adds bytes to a hidden file, which takes the name ``path`` at the end.

    If the body raises, nothing appears and an earlier file stays as it was. A symbolic link stays
    one: the file it points to is replaced.

    Raises:
        InputError: it cannot be written. What else goes wrong in the body passes through.
    """
    target = Path(os.path.realpath(path))
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        with _refusing(path):
            file = partial.open("wb")
        with file:

            def write(data: bytes) -> None:
                with _refusing(path):
                    file.write(data)

            yield write
            with _refusing(path):
                file.close()
        with _refusing(path):
            partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Say which file could not be written, and why."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
