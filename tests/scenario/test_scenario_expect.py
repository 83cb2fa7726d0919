"""The language of expectations: what it reads, what it refuses, what its verdicts say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario_reading import METRICS

from overlaysim.scenario.expect import Expectation
from overlaysim.scenario.grammar import ExpectationError, parse_expectation, usage
from overlaysim.units import MS, SECOND, US


def parse(text: str) -> Expectation:
    return parse_expectation(text, METRICS, known={"host": ("host-a", "host-b")}, line=3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ping(client, web).received >= 60", (("client", "web"), {}, "received", ">=", 60)),
        ("ping(a,b).rtt<250us", (("a", "b"), {}, "rtt", "<", 250 * US)),
        ("  ping ( a , tasks.api ) . loss == 1.5 % ",
         (("a", "tasks.api"), {}, "loss", "==", 0.015)),
        ("ping(a, 10.0.1.6, protocol=icmp).received != 0",
         (("a", "10.0.1.6"), {"protocol": "icmp"}, "received", "!=", 0)),
        ("dropped(reason=no-peer) <= 2.5", ((), {"reason": "no-peer"}, "", "<=", 2.5)),
        ("dropped() == 0", ((), {}, "", "==", 0)),
        ("overhead().size > 1 MB", ((), {}, "size", ">", 1_000_000)),
        ("overhead() > 1", ((), {}, "", ">", 1)),
    ],
)  # fmt: skip
def test_what_is_read(text: str, expected: tuple[Any, ...]) -> None:
    found = parse(text)
    assert (found.text, found.line) == (text.strip(), 3)
    assert found.metric is METRICS[text.strip().partition("(")[0].strip()]
    assert (found.arguments, found.keywords, found.field, found.op, found.value) == expected


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("", 0, "expected a metric, for example ping(client, web).received >= 60, "
         "found the end of the line"),
        ("(a)", 0, "expected a metric, for example ping(client, web).received >= 60, "
         'found "(a)"'),
        ("pinq(a, b).rtt < 1 s", 0, 'there is no metric "pinq"; did you mean ping?'),
        ("jitter(a) < 1 s", 0,
         'there is no metric "jitter"; there are dropped, overhead, ping, stale'),
        ("ping >= 60", 5, 'expected the arguments, as in ping(from, to, [protocol=…]), '
         'found ">= 60"'),
        ("ping(a).rtt < 1 s", 4, "ping takes 2 arguments (from, to), found 1"),
        ("dropped(a) == 0", 7, "dropped takes no arguments, found 1"),
        ("ping(a b).rtt < 1 s", 7, 'expected "," or ")", found "b).rtt < 1 s"'),
        ("ping(a, ).rtt < 1 s", 8,
         'expected an argument, as in ping(from, to, [protocol=…]), found ").rtt < 1 s"'),
        ("ping(, b).rtt < 1 s", 5,
         'expected an argument, as in ping(from, to, [protocol=…]), found ", b).rtt < 1 s"'),
        ("ping(a, b", 9, 'expected "," or ")", found the end of the line'),
        ("dropped(raeson=mtu) == 0", 8, 'dropped has no "raeson"; did you mean reason?'),
        ("dropped(x=mtu) == 0", 8, 'dropped has no "x"; allowed are reason'),
        ("overhead(x=mtu) == 0", 9, 'overhead has no "x"'),
        ("dropped(reason=) == 0", 15, 'expected a value for reason, found ") == 0"'),
        ("dropped(reason=a, reason=b) == 0", 18, "reason is there twice"),
        ("ping(protocol=udp, a, b).rtt < 1 s", 19, '"a" comes after a key=value'),
        ("ping(a, b) >= 60", 11, "expected a point and one of received, rtt, loss, "
         'found ">= 60"'),
        ("ping(a, b).rrt < 1 s", 11, 'ping has no "rrt"; did you mean rtt?'),
        ("ping(a, b).x < 1 s", 11, 'ping has no "x"; there are received, rtt, loss'),
        ("dropped().count == 0", 9, 'expected a comparison: >=, >, <=, <, ==, !=, '
         'found ".count == 0"'),
        ("ping(a, b).rtt = 1 s", 15, 'expected a comparison: >=, >, <=, <, ==, !=, '
         'found "= 1 s"'),
        ("ping(a, b).rtt <", 16, "expected a value, found the end of the line"),
        ("ping(a, b).rtt < 1", 17, '"1" is not a duration; write a number and ps, ns, us, ms, s, '
         "min, h, for example 50 us"),
        ("ping(a, b).received < 1 s", 22,
         '"1 s" is not a count; write a bare number, for example 60'),
        ("ping(a, b).received >= 60; rm -rf", 23,
         '"60; rm -rf" is not a count; write a bare number, for example 60'),
        ("ping(a, b).loss < 0.01", 18, '"0.01" is not a share; write a number from 0 to 100 '
         "and %, for example 1 %"),
        ("overhead().size > 5", 18, '"5" is not a size; write a number and B, kB, MB, GB, KiB, '
         "MiB, GiB, for example 1500 B"),
        ("stale(host-x, web).time < 1 s", 6, 'there is no host "host-x"; did you mean host-b?'),
        ("__import__('os').system('id') == 0", 0, 'there is no metric "__import__"; '
         "there are dropped, overhead, ping, stale"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, offset: int, message: str) -> None:
    with pytest.raises(ExpectationError) as caught:
        parse(text)
    assert (caught.value.offset, str(caught.value)) == (offset, message)


def verdict(text: str, measured: float | None) -> tuple[bool, float | None, str]:
    """Check a line about ``ping(a, b)`` or about nothing in particular."""
    expectation = parse(text)
    key: Any = (expectation.arguments, tuple(expectation.keywords.items()), expectation.field)
    found = expectation.check({key: measured})
    return found.holds, found.measured, found.text


@pytest.mark.parametrize(
    ("text", "measured", "holds", "shown"),
    [
        ("ping(a, b).received >= 60", 58, False, "fails, 58 received"),
        ("ping(a, b).received >= 60", 60, True, "holds, 60 received"),
        ("ping(a, b).received == 1000000", 999_999, False, "fails, 999999 received"),
        ("ping(a, b).rtt < 1 s", 412 * MS, True, "holds, 412.000 ms rtt"),
        ("ping(a, b).rtt < 2 s", 2 * SECOND, False, "fails, 2.000 s rtt"),
        ("ping(a, b).rtt <= 2 s", 2 * SECOND + 1, False, "fails, 2.000000000001 s rtt"),
        ("ping(a, b).loss <= 1 %", 0.0100001, False, "fails, 1.00001 % loss"),
        ("ping(a, b).loss != 0 %", 0.25, True, "holds, 25.000 % loss"),
        ("dropped() == 0", 3, False, "fails, 3"),
        ("dropped(reason=mtu) > 2", 3, True, "holds, 3"),
        ("overhead().size < 5 kB", 6000, False, "fails, 6000 B size"),
    ],
)
def test_a_verdict_says_what_was_measured(
    text: str, measured: float, holds: bool, shown: str
) -> None:
    assert verdict(text, measured) == (holds, measured, f"{text}: {shown}")


def test_nothing_to_measure_is_a_failure() -> None:
    text = "ping(a, b).received >= 0"
    reason = "fails, nothing to measure: the run has no ping(a, b)"
    assert verdict(text, None) == (False, None, f"{text}: {reason}")


def test_usage_shows_what_may_be_left_out() -> None:
    assert [usage(METRICS[name]) for name in ("ping", "dropped")] == [
        "ping(from, to, [protocol=…])", "dropped([reason=…])",
    ]  # fmt: skip


TOKENS = ("ping", "dropped", "(", ")", ",", "=", "==", ">=", "<", ".", "rtt", "a", "1 s", "5", " ")


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(TOKENS)).map("".join)))
def test_any_line_is_read_or_refused_inside_itself(text: str) -> None:
    offset = 0
    try:
        parse(text)
    except ExpectationError as error:
        offset = error.offset
    assert 0 <= offset <= len(text)
