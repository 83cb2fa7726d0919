"""Every notebook is stored without outputs, runs from top to bottom, and shows what it promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))


@pytest.fixture
def execute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a notebook in a fresh kernel that shares no file with any other."""
    for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        folder = tmp_path / variable.lower()
        folder.mkdir()
        monkeypatch.setenv(variable, str(folder))
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parent))

    def run(name: str) -> Any:
        notebook = nbformat.read(FOLDER / name, as_version=4)
        client = nbclient.NotebookClient(
            notebook, timeout=120, kernel_name="python3",
            resources={"metadata": {"path": str(tmp_path)}},
        )  # fmt: skip
        return client.execute()

    return run


def outputs(notebook: Any, kind: str) -> list[str]:
    """Everything of one MIME type that the cells of a notebook showed."""
    return [
        output["data"][kind]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if kind in output.get("data", {})
    ]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_are_stored_without_outputs(name: str) -> None:
    notebook = nbformat.read(FOLDER / name, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def check_tutorial(notebook: Any) -> None:
    """A ping by name, a service, a figure, the report with its four figures."""
    shown = "\n".join(outputs(notebook, "text/plain"))
    assert "64 bytes from 10.0.1.2: seq=0 ttl=64 time=0.205 ms" in shown
    assert "5/5" in shown
    assert len(outputs(notebook, "image/png")) == 1
    (report,) = outputs(notebook, "text/html")
    assert report.count("<svg") == 4
    assert "conservation" in report


def check_overhead(notebook: Any) -> None:
    """Two packets drawn, six figures, the whole comparison, what fits, where a link overflows."""
    vxlan, lean = outputs(notebook, "image/svg+xml")
    assert "148 bytes, 50 of them added" in vxlan
    assert "130 bytes, 32 of them added" in lean
    assert len(outputs(notebook, "image/png")) == 6
    tables = outputs(notebook, "text/html")
    assert any("bytes, rates: 45 of 45 simulated values equal" in table for table in tables)
    assert sum("overload" in table for table in tables) == 1
    shown = "\n".join(outputs(notebook, "text/plain"))
    assert "local error: message too long, mtu=1450" in shown
    assert "8930 bytes from 10.0.2.2" in shown


PROMISES = {"overhead.ipynb": check_overhead, "tutorial.ipynb": check_tutorial}


def test_every_notebook_promises_something() -> None:
    assert sorted(PROMISES) == NOTEBOOKS


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_run_and_show_what_they_promise(name: str, execute: Any) -> None:
    notebook = execute(name)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    PROMISES[name](notebook)
