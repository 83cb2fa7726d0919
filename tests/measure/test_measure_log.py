from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.errors import InputError
from overlaysim.measure import read_events, read_packets
from overlaysim.measure.log import EVENT_TYPES, LARGEST, parse_event
from overlaysim.measure.packet_log import NEEDED, PART_COLUMNS
from overlaysim.sim.events import FaultBegan, LookedUp, MemberChanged

PAGE = Path(__file__).parents[2] / "docs" / "event-log.md"

VALUES: dict[object, st.SearchStrategy[Any]] = {
    int: st.integers(0, LARGEST),
    str: st.text(max_size=8),
    bool: st.booleans(),
    tuple[str, ...]: st.lists(st.text(max_size=5), max_size=3).map(tuple),
}
any_event = st.one_of(
    *(
        st.builds(event, **{key: VALUES[kind] for key, kind in fields.items()})
        for event, fields in EVENT_TYPES.values()
    )
)


def line_of(event: Any) -> str:
    return json.dumps({"event": type(event).__name__, **asdict(event)})


@given(any_event)
def test_every_event_comes_back_as_it_was(event: Any) -> None:
    assert parse_event(line_of(event)) == event


def test_the_page_describes_every_event_with_its_fields() -> None:
    rows = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = line.split("|")
        if len(cells) > 3 and re.fullmatch(r" `[A-Z]\w+` ", cells[1]):
            rows[cells[1].strip(" `")] = re.findall(r"`(\w+)`", cells[2])
    assert rows == {name: list(fields) for name, (_, fields) in EVENT_TYPES.items()}


def test_the_page_describes_every_column() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = text[text.index("| column |") :]
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|[^|]*\|", table, re.M)))) == {
        *NEEDED, *PART_COLUMNS,
    }  # fmt: skip


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


GOOD = line_of(MemberChanged(5, "host-a", "host-b", "failed"))


def test_a_log_is_read_in_order(tmp_path: Path) -> None:
    events = (MemberChanged(5, "a", "b", "failed"), FaultBegan(5, 1, "x", ("a",)))
    assert read_events(written(tmp_path / "log", *map(line_of, events))) == events
    assert read_events(written(tmp_path / "log")) == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", '"" is not one JSON object'),
        ("[1]", '"[1]" is not one JSON object'),
        ("{" * 5000, "is not one JSON object"),
        ("[" * 200_000, "is not one JSON object"),
        (GOOD[:-1], "is not one JSON object"),
        (GOOD.replace("5", "5, \"at\": 6"), "is not one JSON object"),
        (GOOD.replace("5", "NaN"), "is not one JSON object"),
        (GOOD.replace("5", "9" * 5000), "is not one JSON object"),
        (GOOD.replace("MemberChanged", "MembrChanged"),
         'event: "MembrChanged" is no event; did you mean MemberChanged?'),
        (GOOD.replace("MemberChanged", "FrameSeen"), 'event: "FrameSeen" is no event'),
        ('{"at": 5}', 'event: "None" is no event'),
        ('{"event": ["x"]}', "is no event"),
        (GOOD.replace('"member"', '"membre"'),
         "membre: MemberChanged has no such field; did you mean member?"),
        (GOOD.replace(', "state": "failed"', ""), "state: MemberChanged needs it"),
        (GOOD.replace("5", "5.0"), 'at: "5.0" is not a whole number that is not negative'),
        (GOOD.replace("5", "true"), 'at: "true" is not a whole number'),
        (GOOD.replace("5", "-5"), 'at: "-5" is not a whole number'),
        (GOOD.replace("5", str(LARGEST + 1)), "is not a whole number"),
        (GOOD.replace('"failed"', "null"), 'state: "null" is not text'),
        (GOOD.replace("5", "1"), "at: 1 ps comes after 2 ps; events are in time order"),
        ('{"event": "FaultBegan", "at": 9, "number": 1, "what": "x", "hosts": "host-a"}',
         "is not a list of texts"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_and_nothing_is_read(tmp_path: Path, line: str, said: str) -> None:
    log = written(tmp_path / "log.jsonl", GOOD.replace("5", "2"), line, GOOD)
    with pytest.raises(InputError) as caught:
        read_events(log)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(log), 2)
    assert said in str(problem)
    assert len(str(problem)) < 400


def test_hostile_text_in_a_message_is_visible(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_events(written(tmp_path / "log", "\x1b[31m\u202e"))
    assert str(caught.value).isprintable()


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_events(tmp_path / "none")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\n")
    with pytest.raises(InputError, match="is not text in UTF-8"):
        read_events(tmp_path / "bytes")


HEAD = "kind,protocol,source,intended,reached,reason,where,born_ps,ended_ps"
ROW = "data,udp,a@x,b@y,b@y,,,10,20"


def test_a_table_of_another_program_is_read(tmp_path: Path) -> None:
    (row,) = read_packets(written(tmp_path / "p", f"extra,{HEAD}", f"'=1,{ROW}"))
    assert (row.source, row.reached, row.born, row.ended) == ("a@x", "b@y", 10, 20)
    assert row.parts == (0,) * 7


def test_the_apostrophe_that_tames_formulas_is_taken_off(tmp_path: Path) -> None:
    table = written(tmp_path / "p", HEAD, ROW.replace("a@x", "'=a").replace("b@y", "'b"))
    (row,) = read_packets(table)
    assert (row.source, row.intended) == ("=a", "'b")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW[:-3], "has not as many cells as the first line"),
        (f"{ROW},1", "has not as many cells as the first line"),
        (ROW.replace("10", "ten"), 'born_ps: "ten" is not a whole number of picoseconds'),
        (ROW.replace("10", "-1"), 'born_ps: "-1" is not'),
        (ROW.replace("10", "1" * 30), "is not a whole number"),
        (ROW.replace("10", "30"), "ended_ps: a packet cannot end before it is born"),
        (ROW.replace(",,,", ",loss,l,"), "reached: a packet has either reached somebody"),
        (ROW.replace("b@y,b@y", "b@y,"), "reached: a packet has either reached somebody"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, said: str) -> None:
    table = written(tmp_path / "p.csv", HEAD, ROW, row)
    with pytest.raises(InputError) as caught:
        list(read_packets(table))
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(table), 3)
    assert said in str(problem)


def test_a_table_without_a_column_or_with_a_broken_quote(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="1:1: reason: there is no such column"):
        list(read_packets(written(tmp_path / "p", HEAD.replace("reason,", ""))))
    with pytest.raises(InputError, match="kind: there is no such column"):
        list(read_packets(written(tmp_path / "p")))
    with pytest.raises(InputError, match="p:2:1: "):
        list(read_packets(written(tmp_path / "p", HEAD, '"a"b,' + ROW)))


def test_look_ups_keep_their_lists() -> None:
    event = LookedUp(1, 2, "a", "c@a", ("n", "m"), "n", "web", "A", "NOERROR", ("10.0.0.1",), False)
    assert parse_event(line_of(event)).networks == ("n", "m")
