"""What README and the other pages say is so: code runs, output is real, places exist."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
from pathlib import Path

import pytest
from fenced_blocks import Typed, blocks_of, typed_in, write_examples

from overlaysim.cli.main import build_parser, main

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = sorted(
    path for pattern in ("*.md", "docs/*.md", "scenarios/*.md") for path in ROOT.glob(pattern)
)
PAGE_NAMES = [path.relative_to(ROOT).as_posix() for path in PAGES]

SESSIONS = [typed_in(block) for block in blocks_of(README, "console")]
"""Commands typed one after the other in one folder."""
TYPED = [typed for session in SESSIONS for typed in session]


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the scenarios and every file that README shows."""
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    write_examples(README, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def first_untrue_line(shown: list[str], real: list[str]) -> str | None:
    """Return the first shown line that is not real, None if all are.

    A line ``…`` stands for any number of lines; else they follow one another without a gap.
    """
    rest = list(real)
    anywhere = False
    for line in shown:
        if line == "…":
            anywhere = True
            continue
        if line not in rest or (not anywhere and rest[0] != line):
            return line
        rest = rest[rest.index(line) + 1 :]
        anywhere = False
    return None if anywhere or not rest else f"end, but there is more: {rest[0]}"


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session[0].command)
def test_readme_shows_real_output(
    session: list[Typed], workshop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for typed in session:
        program, *words = shlex.split(typed.command)
        assert program == "overlaysim"
        status = main(words)
        said = capsys.readouterr()
        real = [line.rstrip() for line in (said.out + said.err).splitlines()]
        place = f"README.md:{typed.line}: {typed.command}"
        assert first_untrue_line(typed.shown, real) is None, place
        assert status == (2 if typed.shown[-1].endswith("nothing was run") else 0), place


def test_readme_has_the_examples_that_are_tested_here() -> None:
    commands = [typed.command.split()[1] for typed in TYPED]
    assert set(commands) >= {"demo", "run", "check", "sh"}
    assert blocks_of(README, "python")


@pytest.mark.parametrize(
    ("shown", "untrue"),
    [
        (["a", "b", "c"], None),
        (["a", "…"], None),
        (["…", "c"], None),
        (["a", "…", "c"], None),
        (["a", "c"], "c"),
        (["b", "…"], "b"),
        (["a", "x", "…"], "x"),
        (["…", "b", "a"], "a"),
        (["a", "b"], "end, but there is more: c"),
    ],
)
def test_an_untrue_line_is_found(shown: list[str], untrue: str | None) -> None:
    assert first_untrue_line(shown, ["a", "b", "c"]) == untrue


@pytest.mark.parametrize("number", range(len(blocks_of(README, "python"))))
def test_python_in_readme_runs(number: int, workshop: Path) -> None:
    block = blocks_of(README, "python")[number]
    code = compile("\n" * (block.line - 1) + block.text, str(README), "exec")
    exec(code, {"__name__": "__main__"})


def can_be_parsed(line: str) -> bool:
    try:
        build_parser().parse_args(shlex.split(line))
    except SystemExit as exit_:
        return exit_.code == 0  # --help and --version
    return True


@pytest.mark.parametrize("page", PAGE_NAMES)
def test_command_lines_can_be_parsed(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    shell = re.findall(
        r"^(?:    |\$ )(?:\S*[\\/])?overlaysim (.+?)(?:  +#.*)?$", text, re.MULTILINE
    )
    inline = re.findall(r"`overlaysim ([a-z-][^`]*)`", text)
    assert [line for line in (*shell, *inline) if not can_be_parsed(line)] == []


# ---- places -----------------------------------------------------------------------------------


def definitions(path: Path) -> set[str]:
    """Qualified names of the functions, classes and methods that a module defines."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}.{member.name}"
                for member in node.body
                if isinstance(member, ast.FunctionDef)
            }
    return found


@pytest.mark.parametrize("page", PAGE_NAMES)
def test_functions_that_pages_name_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    homes: dict[str, str] = {}
    missing = []
    for file, name, short in re.findall(
        r"`([a-z_]+(?:/[a-z_]+)*\.py):([A-Za-z_.]+)`|`([A-Z]\w+\.\w+)`", text
    ):
        home = file or homes.get(short.partition(".")[0])
        if home is None:
            continue  # not a place in the code: a class of something else
        homes[(name or short).partition(".")[0]] = home
        path = ROOT / "overlaysim" / home
        if not path.is_file() or (name or short) not in definitions(path):
            missing.append(f"{home}:{name or short}")
    assert missing == []


def test_readme_walks_both_lives() -> None:
    text = README.read_text(encoding="utf-8")
    for life in ("packet", "name"):
        section = text.partition(f"## The life of a {life}\n")[2].partition("\n## ")[0]
        steps = re.findall(r"^(\d+)\. ", section, re.MULTILINE)
        assert steps == [str(number) for number in range(1, len(steps) + 1)]
        assert len(re.findall(r"`[a-z_/]+\.py:", section)) >= 10


@pytest.mark.parametrize("page", PAGE_NAMES)
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    targets = re.findall(r"\]\((?!https?:)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []
