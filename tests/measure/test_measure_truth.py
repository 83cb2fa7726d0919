from __future__ import annotations

import pytest
from measure_fakes import NET

from overlaysim.measure.truth import ABSENT, CORRECT, Truth, candidates


@pytest.fixture
def truth() -> Truth:
    """``web`` moved from .2 to .9; its alias left .2 with it; ``other`` then took .2."""
    truth = Truth()
    for name in ("web", "alias"):
        truth.add(10, NET, name, "10.0.1.2")
    truth.remove(20, NET, "web", "10.0.1.2")
    truth.add(30, NET, "web", "10.0.1.9")
    return truth


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        (["10.0.1.9"], CORRECT),
        ([], ("missing",)),
        (["10.0.1.9", "10.0.1.2"], ("stale",)),
        (["10.0.1.2"], ("missing", "stale")),
        (["10.0.1.9", "10.0.1.77"], ("wrong",)),
        (["10.0.1.2", "10.0.1.77"], ("missing", "stale", "wrong")),
    ],
)
def test_verdicts(truth: Truth, answers: list[str], verdict: tuple[str, ...]) -> None:
    assert truth.judge(NET, "web", answers) == verdict


def test_a_name_that_nobody_has_and_nobody_answers_is_absent(truth: Truth) -> None:
    assert truth.judge(NET, "nobody", []) == ABSENT
    assert truth.judge(NET, "nobody", ["10.0.1.2"]) == ("wrong",)


def test_an_alias_that_kept_the_address_is_not_somebody_else(truth: Truth) -> None:
    assert truth.addresses(NET, "alias") == ("10.0.1.2",)
    assert truth.fault(NET, "web", "10.0.1.2") == "stale"


def test_a_stale_address_turns_wrong_when_somebody_else_gets_it(truth: Truth) -> None:
    truth.add(40, NET, "other", "10.0.1.2")
    assert truth.fault(NET, "web", "10.0.1.2") == "wrong"
    truth.remove(50, NET, "other", "10.0.1.2")
    assert truth.fault(NET, "web", "10.0.1.2") == "stale"


def test_an_address_reassigned_at_the_very_instant_is_wrong() -> None:
    truth = Truth()
    truth.add(1, NET, "old", "10.0.1.2")
    truth.remove(5, NET, "old", "10.0.1.2")
    truth.add(5, NET, "new", "10.0.1.2")
    assert truth.judge(NET, "old", ["10.0.1.2"]) == ("wrong",)


def test_other_networks_do_not_make_an_address_wrong(truth: Truth) -> None:
    truth.add(40, "elsewhere", "other", "10.0.1.2")
    assert truth.fault(NET, "web", "10.0.1.2") == "stale"


def test_an_address_that_comes_back_is_right_again_and_newest(truth: Truth) -> None:
    assert truth.add(40, NET, "web", "10.0.1.2")
    assert not truth.add(41, NET, "web", "10.0.1.2")
    assert truth.addresses(NET, "WEB.") == ("10.0.1.9", "10.0.1.2")
    assert not truth.remove(42, NET, "web", "10.0.1.3")


def test_search_order_is_dockers() -> None:
    assert candidates(["n1", "b.c"], "a.b.c") == [("n1", "a.b.c"), ("b.c", "a.b.c"), ("b.c", "a")]


def test_names_may_be_qualified_by_their_network(truth: Truth) -> None:
    meaning, verdict = truth.judge_answer([NET], "Web.net.", NET, ["10.0.1.9"])
    assert meaning is not None
    assert (meaning.name, verdict) == ("web", CORRECT)


def test_the_first_network_that_has_the_name_wins(truth: Truth) -> None:
    truth.add(30, "a-net", "web", "10.0.2.2")
    networks = ["a-net", NET]
    assert truth.judge_answer(networks, "web", "a-net", ["10.0.2.2"])[1] == CORRECT
    assert truth.judge_answer(networks, "web", NET, ["10.0.1.9"])[1] == ("missing", "wrong")
    assert truth.judge_answer(networks, "web", NET, ["10.0.1.2"])[1] == ("missing", "stale")
    assert truth.judge_answer(networks, "web", "", [])[1] == ("missing",)


def test_a_dead_qualified_name_is_judged_by_its_history(truth: Truth) -> None:
    truth.remove(40, NET, "web", "10.0.1.9")
    assert truth.judge_answer([NET], "web.net", NET, ["10.0.1.9"]) == (None, ("stale",))
    assert truth.judge_answer([NET], "web", "", []) == (None, CORRECT)
