"""``overlaysim compare`` from outside: its output, its folder, its statuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from overlaysim.cli import comparing
from overlaysim.cli.main import main
from overlaysim.compare.comparison import Comparison

ROOT = Path(__file__).parents[2]
QUICK = ["--replications", "2", "--packets", "20"]


def test_tables_go_to_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "vxlan", "--sizes", "64", *QUICK]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("2 encapsulations · IPv4 inside · line 10 Gbit/s")
    assert said.err == ""


@pytest.mark.parametrize(
    ("option", "first"),
    [("--csv", "encapsulation,underlay,mtu_bytes"), ("--latex", "% Needs \\usepackage{booktabs}")],
)
def test_csv_or_latex_in_place_of_them(
    option: str, first: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "gre", "--no-simulation", option]) == 0
    assert capsys.readouterr().out.startswith(first)


def test_the_exit_status_tells_of_disagreement(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Comparison, "agrees", False)
    assert main(["compare", "gre", "--no-simulation"]) == 1
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["vxlam"], '"vxlam" is not an encapsulation; did you mean vxlan?'),
        (["vxlan", "--sizes", "imx"], "did you mean imix?"),
        (["vxlan", "--csv", "--latex"], "--csv and --latex: one of them at a time"),
        (["vxlan", "--no-figures"], "--no-figures belongs to --out DIR"),
        (["vxlan", "--underlay", "ip4"], '--underlay: "ip4" is not one of ipv4, ipv6, both'),
        (["vxlan", "--out", str(ROOT)], "holds files that no run wrote"),
    ],
)
def test_mistakes_end_with_status_2(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *words]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("words", "hint"),
    [(["vxlan", "--siezs", "64"], "did you mean --sizes?"), ([], "required: ENCAPSULATION")],
)
def test_misspelt_options(words: list[str], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["compare", *words])
    assert ended.value.code == 2
    assert hint in capsys.readouterr().err


def test_a_size_file_tells_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sizes.csv"
    path.write_text("64\nmany\n")
    assert main(["compare", "vxlan", "--sizes", str(path)]) == 2
    assert capsys.readouterr().err == (
        f'{path}:2:1: "many" is not a size from 1 to 65000 B\n1 problem, nothing was run\n'
    )


def test_nothing_is_written_when_something_is_wrong(tmp_path: Path) -> None:
    assert main(["compare", "vxlam", "--out", str(tmp_path / "out")]) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_an_earlier_comparison_is_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compare", "gre", "--no-simulation", "--no-figures", "--out", str(tmp_path / "out")]
    assert main(words) == 0
    assert main([*words, "--mtu", "9000"]) == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["settings"]["mtus"] == [9000]
    assert manifest["files"] == ["compare.csv", "compare.tex", "report.txt", "manifest.json"]
    assert capsys.readouterr().out.endswith(f"report and figures: {tmp_path / 'out'}/\n")


def files(folder: Path) -> dict[str, bytes]:
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*") if path.is_file()
    }  # fmt: skip
    assert found
    return found


@pytest.mark.slow
def test_the_folder_repeats_to_the_byte_whatever_the_hash_seed_and_place(tmp_path: Path) -> None:
    folders = []
    for number, seed in enumerate(("0", "77")):
        place = tmp_path / f"place-{number}"
        place.mkdir()
        folders.append(place / f"out-{number}")
        command = [
            sys.executable, "-m", "overlaysim", "compare", "vxlan", "nvgre", "--sizes", "imix",
            *QUICK, "--out", str(folders[-1]),
        ]  # fmt: skip
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=place, env=environment, check=True, capture_output=True)
    first, second = map(files, folders)
    assert first == second
    assert {"report.txt", "figures/balance.pdf", "figures/efficiency-ipv4-mtu-1500.svg"} <= set(
        first
    )


def test_calculation_does_not_load_matplotlib() -> None:
    code = (
        "import sys\nfrom overlaysim.cli.main import main\n"
        "status = main(['compare', 'vxlan', '--no-simulation'])\n"
        "sys.exit(status or 'matplotlib' in sys.modules or 'networkx' in sys.modules)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (0, "")


def test_progress_is_shown_to_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert comparing._progress() is None
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(comparing, "PAUSE", -1.0)
    show = comparing._progress()
    assert show is not None
    show(1, 4)
    show(4, 4)
    said = capsys.readouterr().err
    assert "1 of 4 points done, about" in said
    assert said.endswith("\r\033[K")
