"""The import direction: a room imports what stands below it, never sideways into a circle, or up.

The plan of the house, from the roof down (docs/ARCHITECTURE.md):

    cli
    bench
    scenario   validate   compare
    planes
    docker
    cluster
    host
    naming   overlay   underlay   report
    wire   gossip   traffic   sim   measure
    units, errors, version
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest
from import_graph import Edge, cycle_in, modules_of
from import_graph import edges_of as read_edges

PACKAGE = Path(__file__).parents[2] / "overlaysim"
edges_of = cache(read_edges)
"""Reading the whole package takes a while, and several tests want it."""

FLOORS = (
    ("cli",),
    ("bench",),
    ("scenario", "validate", "compare"),
    ("planes",),
    ("docker",),
    ("cluster",),
    ("host",),
    ("naming", "overlay", "underlay", "report"),
    ("wire", "gossip", "traffic", "sim", "measure"),
    ("units",),
    ("errors", "version"),
)
LEVEL = {room: len(FLOORS) - floor for floor, rooms in enumerate(FLOORS) for room in rooms}
SIDEWAYS = {("traffic", "wire"), ("measure", "sim")}
"""Edges between rooms of one floor: each goes one way only."""
PURE = {
    "wire": {"errors", "units"},
    "gossip": {"errors", "units"},
    "naming": {"gossip", "wire", "errors", "units"},
    "overlay": {"gossip", "wire", "errors", "units"},
    "traffic": {"wire", "errors", "units"},
}
"""Protocol rooms know no clock: for them a short list stands in for the plan."""
NARROW = {"planes": {"sim", "underlay", "traffic", "measure", "overlay", "wire", "units", "errors"}}
"""Rooms that may import less than what stands below them: bulk traffic knows no docker."""
FRONT_DOOR = {"", "__main__", "lab"}
"""Modules that belong to no room and may import any: the package itself is the room ``""``."""
OWNERS = {
    "simpy": {"sim"},
    "networkx": {"underlay"},
    "matplotlib": {"report"},
    "numpy": {"compare", "planes", "sim", "traffic"},
    "yaml": {"scenario"},
    "cryptography": {"overlay"},
}
"""Packages from outside and the rooms that may import them; no others are imported at all."""


def room_of(module: str) -> str:
    """The room of a module of ours: ``overlaysim.sim.clock`` -> ``sim``."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def complaint(edge: Edge, package: str) -> str:
    """Say what is wrong with an import; empty if it is allowed."""
    room, outside = room_of(edge.importer), edge.imported.split(".")[0]
    if outside != package:
        return _outside_complaint(room, outside)
    if room in FRONT_DOOR:
        return ""
    target = room_of(edge.imported)
    return "" if room == target else _inside_complaint(room, target or package)


def _inside_complaint(room: str, target: str) -> str:
    if target not in LEVEL or room not in LEVEL:
        return f"{room} imports {target}, which is not in the plan"
    if room in PURE:
        return "" if target in PURE[room] else f"{room} is pure and may not import {target}"
    if room in NARROW and target not in NARROW[room]:
        return f"{room} imports {target}, which it has no business with"
    if LEVEL[target] < LEVEL[room] or (room, target) in SIDEWAYS:
        return ""
    way = "up" if LEVEL[target] > LEVEL[room] else "sideways"
    return f"{room} imports {target}, which goes {way}"


def _outside_complaint(room: str, outside: str) -> str:
    if outside in OWNERS:
        owners = OWNERS[outside]
        return "" if room in owners else f"only {', '.join(owners)} may import {outside}"
    return "" if outside in sys.stdlib_module_names else f"{outside} is not a dependency of ours"


def complaints(package: Path) -> list[str]:
    """All that is wrong with a package's imports, with file and line."""
    modules = modules_of(package)
    found = []
    for edge in edges_of(package):
        if message := complaint(edge, package.name):
            place = modules[edge.importer].relative_to(package.parent).as_posix()
            found.append(f"{place}:{edge.line}: {message}")
    return found


def test_every_import_goes_down() -> None:
    assert complaints(PACKAGE) == []


def test_no_modules_import_one_another_in_a_circle() -> None:
    assert cycle_in(edges_of(PACKAGE), modules_of(PACKAGE)) == []


def test_every_room_of_the_plan_exists_and_none_is_missing_from_it() -> None:
    rooms = {room_of(module) for module in modules_of(PACKAGE)}
    assert rooms == set(LEVEL) | FRONT_DOOR


def test_matplotlib_is_imported_only_by_what_is_itself_imported_late() -> None:
    """Only ``report.figures`` imports it, and nobody outside imports that at the top."""
    figures = "overlaysim.report.figures"
    early = [
        f"{edge.importer}:{edge.line}"
        for edge in edges_of(PACKAGE)
        if edge.top_level and not edge.for_types and not edge.importer.startswith(figures)
        and (edge.imported.startswith(figures) or edge.imported.split(".")[0] == "matplotlib")
    ]  # fmt: skip
    assert early == []


def test_the_planes_are_imported_only_by_what_is_itself_imported_late() -> None:
    """They need numpy, which nobody waits for who has no bulk traffic."""
    late = (
        "overlaysim.planes", "overlaysim.scenario.carrier", "overlaysim.scenario.bulk_flows",
        "overlaysim.bench.bulk",
    )  # fmt: skip
    without_numpy = "overlaysim.planes.frames"
    early = [
        f"{edge.importer}:{edge.line}"
        for edge in edges_of(PACKAGE)
        if edge.top_level and not edge.for_types and not edge.importer.startswith(late)
        and edge.imported.startswith(late) and edge.imported != without_numpy
    ]  # fmt: skip
    assert early == []


# ---- the test itself is tested: a small house with one thing wrong ---------------------------


def house(root: Path, files: dict[str, str]) -> Path:
    """Build a package named as ours with an ``__init__`` in each room."""
    package = root / "overlaysim"
    for name, text in {"__init__.py": "", "errors.py": "", "units.py": "", **files}.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text, encoding="utf-8")
    return package


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("wire/udp.py", "from overlaysim.sim import Simulator",
         "overlaysim/wire/udp.py:1: wire is pure and may not import sim"),
        ("gossip/node.py", "import overlaysim.wire.udp",
         "overlaysim/gossip/node.py:1: gossip is pure and may not import wire"),
        ("traffic/ping.py", "\n\ndef late():\n    from overlaysim import sim",
         "overlaysim/traffic/ping.py:4: traffic is pure and may not import sim"),
        ("overlay/vtep.py", "from ..underlay import network",
         "overlaysim/overlay/vtep.py:1: overlay is pure and may not import underlay"),
        ("sim/clock.py",
         "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import overlaysim.host",
         "overlaysim/sim/clock.py:3: sim imports host, which goes up"),
        ("planes/event.py", "from overlaysim.host import host",
         "overlaysim/planes/event.py:1: planes imports host, which it has no business with"),
        ("sim/clock.py", "from overlaysim.measure import audit",
         "overlaysim/sim/clock.py:1: sim imports measure, which goes sideways"),
        ("errors.py", "from overlaysim import units",
         "overlaysim/errors.py:1: errors imports units, which goes up"),
        ("host/host.py", "from overlaysim import Lab",
         "overlaysim/host/host.py:1: host imports overlaysim, which is not in the plan"),
        ("host/host.py", "import simpy",
         "overlaysim/host/host.py:1: only sim may import simpy"),
        ("measure/audit.py", "import networkx as nx",
         "overlaysim/measure/audit.py:1: only underlay may import networkx"),
        ("cli/main.py", "from matplotlib import pyplot",
         "overlaysim/cli/main.py:1: only report may import matplotlib"),
        ("wire/udp.py", "import scapy.all",
         "overlaysim/wire/udp.py:1: scapy is not a dependency of ours"),
    ],
)  # fmt: skip
def test_a_forbidden_import_is_found(tmp_path: Path, file: str, text: str, message: str) -> None:
    rooms = {f"{room}/__init__.py": "" for room in ("sim", "wire", "measure", "underlay", "host")}
    package = house(tmp_path, {**rooms, "measure/audit.py": "", "underlay/network.py": "",
                               file: text})  # fmt: skip
    assert complaints(package) == [message]


def test_allowed_imports_are_let_through(tmp_path: Path) -> None:
    package = house(tmp_path, {
        "lab.py": "from overlaysim.cli import main",
        "cli/main.py": "import json\nfrom overlaysim.version import __version__",
        "sim/clock.py": "import simpy\nfrom overlaysim.errors import ModelError",
        "measure/audit.py": "from overlaysim.sim import clock",
        "traffic/ping.py": "from overlaysim.wire import dns",
    })  # fmt: skip
    assert complaints(package) == []


@pytest.mark.parametrize(
    ("back", "circle"),
    [
        ("from overlaysim.wire import udp", True),
        ("def late():\n    from overlaysim.wire import udp", True),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from overlaysim.wire import udp",
         False),
    ],
)  # fmt: skip
def test_a_circle_is_found_unless_it_is_for_types(tmp_path: Path, back: str, circle: bool) -> None:
    package = house(tmp_path, {"wire/udp.py": "import overlaysim.wire.ip", "wire/ip.py": back})
    found = cycle_in(edges_of(package), modules_of(package))
    assert set(found) == ({"overlaysim.wire.udp", "overlaysim.wire.ip"} if circle else set())
