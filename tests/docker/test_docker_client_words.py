"""Lines, flags, ports, references, templates, tables and ages, each by itself."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.docker.api import ZERO_TIME, epoch_ps, epoch_text
from overlaysim.docker.client import check, split_line
from overlaysim.docker.client.ages import container_status, human_duration
from overlaysim.docker.client.flags import FlagError, FlagTable, parse_flags
from overlaysim.docker.client.networks import NetworkOption, read_network
from overlaysim.docker.client.ports import PortMapping, read_port_mappings, read_service_port
from overlaysim.docker.client.references import check_image, with_tag
from overlaysim.docker.client.tables import aligned, natural_key
from overlaysim.docker.client.templates import Template, TemplateError
from overlaysim.docker.client.values import read_bytes, read_cpus, read_duration
from overlaysim.errors import InputError
from overlaysim.units import SECOND


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("docker ps", ["docker", "ps"]),
        ("  sudo docker ps -a  # all of them", ["docker", "ps", "-a"]),
        ("docker ps --format '{{.ID}} | <'", ["docker", "ps", "--format", "{{.ID}} | <"]),
        ('docker run a sh -c "x; y & z"', ["docker", "run", "a", "sh", "-c", "x; y & z"]),
        ("docker run a echo '$(x)' \\$y a#b", ["docker", "run", "a", "echo", "$(x)", "$y", "a#b"]),
        ("docker network create \\\n  n", ["docker", "network", "create", "n"]),
        ("docker run a ''", ["docker", "run", "a", ""]),
        ("# nothing | here", []),
        ("", []),
    ],
)  # fmt: skip
def test_lines_are_split_as_by_a_shell(line: str, words: list[str]) -> None:
    assert split_line(line) == words


@pytest.mark.parametrize(
    ("line", "culprit"),
    [
        ("docker ps | grep x", '"|"'),
        ("docker ps && docker ps", '"&&"'),
        ("docker ps; docker ps", '";"'),
        ("docker ps > file", '">"'),
        ("docker ps -q&", '"&"'),
        ("docker rm $(docker ps -q)", '"("'),
        ('docker rm "$(docker ps -q)"', '"$("'),
        ("docker rm `docker ps -q`", '"`"'),
        ("docker swarm join --token $TOKEN x", '"$T"'),
        ("docker rm 'x", "no closing quotation"),
    ],
)
def test_what_needs_a_shell_is_refused(line: str, culprit: str) -> None:
    with pytest.raises(InputError, match=re.escape(culprit)):
        split_line(line)


@given(st.text(max_size=40))
def test_splitting_any_text_gives_words_or_an_input_error(text: str) -> None:
    try:
        words = split_line(text)
    except InputError:
        return
    assert all(isinstance(word, str) for word in words)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("docker ps", None),
        ("docker run -d --network n alpine sleep 5 --foo", None),
        ("docker ps --help", None),
        ("docker ps | cat", '"|" needs a shell, and there is none here: write one command a line,'
         " without pipes, redirections, ; and &"),
        ("docker netwrok ls", "unknown command: docker netwrok; did you mean network?"),
        ("docker network creat n", "unknown command: docker network creat; did you mean create?"),
        ("docker service create --replcas 3", "unknown flag: --replcas; did you mean --replicas?"),
        ("docker network create", "'docker network create' requires 1 argument"),
        ("docker service create --replicas x i", 'invalid argument "x" for "--replicas" flag:'
         ' strconv.ParseUint: parsing "x": invalid syntax'),
        ("dokcer ps", "dokcer: command not found; did you mean docker?"),
        ("", ": command not found"),
    ],
)  # fmt: skip
def test_check_finds_what_is_wrong_without_running(line: str, text: str | None) -> None:
    assert check(line) == text


FLAGS = FlagTable("""
all     -a bool      everything
name,nm -n string=x  a name
count   -c int       how many
tag        strings   several
env     -e env       a variable
ghost      string    ~
""")


def test_flags_in_every_spelling() -> None:
    values, rest = parse_flags(
        FLAGS,
        ["-ac3", "a", "--nm=y", "-e", "A=1", "-eB=2", "--tag", "p,q", "--tag=r", "--", "-z"],
    )
    assert rest == ["a", "-z"]
    assert values.on("all")
    assert values.number("count") == 3
    assert values.text("name") == "y"
    assert values.pairs("env") == {"A": "1", "B": "2"}
    assert values.items("tag") == ["p", "q", "r"]
    assert not values.changed("ghost")
    assert [flag.name for flag in values.given()] == ["all", "name", "count", "tag", "env"]


def test_flags_that_are_absent_have_their_defaults() -> None:
    values, _ = parse_flags(FLAGS, [])
    assert (values.text("name"), values.number("count"), values.on("all")) == ("x", 0, False)
    assert values.value("count") is None


def test_a_program_keeps_its_own_flags() -> None:
    values, rest = parse_flags(FLAGS, ["-a", "image", "-a", "--foo"], interspersed=False)
    assert rest == ["image", "-a", "--foo"]
    assert values.on("all")


def test_a_switch_can_be_turned_off_and_negative_numbers_are_values() -> None:
    values, rest = parse_flags(FLAGS, ["-a=false", "-c", "-1", "-"])
    assert not values.on("all")
    assert values.number("count") == -1
    assert rest == ["-"]


@given(st.lists(st.text(alphabet="-=acnetgm x1", max_size=6), max_size=6))
def test_flags_are_read_or_refused(words: list[str]) -> None:
    try:
        _, rest = parse_flags(FLAGS, words)
    except FlagError:
        return
    assert len(rest) <= len(words)


def test_durations_sizes_and_processors() -> None:
    assert read_duration("1h2m3.5s") == 3723_500_000_000
    assert read_duration("0") == 0
    assert read_duration("1.5ms") == 1_500_000
    assert read_bytes("64m") == 64 * 2**20
    assert read_bytes("1.5GiB") == 3 * 2**29
    assert read_cpus(".5") == 500_000_000
    with pytest.raises(ValueError, match="too precise"):
        read_cpus("0.0000000001")


def test_ports_of_containers_and_services() -> None:
    assert read_port_mappings("127.0.0.1:53:53/udp") == [PortMapping("127.0.0.1", "53", 53, "udp")]
    assert read_port_mappings("8000-8001:70-71") == [
        PortMapping("", "8000", 70, "tcp"),
        PortMapping("", "8001", 71, "tcp"),
    ]
    assert read_service_port("target=80,mode=host,protocol=udp") == [
        {"Protocol": "udp", "TargetPort": 80, "PublishMode": "host"}
    ]
    published = [port["PublishedPort"] for port in read_service_port("9000-9002:90")]
    assert published == [9000, 9001, 9002]


def test_network_options() -> None:
    assert read_network("app") == NetworkOption("app")
    option = read_network("name=app,alias=a,alias=b,ip=10.0.1.9,gw-priority=-2")
    assert option == NetworkOption("app", ["a", "b"], ipv4="10.0.1.9", gateway_priority=-2)


@pytest.mark.parametrize(
    "image",
    ["alpine", "alpine:3.20", "a/b/c", "localhost:5000/a:1", "r.example.com/a_b/c--d",
     "a@sha256:" + "0" * 64],
)  # fmt: skip
def test_images_that_can_be(image: str) -> None:
    check_image(image)


def test_a_missing_tag_is_latest() -> None:
    assert with_tag("localhost:5000/a") == "localhost:5000/a:latest"
    assert with_tag("a:1") == "a:1"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{.A.B}} and {{ .A.B }}", "1 and 1"),
        ("{{json .A}}", '{"B":1,"C":null}'),
        ("{{.A}} {{.L}} {{.N}} {{.T}}", "map[B:1 C:<nil>] [x y] <nil> true"),
        ("{{range .L}}{{.}},{{end}}", "x,y,"),
        ("{{range $i, $w := .L}}{{$i}}{{$w}} {{end}}", "0x 1y "),
        ("{{range $k, $v := .A}}{{$k}}={{$v}};{{end}}", "B=1;C=<nil>;"),
        ("{{range .N}}never{{end}}", ""),
        ('{{index .A "B"}}{{len .L}}{{upper .S}}', "12ABC"),
        ("{{(index .P 1).Q}} {{ ( index .P 0 ).Q.R }}", "8 7"),
    ],
)
def test_templates(source: str, text: str) -> None:
    data = {
        "A": {"B": 1, "C": None}, "L": ["x", "y"], "N": None, "T": True, "S": "abc",
        "P": [{"Q": {"R": 7}}, {"Q": 8}],
    }  # fmt: skip
    assert Template(source).expand(data) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{.A", "unclosed action"),
        ("{{range .A}}", "unexpected EOF"),
        ("{{end}}", "unexpected {{end}}"),
        ("{{if .A}}x{{end}}", 'function "if" not defined'),
        ("{{.A | json}}", "more than is understood"),
        ("{{.Z}}", 'map has no entry for key "Z"'),
        ("{{$z}}", 'undefined variable "$z"'),
        ("{{index .A 7}}", "index out of range"),
        ("{{(index .A 0).Q}}", 'at <.Q>: map has no entry for key "Q"'),
        ("{{(len .A).Q}}", "more than is understood"),
    ],
)
def test_templates_that_are_refused(source: str, text: str) -> None:
    with pytest.raises(TemplateError) as error:
        Template(source).expand({"A": ["x"]})
    assert text in str(error.value)


@given(st.text(alphabet='{}().$ABjsonrangeindexlend"0 :=,|', max_size=40))
def test_any_template_expands_or_is_refused(source: str) -> None:
    with contextlib.suppress(TemplateError):
        assert isinstance(Template(source).expand({"A": {"B": [1, None]}}), str)


def test_tables_are_aligned_and_sorted_by_number() -> None:
    assert aligned([["NAME", "X"], ["a-long-name", "1"], ["b", ""]]) == [
        "NAME          X",
        "a-long-name   1",
        "b             ",
    ]
    names = ["host-10", "host-9", "host", "host-9a"]
    assert sorted(names, key=natural_key) == ["host", "host-9", "host-9a", "host-10"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (60, "About a minute"),
        (119, "About a minute"), (120, "2 minutes"), (3599, "59 minutes"), (3600, "About an hour"),
        (5399, "About an hour"), (5400, "2 hours"), (47 * 3600, "47 hours"), (48 * 3600, "2 days"),
        (14 * 86400, "2 weeks"), (60 * 86400, "2 months"), (730 * 86400, "2 years"),
    ],
)  # fmt: skip
def test_durations_in_words(seconds: int, text: str) -> None:
    assert human_duration(seconds * SECOND) == text


def test_the_status_of_a_container() -> None:
    running = {"Running": True, "StartedAt": epoch_text(0)}
    assert container_status(running, 120 * SECOND) == "Up 2 minutes"
    sick = {**running, "Health": {"Status": "starting"}}
    assert container_status(sick, 5 * SECOND) == "Up 5 seconds (health: starting)"
    ended = {"Status": "exited", "ExitCode": 137, "FinishedAt": epoch_text(SECOND)}
    assert container_status(ended, 4 * SECOND) == "Exited (137) 3 seconds ago"
    assert container_status({"Status": "created"}, 0) == "Created"


@given(st.integers(min_value=0, max_value=10**6 * SECOND))
def test_instants_survive_being_written(instant: int) -> None:
    """The API has nanoseconds, the simulation picoseconds."""
    assert epoch_ps(epoch_text(instant)) == instant // 1000 * 1000


def test_instants_have_docker_form() -> None:
    assert epoch_text(0) == "2026-01-01T00:00:00Z"
    assert epoch_text(3 * SECOND // 2) == "2026-01-01T00:00:01.5Z"
    assert epoch_ps(ZERO_TIME) < 0
    with pytest.raises(ValueError, match="RFC 3339"):
        epoch_ps("yesterday")
