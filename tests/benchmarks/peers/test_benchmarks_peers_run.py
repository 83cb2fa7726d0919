"""The runner of the peers: takes turns, judges, and leaves out what cannot be run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import run
from ns3_build import NotHereError

from overlaysim.bench.measurement import Measurement, Summary

GOOD = Measurement(
    "Fake", "2.0", "W1", 200_000, 2, 1, 800_000, 0.125, 3.2, {"lost": 0, "mean us": 23.931},
    21 << 20,
)  # fmt: skip


def program(code: str, **options: tuple[str, ...]) -> run.Program:
    return run.Program("fake", (sys.executable, "-c", code), **options)


def test_what_a_program_prints_is_read(tmp_path: Path) -> None:
    said = tmp_path / "said"
    code = (
        "import json, pathlib, sys\n"
        f"pathlib.Path({str(said)!r}).write_text(' '.join(sys.argv[1:]))\n"
        f"print({json.dumps(GOOD.as_json())!r})"
    )
    assert program(code).run("W1", 7, 3) == [GOOD]
    assert said.read_text() == "W1 7 3"
    program(code, options=("--packets", "--seed")).run("W1", 7, 3)
    assert said.read_text() == "W1 --packets 7 --seed 3"


def test_why_a_program_cannot_be_run_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    broken = program("raise SystemExit('first\\nno such package')")
    with pytest.raises(NotHereError, match=r"^fake: no such package$"):
        broken.run("W1", 7, 3)
    assert list(run.measured([broken], "W1", 7, 2)) == []
    assert capsys.readouterr().err == "left out: fake: no such package\n"


def test_programs_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = []

    def play(self: run.Program, workload: str, packets: int, seed: int) -> list[Measurement]:
        turns.append((self.name, seed))
        return [GOOD]

    monkeypatch.setattr(run.Program, "run", play)
    programs = [run.Program("a", ()), run.Program("b", ()), run.Program("c", (), plays=("W5",))]
    (summary,) = run.measured(programs, "W1", 7, 2)
    assert turns == [("a", 1), ("b", 1), ("b", 2), ("a", 2)]
    assert len(summary.runs) == 4


def test_a_row_says_whether_the_answers_are_right() -> None:
    late = Measurement(**{**GOOD.as_json(), "answers": {"lost": 0, "mean us": 24.5}})
    cells = [cell.strip() for cell in run.row(Summary([GOOD])).split("|")][1:-1]
    assert cells == [
        "W1", "Fake 2.0", "200,000", "0.125 [0.125-0.125]", "21", "lost 0, mean us 23.931", "yes",
    ]  # fmt: skip
    assert run.row(Summary([GOOD, late])).endswith("| NO    |")
