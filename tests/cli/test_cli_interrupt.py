"""Ctrl-C, readers that leave, disks that are full: what a program meets outside the textbook."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from overlaysim.cli.main import main
from overlaysim.scenario.result import Result
from overlaysim.scenario.run import load, run_scenario
from overlaysim.sim import Journey, Ledger, Simulator

ROOT = Path(__file__).parents[2]
SLOW_LINK = ROOT / "scenarios" / "slow-link.overlay.yml"


# ---- Ctrl-C -----------------------------------------------------------------------------------


def run_interrupted_at(number: int) -> Result:
    """Run a scenario; Ctrl-C comes between the birth of a packet and its way onto a link."""
    plain = Ledger.create

    def create(self: Ledger, *arguments: Any, **keywords: Any) -> Journey:
        journey = plain(self, *arguments, **keywords)
        if journey.number == number:
            signal.raise_signal(signal.SIGINT)
        return journey

    scenario, _ = load(SLOW_LINK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "create", create)
        return run_scenario(scenario)


@pytest.mark.parametrize("number", [2, 200, 2001])
def test_an_interrupted_run_is_reported_with_balanced_books(number: int) -> None:
    result = run_interrupted_at(number)
    books = result.measurements.conservation
    assert not result.measurements.meta.complete
    assert " · interrupted\n" in result.report()
    assert number <= sum(books.created.values()) < number + 20
    assert sum(books.created.values()) == (
        sum(books.delivered.values()) + books.drops() + sum(books.in_flight.values())
    )


def test_an_interrupted_script_is_marked_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = Simulator.run_for

    def run_for(self: Simulator, duration: int) -> None:
        self.call_in(duration // 2, lambda _: signal.raise_signal(signal.SIGINT))
        plain(self, duration)

    monkeypatch.setattr(Simulator, "run_for", run_for)
    script, out = tmp_path / "script.txt", tmp_path / "out"
    script.write_text("docker swarm init\nwait 10 s\ndocker ps\n", encoding="utf-8")
    assert main(["sh", str(script), "--no-figures", "--out", str(out)]) == 130
    said = capsys.readouterr()
    assert " · interrupted\n" in said.out
    assert "docker ps" not in said.out
    assert said.err == ""
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["complete"] is False


# ---- input and output -------------------------------------------------------------------------


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line in a POSIX shell, in which ``overlaysim`` is the program of this checkout."""
    program = f'overlaysim() {{ "{sys.executable}" -m overlaysim "$@"; }}'
    return subprocess.run(
        ["sh", "-c", f"{program}\n{line}"],
        capture_output=True, text=True, check=False, timeout=60, cwd=ROOT,
    )  # fmt: skip


posix = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")


@posix
@pytest.mark.parametrize("words", ["demo", "schema", "check scenarios/tutorial.overlay.yml"])
def test_a_reader_that_leaves_is_no_error(words: str) -> None:
    said = shell(f"{{ overlaysim {words}; echo status $? >&2; }} | true")
    assert said.stderr == "status 0\n"


@posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_without_a_traceback() -> None:
    said = shell("overlaysim schema > /dev/full")
    assert said.returncode == 74
    assert said.stderr == "overlaysim: input or output failed: No space left on device\n"


@posix
def test_sh_without_any_input_ends_at_once() -> None:
    said = shell("overlaysim sh <&-")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("3 hosts ")


@posix
def test_bytes_that_are_no_text_are_no_command() -> None:
    said = shell(r"printf '\377\376\n' | overlaysim sh")
    assert said.returncode == 127
    assert "no such command here" in said.stderr
    assert "Traceback" not in said.stderr


@posix
def test_a_script_without_end_is_refused() -> None:
    said = shell("overlaysim sh /dev/zero")
    assert said.returncode == 2
    assert "/dev/zero: too long for a script" in said.stderr


@pytest.mark.parametrize("seed", ["-1", str(2**63)])
def test_a_seed_that_no_file_could_say_is_refused(
    seed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--seed", seed]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f'seed: "{seed}" is not a whole number from 0 to {2**63 - 1}' in said.err


def test_the_report_is_printed_though_the_folder_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", refuse)
    out = tmp_path / "out"
    assert main(["demo", "--no-figures", "--out", str(out)]) == 2
    said = capsys.readouterr()
    assert "expectations: 6 of 6 hold\n" in said.out
    assert str(out) not in said.out
    assert said.err == f"overlaysim: {out}: cannot be written: No space left on device\n"
    assert list(tmp_path.iterdir()) == []
