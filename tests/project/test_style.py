"""House rules that no linter knows: what the package's code may not do, and what has to agree."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import overlaysim

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "overlaysim"
MODULES = sorted(PACKAGE.rglob("*.py"))

CLOCKS_AND_DICE = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns",
             "process_time", "sleep", "localtime", "ctime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "os": {"urandom", "getrandom", "environ", "getenv"},
    "uuid": {"uuid1", "uuid4"},
}  # fmt: skip
"""Attributes that bring in the real time, real chance or the machine: a run would not repeat."""


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 0)}"


def nodes(text: str) -> Iterator[ast.AST]:
    """Every node of a piece of code, except what is inside ``__hash__``, where hash() belongs."""
    waiting: list[ast.AST] = [ast.parse(text)]
    while waiting:
        node = waiting.pop()
        if not (isinstance(node, ast.FunctionDef) and node.name == "__hash__"):
            yield node
            waiting += ast.iter_child_nodes(node)


def is_call_of(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def unrepeatable(node: ast.AST) -> str:
    """Say what makes a run differ from the next one with the same seed; empty if nothing does."""
    used: list[tuple[str, str]] = []
    if isinstance(node, ast.Attribute):  # of a module, or of a class in it: datetime.datetime.now
        owner = getattr(node.value, "id", "") or getattr(node.value, "attr", "")
        used = [(owner, node.attr)]
    elif isinstance(node, ast.ImportFrom):
        used = [(node.module or "", alias.name) for alias in node.names]
    elif isinstance(node, ast.Import):
        used = [(alias.name, "") for alias in node.names]
    for owner, name in used:
        if owner == "random" and name not in ("", "Random"):
            return f"random.{name} draws from the global stream; take a random.Random"
        if owner == "secrets" or name in CLOCKS_AND_DICE.get(owner, ()):
            return f"{owner}.{name} is not of the simulation"
    if is_call_of(node, "hash"):
        return "hash() of a string changes with PYTHONHASHSEED"
    if is_call_of(node, "id"):
        return "id() is an address of this process"
    return ""


# ---- the package ------------------------------------------------------------------------------


def test_only_the_command_line_prints() -> None:
    found = [
        place(path, node)
        for path in MODULES
        if "cli" not in path.relative_to(PACKAGE).parts
        for node in nodes(path.read_text(encoding="utf-8"))
        if is_call_of(node, "print")
    ]
    assert found == []


def test_nothing_depends_on_the_real_time_chance_or_machine() -> None:
    found = [
        f"{place(path, node)}: {message}"
        for path in MODULES
        # A prompt may ask for its terminal, and a benchmark for the time it took.
        if path.relative_to(PACKAGE).parts[0] not in ("cli", "bench")
        for node in nodes(path.read_text(encoding="utf-8"))
        if (message := unrepeatable(node))
    ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    ["import random\nrandom.random()", "from random import choice", "import time\ntime.time()",
     "from time import monotonic", "import datetime\ndatetime.datetime.now()",
     "from datetime import datetime\ndatetime.now()", "hash('x')", "id(object())",
     "import os\nos.environ['HOME']", "import secrets", "from secrets import token_hex"],
)  # fmt: skip
def test_what_is_not_repeatable_is_found(code: str) -> None:
    assert [message for node in nodes(code) if (message := unrepeatable(node))]


def test_repeatable_code_is_let_through() -> None:
    code = (
        "import random\nfrom random import Random\nrandom.Random(7).random()\nself.time()\n"
        "class Key:\n    def __hash__(self):\n        return hash(self.text)\n"
    )
    assert [message for node in nodes(code) if (message := unrepeatable(node))] == []


def test_every_module_can_be_imported_and_says_what_it_is() -> None:
    silent = [
        place(path, ast.parse(""))
        for path in MODULES
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


# ---- the files around it ----------------------------------------------------------------------

TEXTS = sorted(
    path
    for pattern in ("*.md", "*.cff", "*.toml", "Makefile", ".ci/run", "docs/*", "notebooks/*.ipynb",
                    "scenarios/*", "overlaysim/**/*.py", "tests/**/*.py")
    for path in ROOT.glob(pattern)
    if path.is_file()
)  # fmt: skip
MACHINE_PATH = re.compile(r"(?<![\w./~-])(/(home|Users|root|work|tmp|mnt)/\w|[A-Z]:\\+Users)")


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = []
    for path in TEXTS:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if (match := MACHINE_PATH.search(line)) and path != Path(__file__):
                found.append(f"{path.relative_to(ROOT).as_posix()}:{number}: {match[0]}")
    assert found == []


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    latest = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    cited = re.search(r"^version: (\S+)$", citation, re.MULTILINE)
    assert latest is not None
    assert cited is not None
    assert {project["version"], overlaysim.__version__, latest[1], cited[1]} == {
        overlaysim.__version__
    }


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from overlaysim.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'matplotlib', 'networkx', 'simpy', 'numpy', 'yaml'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {sorted(heavy)}' if heavy else 0)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert "usage: overlaysim" in said.stdout


def test_a_run_without_figures_does_not_load_matplotlib(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from overlaysim.cli.main import main\n"
        f"status = main(['demo', '--no-figures', '--out', {str(tmp_path / 'out')!r}])\n"
        "sys.exit(status or 'matplotlib' in sys.modules)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (0, "")
