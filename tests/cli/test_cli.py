"""The command line from outside: what it prints, writes and returns."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import overlaysim
from overlaysim.cli.main import build_parser, long_options, main

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "scenarios" / "tutorial.overlay.yml"

FIVE_COMMANDS = """\
docker swarm init
docker network create --driver overlay --attachable app-overlay
docker run -d --network app-overlay --name container-on-host-a alpine sleep 1000
on host-b
docker run -d --network app-overlay --name container-on-host-b alpine sleep 1000
docker exec container-on-host-b ping container-on-host-a
on host-a
docker service create --name api --network app-overlay --replicas 5 myapi:1.0
docker service ls
"""

SMALL = """\
name: small
timeline:
  - on: host-a
    run: docker swarm init
expect:
  - commands().total == 1
"""

TEN_MISTAKES = (
    Path(__file__).parents[1] / "data" / "scenario" / "ten-mistakes.overlay.yml"
).read_text(encoding="utf-8")


def overlaysim_process(
    *arguments: object, typed: str = "", cwd: Path | None = None, hash_seed: str = "0"
) -> subprocess.CompletedProcess[str]:
    """Run the program as a user does, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "overlaysim", *map(str, arguments)],
        input=typed, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
        cwd=cwd, env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT),
                      "PYTHONUTF8": "1"},
    )  # fmt: skip


def scenario(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "small.overlay.yml"
    path.write_text(text, encoding="utf-8")
    return path


# ---- what everybody tries first ---------------------------------------------------------------


def test_help_lists_the_commands() -> None:
    said = overlaysim_process("--help")
    assert said.returncode == 0
    assert said.stdout.startswith("usage: overlaysim")
    for command in ("run", "demo", "check", "sh", "schema"):
        assert f"\n    {command} " in said.stdout


def test_version_is_that_of_the_package() -> None:
    said = overlaysim_process("--version")
    assert (said.returncode, said.stdout) == (0, f"overlaysim {overlaysim.__version__}\n")


@pytest.mark.parametrize("arguments", [[], ["rnu"], ["run"], ["run", "x.yml", "--seed", "seven"]])
def test_a_wrong_command_line_has_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert "usage: overlaysim" in capsys.readouterr().err


def test_demo_runs_the_tutorial(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("tutorial · seed 7 · ")
    assert "\nlatency " in said
    assert " dropped + 0 in flight" in said
    assert "expectations: 6 of 6 hold" in said


def test_schema_is_json_that_names_the_sections(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert {"name", "underlay", "timeline", "traffic", "expect"} <= set(schema["properties"])


# ---- exit statuses ----------------------------------------------------------------------------


def test_run_has_status_0_when_everything_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(scenario(tmp_path, SMALL))]) == 0
    assert "expectations: 1 of 1 hold" in capsys.readouterr().out


def test_run_has_status_1_when_an_expectation_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(scenario(tmp_path, SMALL.replace("== 1", "== 2")))]) == 1
    said = capsys.readouterr().out
    assert "FAILS" in said
    assert "expectations: 0 of 1 hold" in said


def test_run_has_status_1_when_a_docker_command_fails_unexpectedly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SMALL.replace("docker swarm init", "docker network rm nothing")
    assert main(["run", str(scenario(tmp_path, text))]) == 1
    assert "network nothing not found" in capsys.readouterr().out


def test_ten_mistakes_are_ten_messages_and_nothing_else(tmp_path: Path) -> None:
    file, out = scenario(tmp_path, TEN_MISTAKES), tmp_path / "out"
    said = overlaysim_process("run", file.name, "--out", out, cwd=tmp_path)
    assert said.returncode == 2
    assert said.stdout == ""
    *problems, last = said.stderr.splitlines()
    assert last == "10 problems, nothing was run"
    assert len(problems) == 10
    for problem in problems:
        name, line, column, message = problem.split(":", 3)
        assert (name, message[0]) == (file.name, " ")
        assert int(line) > 0
        assert int(column) > 0
    assert sorted(tmp_path.iterdir()) == [file]


def test_check_collects_the_problems_of_all_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = scenario(tmp_path, SMALL)
    bad = tmp_path / "bad.yml"
    bad.write_text(TEN_MISTAKES, encoding="utf-8")
    missing = tmp_path / "missing.yml"
    assert main(["check", str(good), str(bad), str(missing)]) == 2
    said = capsys.readouterr()
    assert said.out == f"{good}: good\n"
    assert said.err.count(str(bad)) == 10
    assert f"{missing}: cannot be read: No such file or directory" in said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "{file}", "--capture"], "--capture needs a folder for the capture: add --out DIR"),
        (["run", "{file}", "--out", "{file}"], "is not a folder"),
        (["run", "{file}", "--out", "{folder}"], "holds files that no run wrote"),
    ],
)
def test_an_impossible_output_is_refused_before_the_run(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = scenario(tmp_path, SMALL)
    words = [word.format(file=file, folder=tmp_path) for word in arguments]
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err
    assert file.read_text(encoding="utf-8") == SMALL


# ---- the prompt -------------------------------------------------------------------------------


def test_the_tutorial_piped_into_sh() -> None:
    said = overlaysim_process("sh", typed=FIVE_COMMANDS)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.count(" ttl=64 ") == 4
    service = next(
        line for line in said.stdout.splitlines() if "myapi:1.0" in line and "/5" in line
    )
    assert service.split()[1:5] == ["api", "replicated", "5/5", "myapi:1.0"]
    assert "(host-b and host-c joined as workers at " in said.stdout


def test_a_script_stops_at_the_first_command_that_fails(tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text(
        "docker swarm init\non host-b\ndocker exec nobody true\ndocker ps\n", encoding="utf-8"
    )
    direct = overlaysim_process("sh", script)
    piped = overlaysim_process("sh", typed=script.read_text(encoding="utf-8"))
    for said in (direct, piped):
        assert said.returncode == 1
        assert "No such container: nobody" in said.stderr
        assert "docker ps" not in said.stdout
        assert "conservation: " in said.stdout  # the report of what did happen


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        ("dokcer ps", 127, "dokcer: no such command here; did you mean docker?; try help"),
        ("on host-d", 2, 'no host "host-d"'),
        ("on", 2, "on: write on HOST, and the commands on lines of their own"),
        ("on host-b docker ps", 2, "hosts are host-a, host-b, host-c"),
        ("wait", 2, "wait: write wait DURATION, for example wait 5s"),
        ("wait 5", 2, '"5" is not a duration'),
        ("fault link host-a host-b down", 2, "no link between host-a and host-b"),
        ("fault host host-x crashed", 2, 'there is no host "host-x"; did you mean host-c?'),
        ("fault", 2, "fault: write a kind; for example fault link A B down"),
        ("fault partition host-a,host-x host-y", 2, '"host-y"'),
        ("fault end 3", 2, "is no fault that lasts; `fault list` shows them"),
        ("docker run alpine no-such-program", 127, '"no-such-program": executable file not found'),
        ("docker ps --no-such-flag", 125, "unknown flag: --no-such-flag"),
        ("docker exec 'unclosed", 2, "no closing quotation in: docker exec 'unclosed"),
    ],
)
def test_a_mistake_at_the_prompt_is_told_and_is_the_status(
    line: str, status: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script.txt"
    script.write_text(f"{line}\n", encoding="utf-8")
    assert main(["sh", str(script)]) == status
    said = capsys.readouterr().err
    assert said
    assert message in said


def test_manual_leaves_joining_to_the_user(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    script = tmp_path / "script.txt"
    script.write_text("docker swarm init\nhosts\n", encoding="utf-8")
    assert main(["sh", "--manual", "--seed", "7", str(script)]) == 0
    said = capsys.readouterr().out
    assert "joined as workers" not in said
    assert said.count("not in a swarm") == 2
    token = next(line for line in said.splitlines() if "swarm join --token" in line).strip()
    script.write_text(f"docker swarm init\non host-b\n{token}\non host-a\ndocker node ls\n",
                      encoding="utf-8")  # fmt: skip
    assert main(["sh", "--manual", "--seed", "7", str(script)]) == 0
    said = capsys.readouterr().out
    assert "This node joined a swarm as a worker." in said
    assert said.count(" Ready ") == 2


def test_words_of_the_prompt(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text(
        "help\nexplain\nfault link host-a switch down for 1 s\nwait 2s\non host-c\nhosts\n"
        "fault host host-b frozen\nfault list\nfault heal\nexit\n"
        "docker no such line\n",
        encoding="utf-8",
    )
    assert main(["sh", str(script)]) == 0
    said = capsys.readouterr().out
    assert "nothing to explain yet" in said
    assert "host-a  2.000 s $ on host-c" in said
    assert "host-c  2.000 s $ hosts" in said
    assert "fault 1: " in said
    assert ", until 1.000 s\n" in said
    assert said.count("fault 2: ") == 2
    assert "fault 2 ended\n" in said
    assert "no such line" not in said


def test_sh_starts_from_a_scenario(tmp_path: Path) -> None:
    file = scenario(tmp_path, "name: pair\nunderlay: {hosts: [left, right]}\n")
    said = overlaysim_process("sh", file, typed="hosts\n")
    assert said.returncode == 0
    assert said.stdout.startswith("2 hosts (left, right) on one switch")


# ---- the output folder ------------------------------------------------------------------------

FILES = {
    "manifest.json", "report.txt", "packets.csv", "lookups.csv", "changes.csv", "links.csv",
    "events.jsonl", "capture.pcapng",
    *(f"figures/{name}.{kind}" for name in ("topology", "latency", "overhead", "names")
      for kind in ("png", "svg")),
}  # fmt: skip


@pytest.fixture(scope="module")
def two_folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same run twice: other hash seeds, other working folders, other ways to name the file."""
    folder = tmp_path_factory.mktemp("two")
    first, second = folder / "a", folder / "b"
    words = ("--seed", "7", "--capture", "--out")
    one = overlaysim_process("run", TUTORIAL, *words, first, cwd=folder, hash_seed="1")
    two = overlaysim_process(
        "run", os.path.relpath(TUTORIAL, ROOT / "tests"), *words, second,
        cwd=ROOT / "tests", hash_seed="2",
    )  # fmt: skip
    assert (one.returncode, two.returncode) == (0, 0), one.stderr + two.stderr
    assert one.stdout.replace(str(first), str(second)) == two.stdout
    return first, second


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_folder_holds_every_file(two_folders: tuple[Path, Path]) -> None:
    first, _ = two_folders
    files = content(first)
    assert set(files) == FILES
    manifest = json.loads(files["manifest.json"])
    assert set(manifest["files"]) == FILES
    assert (manifest["seed"], manifest["version"]) == (7, overlaysim.__version__)
    assert all(expectation["holds"] for expectation in manifest["expectations"])
    assert len(files["packets.csv"].splitlines()) == manifest["packets"] + 1
    assert [json.loads(line) for line in files["events.jsonl"].splitlines()]
    assert sorted(first.parent.iterdir()) == list(two_folders)  # nothing half-done beside it


def test_two_runs_are_the_same_to_the_byte(two_folders: tuple[Path, Path]) -> None:
    first, second = map(content, two_folders)
    assert [name for name in FILES if first[name] != second[name]] == []


def test_another_seed_gives_another_run(two_folders: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "c"
    assert main(["run", str(TUTORIAL), "--seed", "8", "--no-figures", "--out", str(out)]) == 0
    assert (out / "events.jsonl").read_bytes() != (two_folders[0] / "events.jsonl").read_bytes()


def test_a_folder_of_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    file, out = scenario(tmp_path, SMALL), tmp_path / "out"
    words = ["run", str(file), "--no-figures", "--out", str(out)]
    assert main([*words, "--seed", "1"]) == 0
    before = (out / "manifest.json").read_bytes()
    assert main([*words, "--seed", "2"]) == 0
    assert (out / "manifest.json").read_bytes() != before
    assert sorted(tmp_path.iterdir()) == [out, file]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["rnu", "x"], "did you mean run?"),
        (["run", "x.yml", "--sede", "3"], "did you mean --seed?"),
        (["demo", "--figures"], "did you mean --no-figures?"),
    ],
)
def test_a_mistyped_word_of_the_command_line_gets_the_nearest_spelling(
    words: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert hint in capsys.readouterr().err


def test_every_option_can_be_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = re.findall(r"^    ([a-z]+) ", capsys.readouterr().out, re.MULTILINE)
    assert {"run", "demo", "check", "sh", "schema"} <= set(commands)
    known = set()
    for command in ([], *([command] for command in commands)):
        with pytest.raises(SystemExit):
            main([*command, "--help"])
        known |= set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", capsys.readouterr().out))
    assert known <= long_options(build_parser())
