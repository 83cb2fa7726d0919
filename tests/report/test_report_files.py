from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from report_fakes import fake_run, fake_topology

from overlaysim.errors import InputError
from overlaysim.report import ExpectationResult, check_run_folder, write_run_folder
from overlaysim.report.files import event_line, lookup_lines, packet_lines
from overlaysim.report.safe import csv_cell, csv_line

REPOSITORY = Path(__file__).parents[2]


def test_a_run_folder_holds_everything(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "run"
    expectations = [ExpectationResult("a == 1", "1", True)]
    write_run_folder(
        folder, fake_run(), topology=fake_topology(), figures=False, expectations=expectations
    )
    assert sorted(p.name for p in folder.iterdir()) == [
        "changes.csv", "events.jsonl", "links.csv", "lookups.csv", "manifest.json", "packets.csv",
        "report.txt",
    ]  # fmt: skip
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["scenario"] == {"name": "tutorial", "sha256": "ab" * 32}
    assert (manifest["seed"], manifest["simulated_ps"], manifest["packets"]) == (7, 12 * 10**12, 90)
    assert manifest["expectations"] == [{"text": "a == 1", "measured": "1", "holds": True}]
    assert set(manifest["files"]) == {p.name for p in folder.iterdir()}
    assert [p.name for p in folder.parent.iterdir()] == ["run"]


def test_packets_csv_adds_up() -> None:
    lines = "".join(map(csv_line, packet_lines(fake_run()))).splitlines()
    rows = list(csv.DictReader(lines))
    assert len(rows) == 90
    parts = [
        name for name in rows[0] if name.endswith("_ps") and name not in ("born_ps", "ended_ps")
    ]
    assert len(parts) == 7
    for row in rows:
        if row["outcome"] == "delivered":
            assert sum(int(row[p]) for p in parts) == int(row["ended_ps"]) - int(row["born_ps"])
    assert rows[0]["message"] == "ping/client@host-b/1/0/request"


def test_lookups_csv_has_the_verdicts() -> None:
    lines = "".join(map(csv_line, lookup_lines(fake_run()))).splitlines()
    verdicts = [row["verdict"] for row in csv.DictReader(lines)]
    assert verdicts == ["correct", "missing wrong", "forwarded"]


def test_events_are_one_json_object_per_line() -> None:
    run = fake_run("web\n\x1b")
    lines = [event_line(event) for event in run.events]
    assert all(line.endswith("\n") and line[:-1].isprintable() for line in lines)
    first = json.loads(lines[0])
    assert first == {
        "event": "HostJoinedNetwork", "at": 800_000_000_000, "host": "host-a",
        "network": "app-overlay",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (12, "12"),
        (-12, "-12"),
        (None, ""),
        ("web", "web"),
        ("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"),
        ("\t=1", "\\t=1"),
        ("a\nb", "a\\nb"),
        ("\x1b[31m", "\\x1b[31m"),
        ('say "x", y', '"say ""x"", y"'),
        ('=HYPERLINK("x","y")', '"\'=HYPERLINK(""x"",""y"")"'),
    ],
)
def test_csv_cells_are_inert(value: str | int | None, cell: str) -> None:
    assert csv_cell(value) == cell


def test_hostile_names_stay_in_their_cells(tmp_path: Path) -> None:
    write_run_folder(tmp_path / "run", fake_run('=1,"\n\x1b<script>'), figures=False)
    rows = list(csv.reader((tmp_path / "run" / "changes.csv").read_text().splitlines()))
    assert {len(row) for row in rows} == {9}
    assert "'=1,\"\\n\\x1b<script>" in {row[2] for row in rows}


def test_an_earlier_run_is_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write_run_folder(folder, fake_run(), figures=False)
    (folder / "left-over").write_text("x")
    write_run_folder(folder, fake_run(seed=8), figures=False)
    assert json.loads((folder / "manifest.json").read_text())["seed"] == 8
    assert not (folder / "left-over").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    write_run_folder(tmp_path, fake_run(), figures=False)
    assert (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize("manifest", [None, "not json", '{"program": "other"}', "[]"])
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, manifest: str | None) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(InputError, match="holds files that no run wrote"):
        write_run_folder(tmp_path, fake_run(), figures=False)
    assert (tmp_path / "thesis.tex").read_text() == "precious"


def test_files_links_and_places_below_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    for path in (file, link):
        with pytest.raises(InputError, match="is not a folder"):
            check_run_folder(path)
    with pytest.raises(InputError, match=f"no folder can be made in {file}"):
        check_run_folder(file / "run")
    for length in (250, 300):
        with pytest.raises(InputError, match="x: cannot be written: "):
            check_run_folder(tmp_path / ("x" * length))
    check_run_folder(tmp_path / "new" / "run")


class FailingCapture:
    def write(self, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")


def test_a_failure_leaves_the_earlier_run_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(InputError, match="run: cannot be written: No space left on device"):
        write_run_folder(folder, fake_run(), figures=False, capture=FailingCapture())
    assert list(tmp_path.iterdir()) == []
    write_run_folder(folder, fake_run(), figures=False)
    before = (folder / "packets.csv").read_bytes()
    with pytest.raises(InputError, match="run: cannot be written: No space left on device"):
        write_run_folder(folder, fake_run(seed=9), figures=False, capture=FailingCapture())
    assert (folder / "packets.csv").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


_WRITE = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from report_fakes import fake_run, fake_topology
from overlaysim.report import write_run_folder
write_run_folder(Path(sys.argv[1]), fake_run(), topology=fake_topology())
"""


def test_every_byte_is_the_same_in_another_process(tmp_path: Path) -> None:
    """Two processes, other hash seeds and working directories: files and figures are equal."""
    contents = []
    for number, hash_seed in enumerate(("1", "4242")):
        place = tmp_path / str(number)
        place.mkdir()
        subprocess.run(
            [sys.executable, "-c", _WRITE, "run", str(REPOSITORY), str(Path(__file__).parent)],
            check=True, cwd=place, env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )  # fmt: skip
        files = sorted(p for p in (place / "run").rglob("*") if p.is_file())
        contents.append({p.relative_to(place).as_posix(): p.read_bytes() for p in files})
    assert contents[0] == contents[1]
    assert {name for name in contents[0] if "figures" in name} == {
        f"run/figures/{name}.{kind}"
        for name in ("topology", "latency", "overhead", "names", "fates")
        for kind in ("png", "svg")
    }
