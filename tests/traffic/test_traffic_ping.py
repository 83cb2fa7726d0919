"""ping: what it prints, how long it waits, and its exit status.

The texts were compared with a real busybox 1.35 on 127.0.0.1 and on an address that is silent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from overlaysim.traffic.messages import (
    EchoReply,
    FragmentationNeeded,
    HostUnreachable,
    LookUp,
    Resolved,
    SendEcho,
    TooBig,
)
from overlaysim.traffic.ping import USAGE, Ping
from overlaysim.units import MS, NS, SECOND, US
from overlaysim.wire.dns import Record

ADDRESS = "10.0.1.2"
IDENT = 77
Replies = Callable[[SendEcho], list[tuple[int, Any]]]


def reply(echo: SendEcho, **changes: Any) -> EchoReply:
    fields = {
        "source": echo.destination, "ident": echo.ident, "sequence": echo.sequence,
        "size": echo.size, "ttl": 64,
    }  # fmt: skip
    return EchoReply(**(fields | changes))


def answered_after(delay: int) -> Replies:
    return lambda echo: [(delay, reply(echo))]


def silence(echo: SendEcho) -> list[tuple[int, Any]]:
    return []


QUICKLY = answered_after(207 * US)


def run(
    words: str, replies: Replies = QUICKLY, names: dict[str, str] | None = None
) -> tuple[Ping, int, list[tuple[int, SendEcho]]]:
    """Run a ping against a stack that is a function; returns it, its end and what it sent."""
    ping = Ping(words.split(), IDENT)
    now = 0
    coming: list[tuple[int, int, Any]] = []
    sent: list[tuple[int, SendEcho]] = []
    ping.start(now)
    while True:
        for item in ping.take_outbox():
            if isinstance(item, LookUp):
                address = (names or {}).get(item.name)
                records = (Record(item.name, "A", 600, address),) if address else ()
                rcode = "NOERROR" if address else "NXDOMAIN"
                coming.append((now, len(coming), Resolved(item.name, "A", rcode, records)))
            else:
                assert isinstance(item, SendEcho)
                sent.append((now, item))
                coming += [(now + d, len(coming) + n, m) for n, (d, m) in enumerate(replies(item))]
        if ping.finished:
            return ping, now, sent
        coming.sort(key=lambda entry: entry[:2])
        due = ping.next_timer()
        if coming and (due is None or coming[0][0] <= due):
            now, _, message = coming.pop(0)
            ping.receive(message, now)
        else:
            assert due is not None, "the ping would wait for ever"
            now = due
            ping.on_timer(now)


def test_two_pings_by_name() -> None:
    ping, end, sent = run("-c 2 web", names={"web": ADDRESS})
    assert ping.lines == [
        "PING web (10.0.1.2): 56 data bytes",
        "64 bytes from 10.0.1.2: seq=0 ttl=64 time=0.207 ms",
        "64 bytes from 10.0.1.2: seq=1 ttl=64 time=0.207 ms",
        "",
        "--- web ping statistics ---",
        "2 packets transmitted, 2 packets received, 0% packet loss",
        "round-trip min/avg/max = 0.207/0.207/0.207 ms",
    ]
    assert (ping.errors, ping.status) == ([], 0)
    assert [at for at, _ in sent] == [0, SECOND]
    assert end == SECOND + 207 * US  # over as soon as the last reply is in
    assert sent[1][1] == SendEcho(ADDRESS, IDENT, 1, 56, None)


def test_without_a_count_it_stops_after_four_and_says_so() -> None:
    ping, _, sent = run(ADDRESS)
    assert len(sent) == 4
    assert ping.lines[-1] == "(ping stops after 4 here; -c N asks for more)"
    assert ping.status == 0


def test_with_a_deadline_it_goes_on_until_then() -> None:
    ping, end, sent = run(f"-w 7 {ADDRESS}")
    assert (len(sent), end, ping.status) == (7, 7 * SECOND, 0)
    assert not ping.lines[-1].startswith("(")


def test_a_deadline_before_the_count_is_reached_is_a_failure() -> None:
    ping, _, sent = run(f"-c 9 -w 3 {ADDRESS}")
    assert (len(sent), ping.status) == (3, 1)


def test_round_trip_times_are_cut_to_microseconds() -> None:
    delays = iter([1_234 * US + 999 * NS, 100 * US, 900 * MS])
    ping, _, _ = run(f"-c 3 -i 3 {ADDRESS}", lambda echo: [(next(delays), reply(echo))])
    assert ping.lines[1].endswith("time=1.234 ms")
    assert ping.lines[-1] == "round-trip min/avg/max = 0.100/300.444/900.000 ms"


def test_unknown_name() -> None:
    ping, _, sent = run("nowhere")
    assert (ping.lines, ping.errors, ping.status) == ([], ["ping: bad address 'nowhere'"], 1)
    assert sent == []


def test_silent_resolver_counts_as_unknown_name() -> None:
    ping = Ping(["web"], IDENT)
    ping.start(0)
    assert ping.take_outbox() == [LookUp("web", "A")]
    assert ping.next_timer() == 5 * SECOND
    ping.on_timer(5 * SECOND)
    assert (ping.finished, ping.errors) == (True, ["ping: bad address 'web'"])


@pytest.mark.parametrize(("words", "waited"), [("-c 1", 10), ("-c 1 -W 1", 1), ("-c 3 -W 2", 4)])
def test_without_any_reply_it_waits_for_the_timeout_after_the_last(words: str, waited: int) -> None:
    ping, end, _ = run(f"{words} {ADDRESS}", silence)
    assert end == waited * SECOND
    assert ping.status == 1
    assert ping.lines[-1].endswith(" packets transmitted, 0 packets received, 100% packet loss")


def test_once_a_reply_has_come_it_waits_one_second_for_the_last() -> None:
    first_only: Replies = lambda echo: [(MS, reply(echo))] if echo.sequence == 0 else []  # noqa: E731
    ping, end, _ = run(f"-c 2 {ADDRESS}", first_only)
    assert end == 2 * SECOND
    assert ping.lines[-2] == "2 packets transmitted, 1 packets received, 50% packet loss"
    assert ping.status == 0


def test_on_a_slow_path_it_waits_two_round_trips_for_the_last() -> None:
    slow: Replies = lambda echo: [(3 * SECOND, reply(echo))] if echo.sequence == 0 else []  # noqa: E731
    _, end, _ = run(f"-c 5 {ADDRESS}", slow)
    assert end == (4 + 5) * SECOND  # 3 s are five whole units of 2**19 us


def carries(mtu: int, path: int = 9000) -> Replies:
    """A stack whose first link has an MTU; the path has another, which it learns from an error."""
    known = [mtu]

    def stack(echo: SendEcho) -> list[tuple[int, Any]]:
        length = echo.size + 28
        if length <= min(known[0], path) or echo.dont_fragment is False:
            return [(MS, reply(echo))]
        if length > known[0]:
            return [(0, TooBig(known[0]))] if echo.dont_fragment else [(MS, reply(echo))]
        known[0] = path
        return [(MS, FragmentationNeeded("10.0.1.2", path, echo.sequence))]

    return stack


def test_dont_fragment_too_long_is_refused_with_the_mtu() -> None:
    # What iputils 20221126 printed in a container whose overlay had an MTU of 1450.
    ping, end, _ = run(f"-c 2 -M do -s 1423 {ADDRESS}", carries(1450))
    assert ping.lines == [
        "PING 10.0.1.2 (10.0.1.2): 1423 data bytes",
        "",
        "--- 10.0.1.2 ping statistics ---",
        "2 packets transmitted, 0 packets received, +2 errors, 100% packet loss",
    ]
    assert ping.errors == ["ping: local error: message too long, mtu=1450"] * 2
    assert (ping.status, end) == (1, SECOND)
    ping, _, _ = run(f"-c 2 -M do -s 1422 {ADDRESS}", carries(1450))
    assert ping.lines[1].startswith("1430 bytes from 10.0.1.2")
    assert ping.status == 0


def test_what_the_path_does_not_carry_is_told_once_and_then_refused_at_home() -> None:
    # iputils: "From 192.168.77.4 icmp_seq=1 Frag needed and DF set (mtu = 1400)", two local errors,
    # "3 packets transmitted, 0 received, +3 errors, 100% packet loss"
    ping, end, _ = run(f"-c 3 -M do -s 1422 {ADDRESS}", carries(1450, 1400))
    assert ping.lines[1] == "From 10.0.1.2 icmp_seq=0 Frag needed and DF set (mtu = 1400)"
    assert ping.errors == ["ping: local error: message too long, mtu=1400"] * 2
    assert (
        ping.lines[-1] == "3 packets transmitted, 0 packets received, +3 errors, 100% packet loss"
    )
    assert (ping.status, end) == (1, 2 * SECOND)


def test_when_it_may_be_cut_only_the_first_is_lost() -> None:
    # iputils with -M want: "3 packets transmitted, 2 received, +1 errors, 33.3333% packet loss"
    ping, end, _ = run(f"-c 3 -M want -s 1422 {ADDRESS}", carries(1450, 1400))
    assert ping.lines[1] == "From 10.0.1.2 icmp_seq=0 Frag needed and DF set (mtu = 1400)"
    assert "3 packets transmitted, 2 packets received, +1 errors, 33% packet loss" in ping.lines
    assert (ping.errors, ping.status, end) == ([], 0, 2 * SECOND + MS)
    # busybox, which knows no -M, says nothing: "3 packets transmitted, 2 packets received"
    ping, end, _ = run(f"-c 3 -s 1422 {ADDRESS}", carries(1450, 1400))
    assert ping.lines[1].startswith("1430 bytes from 10.0.1.2: seq=1 ")
    assert "3 packets transmitted, 2 packets received, 33% packet loss" in ping.lines
    assert (ping.status, end) == (0, 3 * SECOND)


def test_quiet_counts_errors_without_a_word() -> None:
    ping, _, _ = run(f"-q -c 2 -M do -s 1422 {ADDRESS}", carries(1450, 1400))
    assert len(ping.lines) == 4
    assert "+2 errors" in ping.lines[-1]
    assert ping.errors == []


@pytest.mark.parametrize(("mode", "asked"), [("do", True), ("dont", False), ("want", None)])
def test_the_mode_decides_about_dont_fragment(mode: str, asked: bool | None) -> None:
    _, _, sent = run(f"-c 1 -M {mode} {ADDRESS}")
    assert sent[0][1].dont_fragment is asked


def test_longer_than_any_ip_packet() -> None:
    assert run(f"-c 1 -s 65507 {ADDRESS}")[0].status == 0
    ping, _, sent = run(f"-c 1 -s 65508 {ADDRESS}")
    assert (ping.errors, sent) == (["ping: sendto: Message too large"], [])


def test_quiet_prints_no_replies() -> None:
    ping, _, _ = run(f"-qc2 {ADDRESS}")
    assert [line[:4] for line in ping.lines] == ["PING", "", "--- ", "2 pa", "roun"]


def test_duplicates_are_counted_apart() -> None:
    twice: Replies = lambda echo: [(MS, reply(echo)), (2 * MS, reply(echo))]  # noqa: E731
    ping, _, _ = run(f"-c 2 {ADDRESS}", twice)
    assert ping.lines[2] == "64 bytes from 10.0.1.2: seq=0 ttl=64 time=2.000 ms (DUP!)"
    assert "2 packets received, 1 duplicates, 0% packet loss" in ping.lines[-2]


def test_too_little_data_for_a_time_stamp() -> None:
    ping, _, _ = run(f"-c 1 -s 1 {ADDRESS}")
    assert ping.lines[1] == "9 bytes from 10.0.1.2: seq=0 ttl=64"
    assert ping.lines[-1] == "1 packets transmitted, 1 packets received, 0% packet loss"


def test_others_replies_and_unreachable_hosts_are_overlooked() -> None:
    def stack(echo: SendEcho) -> list[tuple[int, Any]]:
        return [
            (MS, reply(echo, ident=IDENT + 1)),
            (MS, reply(echo, sequence=echo.sequence + 5)),
            (MS, HostUnreachable(ADDRESS)),
        ]

    ping, end, _ = run(f"-c 1 -W 3 {ADDRESS}", stack)
    assert (ping.status, end, len(ping.lines)) == (1, 3 * SECOND, 4)


def test_sequence_numbers_wrap_at_16_bits() -> None:
    ping, _, sent = run(f"-q -c 65538 -i 0.001 {ADDRESS}")
    assert sent[65537][1].sequence == 1
    assert ping.lines[-2].startswith("65538 packets transmitted, 65538 packets received,")


def test_interrupt_prints_the_statistics() -> None:
    ping = Ping(["-c", "9", ADDRESS], IDENT)
    ping.start(0)
    ping.stop(MS)
    assert ping.lines[-1] == "1 packets transmitted, 0 packets received, 100% packet loss"
    assert (ping.finished, ping.status, ping.next_timer()) == (True, 1, None)


@pytest.mark.parametrize(
    ("words", "message", "usage"),
    [
        ("-c x host", "ping: invalid number 'x'", False),
        ("-W -1 host", "ping: invalid number '-1'", False),
        ("-i 1.x host", "ping: invalid number '1.x'", False),
        ("-s 99999 host", "ping: number 99999 is not in 0..65535 range", False),
        ("-Z host", "ping: invalid option -- 'Z'", True),
        ("host -c", "ping: option requires an argument -- 'c'", True),
        ("-M dou host", "ping: invalid -M argument 'dou'; write do, dont or want; did you", False),
        ("-i 0 host", "ping: the interval of -i must be more than 0", False),
        ("", USAGE[0], True),
        ("one two", USAGE[0], True),
    ],
)
def test_bad_command_lines(words: str, message: str, usage: bool) -> None:
    ping = Ping(words.split(), IDENT)
    ping.start(0)
    assert ping.finished
    assert ping.status == 1
    assert ping.errors[0].startswith(message)
    assert (USAGE[0] in ping.errors) is usage
    assert ping.take_outbox() == []


def test_interface_option_is_ignored_with_a_note() -> None:
    ping, _, _ = run(f"-c 1 -I eth0 {ADDRESS}")
    assert ping.errors == ["(-I is ignored here: the route decides the interface)"]
    assert ping.status == 0


@pytest.mark.parametrize(
    ("text", "gap"), [("0.2", 200 * MS), (".5", 500 * MS), ("1m", 60 * SECOND)]
)
def test_interval(text: str, gap: int) -> None:
    _, _, sent = run(f"-c 2 -i {text} {ADDRESS}")
    assert sent[1][0] - sent[0][0] == gap
