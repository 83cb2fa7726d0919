"""All mistakes of a file at once, each with its place, what is allowed and the nearest spelling."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_reading import problem, problems, read

TEN_MISTAKES = (
    Path(__file__).parents[1] / "data" / "scenario" / "ten-mistakes.overlay.yml"
).read_text(encoding="utf-8")


def test_ten_mistakes_give_ten_messages_with_their_places() -> None:
    name = "write up to 63 letters, digits, points, dashes and underscores, a letter or digit first"
    rate = "write a number and bit/s, kbit/s, Mbit/s, Gbit/s, Tbit/s, for example 10 Gbit/s"
    delay = "write a number and ps, ns, us, ms, s, min, h, for example 50 us; did you mean us?"
    assert problems(TEN_MISTAKES) == [
        f'x.yml:1:7: name: "ten mistakes" is not a name for a scenario; {name}, '
        "for example link-cut",
        'x.yml:2:7: seed: "010" is not a whole number from 0 to 9223372036854775807; for example 7',
        'x.yml:5:27: underlay.hosts[2]: "host-a" is there twice',
        f'x.yml:6:16: underlay.link.rate: "10 Gb" is not a rate; {rate}',
        f'x.yml:6:30: underlay.link.delay: "5 usec" is not a duration; {delay}',
        "x.yml:7:1: timelime: no such key here; did you mean timeline?",
        "x.yml:13:7: timeline[0].run: no command called doker",
        "x.yml:15:5: timeline[1].every: only together with until; write for example until: 60 s",
        "x.yml:19:64: traffic[0].stop: 4.000 s is not after start, 16.000 s",
        'x.yml:21:23: expect: ping has no "recieved"; did you mean received?',
    ]


LINK_CUT = """\
name: link-cut
underlay:
  topology: leaf-spine
  hosts: [host-a, host-b, host-c, host-d]
  link: {rate: 10 Gb}
timeline:
  - fault: {link: [host-b, leaf-2], state: down, for: 10 s}
"""


def test_a_fault_is_compared_with_the_links_though_a_rate_is_unreadable() -> None:
    rate, link = problems(LINK_CUT)
    assert rate.startswith('x.yml:5:16: underlay.link.rate: "10 Gb" is not a rate')
    assert link == (
        "x.yml:7:19: timeline[0].fault.link: "
        "no link between host-b and leaf-2; host-b is linked to leaf-1"
    )


def step(text: str) -> str:
    return f"name: x\ntimeline:\n  - {text}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{on: host-x, run: docker ps}",
         '3:10: timeline[0].on: there is no host "host-x"; did you mean host-c?'),
        ("{on: elsewhere, run: docker ps}",
         '3:10: timeline[0].on: there is no host "elsewhere"; hosts are host-a, host-b, host-c'),
        ("{on: switch, run: docker ps}",
         "3:10: timeline[0].on: switch is a switch; hosts are host-a, host-b, host-c"),
        ("{run: docker ps}",
         "3:6: timeline[0].run: only together with on; write for example on: host-a"),
        ("{on: host-a}",
         "3:5: timeline[0]: write one of run, fault, wait"),
        ("{wait: 1 s, on: host-a, run: docker ps}",
         "3:29: timeline[0].run: not together with wait; only one of run, fault, wait"),
        ("{wait: 1 s, fails: true}",
         "3:17: timeline[0].fails: only together with run; "
         "write for example run: docker swarm init"),
        ("{wait: 1 s, every: 1 s, until: 2 s}",
         "3:24: timeline[0].every: a wait cannot be repeated"),
        ("{at: 5 s, every: 1 s, until: 4 s, on: host-a, run: docker ps}",
         "3:34: timeline[0].until: 4.000 s is before at, 5.000 s"),
        ("{every: 0 s, until: 4 s, on: host-a, run: docker ps}",
         '3:13: timeline[0].every: "0 s" is no time at all; write more than 0, as in 500 ms'),
        ("{on: host-a, run: '# nothing'}",
         "3:23: timeline[0].run: only comments here; write a docker command"),
        ("{on: host-a, run: [docker ps, {a: b}]}",
         "3:35: timeline[0].run: expected docker commands, found keys and values; "
         "for example docker swarm init"),
        ("{on: host-a, run: }",
         "3:23: timeline[0].run: expected docker commands, found nothing; "
         "for example docker swarm init"),
        ("{on: host-a, run: docker ps, fails: yes}",
         '3:41: timeline[0].fails: "yes" is not true or false'),
        ("{fault: {link: [host-a], state: down}}",
         "3:20: timeline[0].fault.link: expected a list of two nodes, found 1; "
         "for example [host-a, switch]"),
        ("{fault: {link: [host-a, host-a], state: down}}",
         '3:29: timeline[0].fault.link[1]: "host-a" is there twice'),
        ("{fault: {link: [host-a, swich], state: down}}",
         '3:20: timeline[0].fault.link: there is no node "swich"; did you mean switch?'),
        ("{fault: {link: [host-a, switch], state: dwon}}",
         '3:45: timeline[0].fault.state: "dwon" is not one of down, up; did you mean down?'),
        ("{fault: down}",
         '3:13: timeline[0].fault: expected a fault, found "down"; '
         "for example {link: [host-a, switch], state: down, for: 10 s}"),
        ("docker swarm init",
         '3:5: timeline[0]: expected a step, found "docker swarm init"; '
         "for example {on: host-a, run: docker swarm init}"),
    ],
)  # fmt: skip
def test_a_wrong_step(text: str, message: str) -> None:
    assert problem(step(text)) == f"x.yml:{message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{to: web, rate: 1 bit/s, start: 1 s, stop: 2 s}",
         "2:11: traffic[0].from: missing; write for example from: web"),
        ("{from: a, to: b, start: 1 s, stop: 2 s}",
         "2:11: traffic[0].rate: missing; write for example rate: 10 Gbit/s"),
        ("{from: a, to: b, rate: 1 bit/s, start: 1 s}",
         "2:11: traffic[0].stop: missing; write for example stop: 40 s"),
        ("{from: a, to: b, kind: ping, start: 1 s}",
         "2:11: traffic[0].count: missing; write count: 5 or stop: 40 s for its end"),
        ("{from: a, to: b, kind: ping, start: 1 s, stop: 2 s, rate: 1 bit/s}",
         "2:63: traffic[0].rate: only for kind udp; kind is ping"),
        ("{from: a, to: b, rate: 1 bit/s, start: 1 s, stop: 2 s, interval: 1 s}",
         "2:66: traffic[0].interval: only for kind ping; write kind: ping"),
        ("{from: a, to: b, rate: 1 bit/s, start: 1 s, stop: 2 s, size: 0 B}",
         "2:72: traffic[0].size: a rate cannot be made of packets without payload"),
        ("{from: a, to: b, rate: 1 bit/s, start: 1 s, stop: 2 s, size: 70 kB}",
         '2:72: traffic[0].size: "70 kB" is out of range; write 0 B to 65507 B, as in 1000 B'),
        ("{from: a, to: b, kind: pong, start: 1 s, stop: 2 s}",
         '2:34: traffic[0].kind: "pong" is not one of udp, ping; did you mean ping?'),
        ("{from: a b, to: b, kind: ping, start: 1 s, stop: 2 s}",
         '2:18: traffic[0].from: "a b" is not a name of a container; write up to 63 '
         "letters, digits, points, dashes and underscores, a letter or digit first, "
         "for example web"),
    ],
)  # fmt: skip
def test_wrong_traffic(text: str, message: str) -> None:
    assert problem(f"name: x\ntraffic: [{text}]\n") == f"x.yml:{message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("about: [a]",
         "2:8: about: expected a text, found a list; for example Host-b loses its uplink."),
        ("about: ", "2:7: about: expected a text, found nothing; "
         "for example Host-b loses its uplink."),
        ("swarm: automatic", '2:8: swarm: "automatic" is not one of auto, manual; '
         "did you mean auto?"),
        ("seed: 1e3", '2:7: seed: "1e3" is not a whole number from 0 to 9223372036854775807; '
         "for example 7"),
        ("seed: ٣", '2:7: seed: "٣" is not a whole number from 0 to 9223372036854775807; '
         "for example 7"),
        ("timing: {container-start: 1 s}",
         "2:10: timing.container-start: no such key here; did you mean container_start?"),
        ("timing: {swarm_join: 1}",
         '2:22: timing.swarm_join: "1" is not a duration; write a number and ps, ns, us, ms, s, '
         "min, h, for example 50 us"),
        ("dns: {records: {a.example: 192.0.2.1}}",
         "2:7: dns.records: only for upstream answers; write upstream: answers"),
        ("dns: {upstream: answers, records: {a.example: 192.0.2.256}}",
         '2:47: dns.records.a.example: "192.0.2.256" is not an IPv4 address; '
         "write for example 192.0.2.10"),
        ("timeline: {on: host-a}",
         "2:11: timeline: expected a list of steps, found keys and values; "
         "for example [{on: host-a, run: docker swarm init}]"),
        ("expect: stale(host-d, web).time < 2 s",
         '2:15: expect: there is no host "host-d"; did you mean host-c?'),
        ('"\\e[2J": 1', "2:1: \\x1b[2J: no such key here; allowed are name, about, seed, underlay, "
         "swarm, managers, late, timeline, traffic, bulk, plane, expect, dns, timing, gossip, "
         "overlay, duration"),
    ],
)  # fmt: skip
def test_another_wrong_key(text: str, message: str) -> None:
    assert problem(f"name: x\n{text}\n") == f"x.yml:{message}"


def test_what_begins_after_the_end_is_reported() -> None:
    text = """\
name: x
duration: 10 s
timeline: [{at: 10 s, on: host-a, run: docker ps}]
traffic: [{from: a, to: b, kind: ping, start: 12 s, count: 1}]
"""
    assert problems(text) == [
        "x.yml:3:17: timeline[0].at: 10.000 s is not before the end, duration: 10.000 s",
        "x.yml:4:47: traffic[0].start: 12.000 s is not before the end, duration: 10.000 s",
    ]


def test_a_name_is_required() -> None:
    assert problem("seed: 1\n") == "x.yml:1:1: name: missing; write for example name: link-cut"


def test_two_keys_of_one_name_in_a_nested_map() -> None:
    text = "name: x\nunderlay:\n  link:\n    rate: 1 Gbit/s\n    rate: 2 Gbit/s\n"
    assert problem(text) == "x.yml:5:5: underlay.link.rate: written twice; the first is in line 4"


def test_the_line_of_a_command_inside_every_sort_of_block() -> None:
    text = """\
name: x
timeline:
  - on: host-a
    run: |2-

      # first a comment
        docker ps
      wrong-1 \\
        continued
  - on: host-a
    run:
      - docker ps
      - "wrong-2"
  - on: host-a
    run: >
      wrong-3 and
      its second line
"""
    text = text.replace("|2-", "|-")
    assert problems(text) == [
        "x.yml:8:7: timeline[0].run: no command called wrong-1",
        "x.yml:13:10: timeline[1].run: no command called wrong-2",
        "x.yml:15:10: timeline[2].run: no command called wrong-3",
    ]


def test_reading_stops_after_a_hundred_problems() -> None:
    found = problems("name: x\n" + "".join(f"k{n}: 1\n" for n in range(5000)))
    assert len(found) == 101
    assert found[0].startswith("x.yml:2:1: k0: no such key here")
    assert found[-1] == "x.yml: stopped after 100 problems; there may be more"


def test_what_a_file_says_cannot_reach_the_terminal_as_control_characters(tmp_path: Path) -> None:
    found = problems('name: "\\e]0;owned\\a"\nswarm: "\\u202Eotua"\n', "evil\x1b.yml")
    assert all(message.isprintable() for message in found)
    assert found[0].startswith('evil\\x1b.yml:1:7: name: "\\x1b]0;owned\\x07" is not a name')


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    missing = tmp_path / "nothing.yml"
    assert problem(missing) == f"{missing}: cannot be read: No such file or directory"
    assert "cannot be read" in problem(tmp_path)
    assert "cannot be read" in problem(Path("nul\0.yml"))


def test_a_good_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "good.yml"
    path.write_bytes(b"\xef\xbb\xbfname: good\r\nabout: line ends of Windows\r\n")
    assert read(path).about == "line ends of Windows"
