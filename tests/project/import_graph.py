"""Reads who imports whom in a package, without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path


@dataclass(frozen=True)
class Edge:
    """One import.

    Attributes:
        importer: dotted name of the module that imports.
        imported: dotted name of the module that is imported; a name taken from a package counts as
            the package, unless it is one of its modules.
        line: where it stands, from 1.
        top_level: whether it is carried out when the importer is (not later, in a function).
        for_types: whether it stands under ``if TYPE_CHECKING``, so that it is never carried out.
    """

    importer: str
    imported: str
    line: int
    top_level: bool
    for_types: bool


def modules_of(package: Path) -> dict[str, Path]:
    """Every module of a package by its dotted name; a package has the name of its folder."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = (package.name, *path.relative_to(package).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def edges_of(package: Path) -> list[Edge]:
    """Every import in a package, of its own modules and of others."""
    modules = modules_of(package)
    found: list[Edge] = []
    for module, path in modules.items():
        is_package = path.name == "__init__.py"
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        found += _edges(tree, module, is_package, frozenset(modules), top_level=True, types=False)
    return found


def _edges(
    node: ast.AST, module: str, is_package: bool, known: frozenset[str], *,
    top_level: bool, types: bool,
) -> Iterator[Edge]:  # fmt: skip
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Edge(module, alias.name, node.lineno, top_level, types)
    elif isinstance(node, ast.ImportFrom):
        base = _absolute(node, module, is_package)
        for alias in node.names:
            whole = f"{base}.{alias.name}"
            if whole in known:
                yield Edge(module, whole, node.lineno, top_level, types)
            else:
                yield Edge(module, base, node.lineno, top_level, types)
    elif isinstance(node, ast.If) and _is_type_checking(node.test):
        for child in node.body:
            yield from _edges(child, module, is_package, known, top_level=top_level, types=True)
        for child in node.orelse:
            yield from _edges(child, module, is_package, known, top_level=top_level, types=types)
    else:
        later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            yield from _edges(
                child, module, is_package, known, top_level=top_level and not later, types=types
            )


def _absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The dotted name that ``from … import`` means, with the leading points resolved."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    up = node.level - 1 if is_package else node.level
    parts = parts[: len(parts) - up]
    return ".".join([*parts, node.module] if node.module else parts)


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def cycle_in(edges: Iterable[Edge], modules: Iterable[str]) -> list[str]:
    """Return modules that import one another in a circle, the first one again last; [] if none.

    Imports for types do not count; imports inside functions do, for they hide a knot, not undo it.
    """
    known = set(modules)
    graph: dict[str, set[str]] = {module: set() for module in known}
    for edge in edges:
        if edge.imported in known and not edge.for_types:
            graph[edge.importer].add(edge.imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []
