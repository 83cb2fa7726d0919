"""The JSON Schema and the reference text say what the field table says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from scenario_reading import FakeTiming

from overlaysim.cluster.timing import Timing
from overlaysim.errors import InputError
from overlaysim.scenario.fields import Section
from overlaysim.scenario.gossip_keys import GOSSIP
from overlaysim.scenario.keys import DNS, STEP, UNDERLAY, scenario_section
from overlaysim.scenario.kinds import ON_OFF
from overlaysim.scenario.link_keys import LINK
from overlaysim.scenario.nodes import ProblemLog, from_values
from overlaysim.scenario.schema import json_schema, reference_text
from overlaysim.scenario.shapes import Either, Kind, ListOf, MapOf, Word
from overlaysim.scenario.variants import Variants
from overlaysim.underlay.spec import PROPERTIES, LinkSpec


def compare(kind: Kind, schema: dict[str, Any], path: str) -> list[str]:
    """Walk the table and the schema side by side; give the paths of all words."""
    match kind:
        case Section():
            assert schema["type"] == "object"
            assert schema["additionalProperties"] is False
            assert list(schema["properties"]) == [field.key for field in kind.fields]
            required = [field.key for field in kind.fields if field.required]
            assert schema.get("required", []) == required
            words = []
            for field in kind.fields:
                inner = schema["properties"][field.key]
                assert inner["description"] == field.help
                assert inner.get("default") == field.default
                words += compare(field.kind, inner, f"{path}.{field.key}")
            return words
        case Variants():
            assert len(kind.sections) == len(schema["oneOf"])
            words = []
            for (key, section), inner in zip(kind.sections.items(), schema["oneOf"], strict=True):
                assert key in inner["required"]
                words += compare(section, inner | {"required": inner["required"][1:]}, path)
            return words
        case ListOf():
            assert schema["type"] == "array"
            return compare(kind.item, schema["items"], f"{path}[]")
        case MapOf():
            return compare(kind.item, schema["additionalProperties"], f"{path}.*")
        case Either():
            several = compare(kind.several, schema["anyOf"][1], path)
            return compare(kind.word, schema["anyOf"][0], path) + several
        case Word():
            assert_word(kind, schema)
    return [path]


def assert_word(word: Word, schema: dict[str, Any]) -> None:
    """The example and the choices of a word are good for both, and nonsense for neither."""
    example = word.example
    assert word.parse(example) is not None
    if "pattern" in schema:
        assert re.search(schema["pattern"], example)
        assert not re.search(schema["pattern"], "\x00")
    for choice in schema.get("enum", ()):
        assert word.parse(choice) == (choice == "on" if word is ON_OFF else choice)
    if "enum" in schema:
        allowed = "is not on or off" if word is ON_OFF else f"one of {', '.join(schema['enum'])}"
        with pytest.raises(InputError, match=allowed):
            word.parse("nonsense")


def test_every_key_of_the_table_is_in_the_schema_and_the_other_way_round() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    words = compare(scenario_section(Timing), schema, "")
    assert {".name", ".underlay.link.rate", ".timeline[].fault.link[]", ".dns.records.*"} < set(
        words
    )
    assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize(
    "section", [UNDERLAY, LINK, STEP, DNS, GOSSIP, scenario_section(FakeTiming)]
)
def test_every_default_is_readable_as_it_is_written(section: Section) -> None:
    log = ProblemLog("defaults")
    for field in section.fields:
        if field.default is not None:
            assert field.kind.read(from_values(field.default), field.key, log) is not None
    assert len(log) == 0


def test_link_defaults_are_those_of_the_underlay() -> None:
    properties: dict[str, Any] = {}
    for field in LINK.fields:
        properties |= field.kind.read(from_values(field.default), field.key, ProblemLog("x"))
    assert LinkSpec(**properties) == LinkSpec()
    assert [field.key for field in LINK.fields] == list(PROPERTIES)


def test_a_step_needs_exactly_one_of_its_alternatives_and_an_underlay_at_most_one() -> None:
    schema = json_schema(FakeTiming)
    step = schema["properties"]["timeline"]["items"]
    assert step["oneOf"] == [{"required": [key]} for key in ("run", "fault", "wait")]
    assert step["dependentRequired"] == {
        "on": ["run"], "run": ["on"], "fails": ["run"], "every": ["until"], "until": ["every"],
    }  # fmt: skip
    shapes = [{"required": [key]} for key in ("topology", "file", "nodes")]
    underlay = schema["properties"]["underlay"]
    assert underlay["oneOf"] == [*shapes, {"not": {"anyOf": shapes}}]


def test_the_schema_knows_the_numbers_and_lengths() -> None:
    properties = json_schema(FakeTiming)["properties"]
    assert properties["seed"] == {
        "description": "of all randomness", "type": "integer", "minimum": 0,
        "maximum": 2**63 - 1, "default": 1,
    }  # fmt: skip
    fault = properties["timeline"]["items"]["properties"]["fault"]["oneOf"][0]
    link = fault["properties"]["link"]
    assert (link["minItems"], link["maxItems"], link["uniqueItems"]) == (2, 2, True)
    timing = properties["timing"]["properties"]
    assert list(timing) == ["container_start", "swarm_join"]
    assert timing["container_start"]["default"] == "380.000 ms"


def test_the_reference_has_a_line_for_each_key() -> None:
    lines = reference_text(FakeTiming).splitlines()
    keys = [line.split()[0] for line in lines]
    assert keys[:5] == ["name", "about", "seed", "underlay", "underlay.topology"]
    assert {
        "timeline[].fault.link",
        "traffic[].arrivals",
        "timing.swarm_join",
        "timeline[].fault.partition",
        "gossip.probe_interval",
        "managers",
        "late",
    } < set(keys)
    columns = {line.split()[0]: re.split(r"\s{2,}", line)[1:] for line in lines}
    assert columns["underlay.link.rate"] == [
        "a rate, default 1 Gbit/s", "bits per second, in each direction",
    ]  # fmt: skip
    assert columns["timeline[].fails"][0] == "true or false, default false"
    assert columns["traffic"][0] == "a list of flows"
    assert columns["name"][0] == "a name for a scenario, required"
