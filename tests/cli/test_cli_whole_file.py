"""A file that a command writes appears complete or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from overlaysim.cli.whole_file import appearing_file, check_place, write_whole
from overlaysim.errors import InputError


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "runs.csv"
    write_whole(place, "one\n")
    with pytest.raises(UnicodeEncodeError):
        write_whole(place, "two\ud800\n")
    assert place.read_text() == "one\n"
    with pytest.raises(InputError, match=r"missing.*cannot be written"):
        write_whole(tmp_path / "missing" / "runs.csv", "one\n")
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]


def test_nothing_is_left_of_a_body_that_fails(tmp_path: Path) -> None:
    place = tmp_path / "out.pcap"

    def fail() -> None:
        with appearing_file(place) as write:
            write(b"half")
            assert not place.exists()
            raise BrokenPipeError("of somebody else")

    with pytest.raises(BrokenPipeError, match="of somebody else"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to("real")
    with appearing_file(link) as write:
        write(b"n")
        write(b"ew")
    assert link.is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_place_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path) -> None:
    check_place(tmp_path / "runs.csv")
    with pytest.raises(InputError, match="is a folder"):
        check_place(tmp_path)
    with pytest.raises(InputError, match="no file can be made"):
        check_place(tmp_path / "missing" / "runs.csv")
    with pytest.raises(InputError, match="is not an ordinary file"):
        check_place(Path(os.devnull))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """Links have the hidden file made elsewhere, here where nothing fits."""
    place = tmp_path / "out"
    (tmp_path / f".out.partial-{os.getpid()}").symlink_to("/dev/full")
    with pytest.raises(InputError, match="out: cannot be written: No space left on device"):
        write_whole(place, "text")
    assert list(tmp_path.iterdir()) == []
