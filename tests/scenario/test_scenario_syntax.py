"""From bytes to nodes: hostile files, YAML's traps, JSON and TOML."""

from __future__ import annotations

import json
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_reading import problem, problems, read

from overlaysim.errors import InputError
from overlaysim.scenario import syntax
from overlaysim.scenario.model import RunStep
from overlaysim.scenario.nodes import List, Map, Node, ProblemLog, Scalar
from overlaysim.scenario.syntax import read_yaml


def plain(node: Node) -> object:
    """A tree without places."""
    match node:
        case Scalar():
            return node.text
        case List():
            return [plain(item) for item in node.items]
        case Map():
            return {key: plain(value) for key, (_, value) in node.entries.items()}


TRAPS = """\
mac: 52:54:00:12:34:56
ports: [22:22, 80:80]
t: 12:30:45
rate: 1e9
x: on
on: no
v: 010
n: null
tilde: ~
date: 2026-11-22
hex: 0x1F
"""


@pytest.mark.parametrize("loader", [yaml.SafeLoader, syntax._LOADER])
def test_every_scalar_stays_the_text_it_is(
    loader: type[yaml.SafeLoader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syntax, "_LOADER", loader)
    assert plain(read_yaml(TRAPS, ProblemLog("x"))) == {
        "mac": "52:54:00:12:34:56",
        "ports": ["22:22", "80:80"],
        "t": "12:30:45",
        "rate": "1e9",
        "x": "on",
        "on": "no",
        "v": "010",
        "n": "null",
        "tilde": "~",
        "date": "2026-11-22",
        "hex": "0x1F",
    }


@pytest.mark.parametrize("loader", [yaml.SafeLoader, syntax._LOADER])
def test_places_count_characters_from_one(
    loader: type[yaml.SafeLoader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syntax, "_LOADER", loader)
    text = "é: {ü: 'quoted'}\nrun: |\n\n   first\n     second\nend: x"
    root = read_yaml(text, ProblemLog("x"))
    assert isinstance(root, Map)
    inner = root.entries["é"][1]
    assert isinstance(inner, Map)
    key, value = inner.entries["ü"]
    assert (key.line, key.column, value.line, value.column) == (1, 5, 1, 8)
    assert isinstance(value, Scalar)
    assert value.rows[0].column == 9
    block = root.entries["run"][1]
    assert isinstance(block, Scalar)
    assert [(row.text, row.line, row.column) for row in block.rows] == [
        ("", 3, 1), ("first", 4, 4), ("  second", 5, 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: the file is empty; a scenario begins with name: and a word, "
         "as in name: link-cut"),
        ("# only a comment\n", "1:1: the file is empty; a scenario begins with name: and a word, "
         "as in name: link-cut"),
        ("name", '1:1: expected keys and values, found "name"; for example name: link-cut'),
        ("- name", "1:1: expected keys and values, found a list; for example name: link-cut"),
        ("name: x\0", "1:8: the character U+0000 cannot be in a scenario"),
        ("name: x\nabout: \x1b[31m", "2:8: the character U+001B cannot be in a scenario"),
        ("about: a\u2028b", "1:9: the character U+2028 cannot be in a scenario"),
        ("about: \ud800", "1:8: the character U+D800 cannot be in a scenario"),
        (b"name: x\nabout: caf\xe9\n", "2:11: byte 0xe9 is not UTF-8; save the file as UTF-8"),
        ("name: x\nabout:\n\ttabbed: 1\n", "3:1: a tab cannot indent; use spaces"),
        ("name: &a x", "1:7: anchors and aliases (& and *) are not read; write the value out"),
        ("name: *a", "1:7: anchors and aliases (& and *) are not read; write the value out"),
        ("name: !!python/object:os.system x",
         "1:7: tags (!) are not read; write the plain value"),
        ("seed: !!int 3", "1:7: tags (!) are not read; write the plain value"),
        ("? [a]\n: 3", "1:3: a key is a word, not a list or map"),
        ("name: x\n---\nname: y\n", "2:1: a second document; a file is one scenario"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read(text: str | bytes, message: str) -> None:
    assert problem(text) == f"x.yml:{message}"


@pytest.mark.parametrize("loader", [yaml.SafeLoader, syntax._LOADER])
def test_broken_yaml_gets_a_place_and_a_hint(
    loader: type[yaml.SafeLoader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syntax, "_LOADER", loader)
    colon = problem("name: x\nabout: a: b")
    assert colon.startswith("x.yml:2:9: not YAML: mapping values are not allowed")
    assert colon.endswith("a text with a colon in it needs quotes around it")
    assert problem("name: [x").startswith("x.yml:")


ALIAS_BOMB = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [*{old}, *{old}, *{old}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (ALIAS_BOMB, "x.yml",
         "1:4: anchors and aliases (& and *) are not read; write the value out"),
        ("[" * 20_000, "x.yml", "1:33: nested deeper than 32 levels"),
        ("{a: " * 20_000, "x.yml", "1:129: nested deeper than 32 levels"),
        ("- " * 20_000, "x.yml", "1:65: nested deeper than 32 levels"),
        ("x: " + "a" * 2_000_000, "x.yml",
         " the file is longer than 1000000 bytes, the most that is read"),
        ("a = " + "[" * 20_000, "x.toml", " nested deeper than 32 levels"),
        ("a." * 400_000 + "b = 1", "x.toml", "1:1: more than 200 dots in one line"),
    ],
)  # fmt: skip
def test_a_bomb_is_one_problem_and_quick(text: str, name: str, message: str) -> None:
    began = time.process_time()
    # Newer versions of libyaml give up by themselves, at a depth of 1000, further to the right.
    assert problem(text, name).replace(":1001:", ":33:") == f"{name}:{message}"
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "text",
    [
        "[" + "a," * 450_000 + "]",
        "name: x\ntimeline: [" + "a," * 450_000 + "]",
        "name: x\nexpect: ['" + "ping(" * 150_000 + "']",
        "name: " + "9" * 900_000,
        "name: x\nduration: 1 " + " " * 900_000 + "y",
        "name: x\nabout: |\n" + "  a\n" * 200_000 + "x",
    ],
)
def test_a_huge_file_ends_soon(text: str) -> None:
    began = time.process_time()
    assert len(problems(text)) <= 101
    assert time.process_time() - began < 8


JSON_AND_YAML = {
    "name": "x", "seed": 7, "underlay": {"hosts": ["a", "b"], "link": {"rate": "1 Gbit/s"}},
    "timeline": [{"on": "a", "run": ["docker ps"], "fails": True}], "about": "a / b \" \\ é",
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_json_is_read_by_the_same_reader(indent: int | str | None) -> None:
    scenario = read(json.dumps(JSON_AND_YAML, indent=indent), "x.json")
    assert (scenario.seed, scenario.about) == (7, 'a / b " \\ é')
    assert scenario == read(json.dumps(JSON_AND_YAML, indent=indent, ensure_ascii=False))


TOML = """\
name = "x"
seed = 7
[underlay]
hosts = ["a", "b"]
link = {rate = "1 Gbit/s"}
[[timeline]]
on = "a"
fails = true
run = \"\"\"
docker ps
docker node ls\"\"\"
"""


def test_toml_gives_the_same_scenario() -> None:
    scenario = read(TOML, "x.toml")
    (step,) = scenario.timeline
    assert isinstance(step, RunStep)
    assert (scenario.seed, scenario.underlay.topology.hosts) == (7, ("a", "b"))
    assert [command.text for command in step.commands] == ["docker ps", "docker node ls"]
    assert step.fails is True


def test_problems_of_toml_name_the_key_path() -> None:
    assert problem(TOML.replace("node ls", "\nnod ls").replace("docker \n", "\n"), "x.toml") == (
        "x.toml: timeline[0].run: no command called nod"
    )
    assert problem("name = 'x'\nseed = 1979-05-27\n", "x.toml") == (
        'x.toml: seed: "1979-05-27" is not a whole number from 0 to 9223372036854775807; '
        "for example 7"
    )
    assert problem("name = 'x'\nseed = = 1\n", "x.toml").startswith("x.toml:2:8: not TOML: ")


def refused_or_read(source: str | bytes, name: str) -> None:
    """Reading gives a scenario or printable problems; any other exception fails the test."""
    found = None
    try:
        read(source, name)
    except InputError as error:
        found = error.problems
    assert found is None or found
    assert all(str(problem).isprintable() for problem in found or ())


NAMES = st.sampled_from(["x.yml", "x.toml", "x.json"])


@settings(deadline=None)
@given(st.binary(max_size=200), NAMES)
def test_no_bytes_raise_anything_else(data: bytes, name: str) -> None:
    refused_or_read(data, name)


@settings(deadline=None)
@given(st.text(max_size=200), NAMES)
def test_no_text_raises_anything_else(text: str, name: str) -> None:
    refused_or_read(text, name)


PIECES = (
    "name: x", "seed: ", "underlay:", "  hosts: ", "  nodes: {a: host, s: switch}", "  links:",
    "  link: {", "timeline:", "traffic:", "expect:", "  - ", "    run: |", "    run: >-",
    "    on: host-a", "[", "]", "{", "}", ": ", ", ", "10 s", "1 Gbit/s", "5", "docker ps",
    "ping(a, b).received >= 1", "between: [host-a, switch]", "fault: {link: [host-a, switch]",
    "topology: fat-tree", "k: 3", "topology: ring", "switches: 2", "#", "'", '"', "\\", "&a ",
    "*a", "! ", "? ", "---", "\t", " ", "subnet: 1.2.3.4/30", "duration: 1 s", "at: 2 s",
    "every: 1 s", "until: 1 s", "kind: ping", "from: a", "to: b", "start: 1 s", "~", "<<: ",
)  # fmt: skip
ENDS = ("", "\n", "\n  ", "\n    ")


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(ENDS)), max_size=30))
def test_no_shuffled_scenario_raises_anything_else(pieces: list[tuple[str, str]]) -> None:
    refused_or_read("".join(piece + end for piece, end in pieces), "x.yml")
