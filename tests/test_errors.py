"""What a user reads when something is wrong."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from overlaysim.errors import InputError, Problem, nearest, quote, visible


def test_a_problem_says_where_what_and_which_key() -> None:
    assert str(Problem("a.yml", 10, 19, "underlay.link", "is wrong")) == (
        "a.yml:10:19: underlay.link: is wrong"
    )
    assert str(Problem("a.yml", 0, 0, "", "is empty")) == "a.yml: is empty"


def test_problems_are_sorted_by_place() -> None:
    places = [(10, 1), (2, 9), (2, 10)]
    sorted_ones = sorted(Problem("a", line, column, "", "") for line, column in places)
    assert [(p.line, p.column) for p in sorted_ones] == [(2, 9), (2, 10), (10, 1)]


def test_an_input_error_prints_all_of_its_problems() -> None:
    error = InputError([Problem("a", 1, 2, "k", "x"), Problem("a", 3, 4, "", "y")])
    assert str(error) == "a:1:2: k: x\na:3:4: y"
    assert InputError("just words").problems == ()


def test_the_nearest_spelling() -> None:
    assert nearest("timelime", ["name", "timeline"]) == "; did you mean timeline?"
    assert nearest("GBIT/S", ["Mbit/s", "Gbit/s"]) == "; did you mean Gbit/s?"
    assert nearest("x", ["name", "timeline"]) == ""
    assert nearest("", []) == ""


def test_a_long_word_has_no_nearest_spelling_and_costs_nothing() -> None:
    began = time.process_time()
    assert nearest("timeline" * 100_000, ["timeline"]) == ""
    assert time.process_time() - began < 0.1


def test_hostile_text_is_made_visible() -> None:
    assert visible("caf\xe9 50 µs") == "caf\xe9 50 µs"
    assert visible("a\x1b[2Jb\r\n\u202e\ud800\U000e0001") == (
        "a\\x1b[2Jb\\r\\n\\u202e\\ud800\\U000e0001"
    )
    assert quote("a" * 99) == f'"{"a" * 59}…"'
    assert quote("\0") == '"\\x00"'


@given(st.text(), st.text(), st.text())
def test_no_problem_prints_more_than_one_line(file: str, key: str, message: str) -> None:
    assert str(Problem(file, 1, 1, key, message)).isprintable()
