"""Programs in containers: what ip shows, the shell, what does not exist."""

from __future__ import annotations

import pytest
from host_lab import HostLab, tutorial

from overlaysim.host.programs import MissingProgram, program_for


@pytest.fixture(scope="module")
def lab() -> HostLab:
    return tutorial()


def test_ip_addr_shows_what_a_real_container_has(lab: HostLab) -> None:
    lines = lab.exec("client", "ip addr").splitlines()
    headers = [line.split(":")[1].strip() for line in lines if not line.startswith(" ")]
    assert [header.partition("@")[0] for header in headers] == ["lo", "eth0", "eth1"]
    assert " mtu 1450 " in next(line for line in lines if "eth0" in line)
    assert "    link/ether 02:42:0a:00:01:04 brd ff:ff:ff:ff:ff:ff" in lines
    assert "    inet 10.0.1.4/24 brd 10.0.1.255 scope global eth0" in lines
    assert all("LOWER_UP,M-DOWN>" in line for line in lines if "@if" in line)
    assert " mtu 1500 " in next(line for line in lines if "eth1" in line)
    assert any(line.startswith("    inet 172.18.0.") and "/16" in line for line in lines)


@pytest.mark.parametrize("command", ["ip a show eth0", "ip addr show dev eth0", "ip link ls eth0"])
def test_ip_shows_one_interface_alone(lab: HostLab, command: str) -> None:
    output = lab.exec("client", command)
    assert output.startswith("2: eth0@")
    assert "lo:" not in output
    assert "eth1" not in output


def test_ip_link_has_no_addresses(lab: HostLab) -> None:
    lines = lab.exec("client", "ip link").splitlines()
    assert [line.split(":")[0] for line in lines[::2]] == ["1", "2", "3"]
    assert all(line.startswith("    link/") for line in lines[1::2])


def test_ip_route(lab: HostLab) -> None:
    assert lab.exec("client", "ip route").splitlines() == [
        "default via 172.18.0.1 dev eth1",
        "10.0.1.0/24 dev eth0 scope link  src 10.0.1.4",
        "172.18.0.0/16 dev eth1 scope link  src 172.18.0.3",
    ]
    assert lab.exec("client", "ip r show dev eth0").splitlines() == [
        "10.0.1.0/24 dev eth0 scope link  src 10.0.1.4"
    ]


def test_ip_neigh_knows_whom_the_container_spoke_to(lab: HostLab) -> None:
    lab.exec("client", "ping -c 1 web")
    assert lab.exec("client", "ip neigh") == (
        "10.0.1.2 dev eth0 lladdr 02:42:0a:00:01:02 REACHABLE\n"
    )
    assert lab.exec("client", "ip neigh show dev eth1") == ""


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("ip", "Usage: ip"),
        ("ip tunnel", 'unknown object "tunnel"'),
        ("ip addr show eth9", "can't find device 'eth9'"),
    ],
)
def test_ip_says_what_it_does_not_know(lab: HostLab, command: str, said: str) -> None:
    assert said in lab.exec("client", command, status=1)


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("echo one two", "one two\n"),
        ("/bin/echo one", "one\n"),
        ("true", ""),
        ("sh", ""),
        ("sh -c 'echo one two'", "one two\n"),
        ("sh -c 'echo \"a b\" 10.0.1.2,x:y@z'", "a b 10.0.1.2,x:y@z\n"),
        ("/usr/bin/ping -c 1 -q 127.0.0.1", "PING 127.0.0.1"),
    ],
)
def test_small_programs(lab: HostLab, command: str, output: str) -> None:
    assert lab.exec("client", command).startswith(output)


def test_hostname_is_the_short_id(lab: HostLab) -> None:
    short = lab.container("client").short_id
    assert lab.exec("client", "hostname") == f"{short}\n"
    assert lab.exec("client", "cat /etc/hostname") == f"{short}\n"


@pytest.mark.parametrize(
    "command",
    ["echo a; echo b", "echo a && echo b", "ping web | tail", "sleep 5 &", "echo a > file"],
)
def test_the_shell_does_one_command(lab: HostLab, command: str) -> None:
    assert "one command only" in lab.exec("client", f"sh -c '{command}'", status=2)


def test_the_shell_says_what_it_cannot_read(lab: HostLab) -> None:
    assert "syntax error" in lab.exec("client", "sh -c 'echo \"half'", status=2)
    assert "telnet: not found" in lab.exec("client", "sh -c 'telnet web'", status=127)


def test_cat_of_what_is_not_there(lab: HostLab) -> None:
    output = lab.exec("client", "cat /etc/hostname /etc/shadow", status=1)
    assert "can't open '/etc/shadow': No such file or directory" in output
    assert lab.container("client").short_id in output


def test_an_unknown_program_is_dockers_error(lab: HostLab) -> None:
    with pytest.raises(MissingProgram) as error:
        program_for(lab.container("client"), ["telnet", "web"], lab.host("host-b"))
    assert error.value.program == "telnet"
    assert 'exec: "telnet": executable file not found in $PATH' in str(error.value)
    assert "telnet" in lab.exec("client", "telnet web", status=127)
