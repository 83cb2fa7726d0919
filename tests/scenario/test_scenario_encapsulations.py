"""Every encapsulation under an overlay network: what crosses the links, and what arrives."""

from __future__ import annotations

import pytest

from overlaysim import InputError, Lab, run
from overlaysim.overlay.encapsulation import Carries, Encapsulation, encapsulation, encapsulations
from overlaysim.scenario.result import Result
from overlaysim.sim.events import FrameSeen
from overlaysim.wire import TCP, UDP, IPv4, IPv6

CARRY_IPV4 = [
    (known, family) for known in encapsulations() if 4 in known.inner for family in known.families
]
IDS = [f"{known.name}-ipv{family}" for known, family in CARRY_IPV4]
PAYLOAD, INNER = 1000, 1028

SCENARIO = """\
name: carried
seed: 7
overlay: {{{overlay}}}
{more}
timeline:
  - on: host-a
    run: |
      docker swarm init
      docker network create -d overlay --attachable net
      docker run -d --network net --name web alpine sleep 1000
  - {{on: host-b, run: docker run -d --network net --name client alpine sleep 1000}}
traffic:
  - {{from: client, to: web, rate: 10 Mbit/s, size: 1000 B, start: 6 s, stop: 6005 ms}}
"""


def result(overlay: str, more: str = "") -> Result:
    return run(SCENARIO.format(overlay=overlay, more=more), capture=True)


def data_frames(outcome: Result) -> list[FrameSeen]:
    assert outcome.capture is not None
    return [frame for frame in outcome.capture.frames if frame.journey.kind == "data"]


def arrived(outcome: Result) -> int:
    rows = [row for row in outcome.measurements.packets if row.kind == "data"]
    assert {row.reached for row in rows if not row.reason} <= {"web@host-a"}
    return sum(not row.reason for row in rows)


@pytest.mark.parametrize(("known", "family"), CARRY_IPV4, ids=IDS)
def test_datagrams_cross_in_their_encapsulation(known: Encapsulation, family: int) -> None:
    outcome = result(f"encapsulation: {known.name}, underlay: ipv{family}")
    family = 4 if known.carries is Carries.SEGMENT else family  # the containers' own packets
    assert arrived(outcome) == 6
    frames = data_frames(outcome)
    assert len(frames) == 12  # each at both hosts
    for frame in frames:
        assert frame.packet.length == 14 + INNER + known.added(INNER, family)
        assert known.decode(frame.packet.pack()).pack() == frame.packet.pack()
        parts = frame.journey.composition
        assert parts.payload == PAYLOAD
        assert parts.length == frame.packet.length
        assert min(parts.inner_headers, parts.encapsulation, parts.outer_headers) >= 0
    outer = frames[0].packet.layers[1]
    if isinstance(outer, IPv6):
        assert (outer.src, outer.dst) == ("fd77::a4d:c", "fd77::a4d:b")
    assert not any(outcome.measurements.conservation.in_flight.values())


def test_bytes_by_what_they_are_for() -> None:
    (docker,) = {f.journey.composition for f in data_frames(result("encapsulation: vxlan"))}
    assert (docker.inner_headers, docker.encapsulation, docker.outer_headers) == (42, 8, 42)
    (gre,) = {f.journey.composition for f in data_frames(result("encapsulation: gre-key"))}
    assert (gre.inner_headers, gre.encapsulation, gre.outer_headers) == (28, 8, 34)
    (esp,) = {f.journey.composition for f in data_frames(result("encapsulation: vxlan-esp-docker"))}
    assert (esp.inner_headers, esp.encapsulation, esp.outer_headers) == (42, 42, 34)
    (udp,) = {
        f.journey.composition for f in data_frames(result("encapsulation: masque-connect-udp"))
    }
    assert (udp.inner_headers, udp.encapsulation, udp.outer_headers) == (0, 30, 42)


def typed(options: str) -> str:
    """What the client prints after ``docker network create`` with these options."""
    lab = Lab(seed=7)
    host = lab["host-a"]
    host("docker swarm init")
    made = host(f"docker network create -d overlay --attachable {options} net")
    if made.status:
        return made.strip()
    host("docker run -d --network net --name web alpine sleep 1000")
    return host("docker exec web ip link show eth0").splitlines()[0].split("mtu ")[1].split()[0]


@pytest.mark.parametrize(
    ("options", "mtu"),
    [
        ("", "1450"),
        ("--opt encrypted", "1424"),
        ("--opt encrypted=false", "1424"),
        ("--opt overlaysim.encapsulation=geneve-opt8", "1442"),
        ("--opt overlaysim.encapsulation=geneve-opt8 --opt overlaysim.underlay=ipv6", "1422"),
        ("--opt overlaysim.encapsulation=wireguard", "1440"),
        ("--opt overlaysim.encapsulation=none", "1500"),
        ("--opt overlaysim.underlay=ipv6", "1450"),  # Docker takes 50 off whatever is below
        ("--opt overlaysim.encapsulation=gre --opt com.docker.network.driver.mtu=9000", "8976"),
    ],
)
def test_the_mtu_that_a_container_gets(options: str, mtu: str) -> None:
    assert typed(options) == mtu


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--opt overlaysim.encapsulation=vxlam", 'not an encapsulation; did you mean vxlan'),
        ("--opt overlaysim.encap=vxlan", "did you mean overlaysim.encapsulation?"),
        ("--opt overlaysim.encapsulation=6in4", "6in4 carries IPv6 only"),
        ("--opt overlaysim.encapsulation=ipip --opt overlaysim.underlay=ipv6",
         "ipip does not go over an IPv6 underlay, only over IPv4"),
        ("--opt overlaysim.df=sett", "not one of unset, set, inherit; did you mean set?"),
        ("--opt overlaysim.ttl=256", '"256" is not a number from 1 to 255, or inherit'),
        ("--opt overlaysim.srcport=9-8", '"9-8" is not a range of ports'),
    ],
)  # fmt: skip
def test_options_that_are_refused(options: str, message: str) -> None:
    said = typed(options)
    assert said.startswith("Error response from daemon: ")
    assert message in said


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("encapsulation: vxlam", 'x.yml:3:26: overlay.encapsulation: "vxlam" is not an enc'),
        ("encapsulation: 6in4", "x.yml:3:26: overlay.encapsulation: 6in4 carries IPv6 only"),
        ("encapsulation: ipip, underlay: ipv6", "ipip does not go over an IPv6 underlay"),
        ("underlay: ipv5", "is not one of ipv4, ipv6; did you mean ipv6?"),
    ],
)
def test_scenarios_that_are_refused(overlay: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        result(overlay)
    assert message.removeprefix("x.yml:") in str(error.value)


def test_options_of_the_device_show_on_the_wire() -> None:
    scenario = SCENARIO.format(overlay="", more="").replace(
        "--attachable net",
        "--attachable --opt overlaysim.df=set --opt overlaysim.ttl=9 --opt overlaysim.tos=0x10 "
        "--opt overlaysim.udpcsum=off --opt overlaysim.srcport=50000-50010 net",
    )
    packet = data_frames(run(scenario, capture=True))[0].packet
    ip, udp = packet.layer(1, IPv4), packet.layer(2, UDP)
    assert (ip.df, ip.ttl, ip.tos, udp.checksum) == (True, 9, 0x10, 0)
    assert 50_000 <= udp.src_port < 50_010


def test_vxlan_moves_to_the_data_path_port_of_the_swarm() -> None:
    for known in ("vxlan", "evpn-vxlan", "vxlan-gbp", "geneve-opt0"):
        scenario = SCENARIO.format(overlay=f"encapsulation: {known}", more="").replace(
            "swarm init", "swarm init --data-path-port 14789"
        )
        outcome = run(scenario, capture=True)
        ports = {frame.packet.layer(2, UDP).dst_port for frame in data_frames(outcome)}
        assert ports == ({6081} if known == "geneve-opt0" else {14789})
        assert arrived(outcome) == 6


def test_what_cannot_be_carried_is_dropped_and_said() -> None:
    lab = Lab(seed=7)
    a, b, _ = (lab[name] for name in lab.hosts)
    a("docker swarm init")
    a("docker network create -d overlay --attachable "
      "--opt overlaysim.encapsulation=masque-connect-udp net")  # fmt: skip
    a("docker run -d --network net --name web alpine sleep 1000")
    b("docker run -d --network net --name client alpine sleep 1000")
    assert b("docker exec client ping -c 1 -W 1 web").status == 1
    assert "dropped: not carried" in lab.explain()


# ---- work per packet and per byte -------------------------------------------------------------


def goodput(timing: str, encapsulation_name: str = "vxlan", *, rate: str = "400 Mbit/s") -> float:
    """Mbit/s of payload that arrive when more is offered than a processor can handle."""
    text = (
        SCENARIO.format(
            overlay=f"encapsulation: {encapsulation_name}",
            more=f"timing: {{{timing}}}\nunderlay: {{link: {{rate: 10 Gbit/s}}}}",
        )
        .replace("10 Mbit/s", rate)
        .replace("6005 ms", "6100 ms")
    )
    outcome = run(text)
    rows = [row for row in outcome.measurements.packets if row.kind == "data" and not row.reason]
    last = max(row.ended for row in rows)
    first = min(row.ended for row in rows)
    return (len(rows) - 1) * PAYLOAD * 8 / ((last - first) / 1e12) / 1e6


def test_a_cost_per_packet_limits_packets_a_second() -> None:
    # 40 us a packet at each end: 25 000 packets a second.
    assert goodput("encapsulate: 40 us") == pytest.approx(200, rel=0.001)
    assert goodput("decapsulate: 40 us") == pytest.approx(200, rel=0.001)


def test_a_cost_per_byte_counts_the_bytes_of_the_frame() -> None:
    frame = 14 + INNER + encapsulation("vxlan-esp-docker").added(INNER)
    measured = goodput("crypt_byte: 50 ns", "vxlan-esp-docker")
    assert measured == pytest.approx(PAYLOAD * 8 / (frame * 0.05), rel=0.001)


def test_encryption_costs_only_where_something_is_encrypted() -> None:
    assert goodput("crypt: 1 ms", "vxlan", rate="40 Mbit/s") == pytest.approx(40, rel=0.01)
    assert goodput("crypt: 1 ms", "wireguard", rate="40 Mbit/s") == pytest.approx(8, rel=0.01)


def test_a_full_backlog_drops_and_the_books_balance() -> None:
    text = SCENARIO.format(overlay="", more="timing: {encapsulate: 1 ms}").replace(
        "rate: 10 Mbit/s, size: 1000 B, start: 6 s, stop: 6005 ms",
        "rate: 800 Mbit/s, size: 1000 B, start: 6 s, stop: 6020 ms",
    )
    outcome = run(text)
    reasons = [row.reason for row in outcome.measurements.packets if row.kind == "data"]
    assert reasons.count("") == 1001 + 19  # the backlog, one in hand, and one for each whole ms
    assert reasons.count("backlog full") == 1980 - 1020
    assert not any(outcome.measurements.conservation.in_flight.values())


def test_transport_of_the_tunnels_that_have_one() -> None:
    """What the underlay can see of a flow is what the declarations say it can."""
    for known in encapsulations():
        if 4 not in known.inner or known.link or known.carries is Carries.SEGMENT:
            continue
        family = known.families[0]
        packet = data_frames(result(f"encapsulation: {known.name}, underlay: ipv{family}"))[
            0
        ].packet
        assert isinstance(packet.layers[2], UDP | TCP) == known.has_ports


@pytest.mark.parametrize(
    ("name", "fragments"),
    [("vxlan", 1), ("gtp-u", 1), ("wireguard", 1), ("vxlan-esp-docker", 1), ("none", 0),
     ("esp-transport-aes-gcm16", 1), ("802.1q", 0)],
)  # fmt: skip
def test_outer_fragments_of_any_encapsulation_are_put_together(name: str, fragments: int) -> None:
    """1400 bytes of inner IP over links of 1400; pieces of ciphertext only the ends can read."""
    link = "underlay: {link: {mtu: 1400 B}}"
    text = SCENARIO.format(overlay=f"encapsulation: {name}", more=link)
    outcome = run(text.replace("size: 1000 B", "size: 1372 B"), capture=True)
    assert arrived(outcome) == 5
    pieces = [r for r in outcome.measurements.packets if r.kind == "fragment"]
    assert len(pieces) == 5 * fragments
    assert not any(row.reason for row in outcome.measurements.packets)
    assert max(f.packet.length for f in data_frames(outcome)) <= 1414 + encapsulation(name).tag


@pytest.mark.parametrize(
    ("name", "hashed", "paths"),
    [("vxlan", "5-tuple", 2), ("nvgre", "5-tuple", 1), ("nvgre", "keys", 2),
     ("wireguard", "keys", 1), ("ip-in-ipv6", "5-tuple", 2)],
)  # fmt: skip
def test_what_spreads_over_equal_paths(name: str, hashed: str, paths: int) -> None:
    """Sixteen flows between two hosts, over two spines."""
    underlay = f"underlay: {{topology: leaf-spine, hosts: [host-a, host-b], hash: {hashed}}}"
    family = encapsulation(name).families[0]
    text = SCENARIO.format(overlay=f"encapsulation: {name}, underlay: ipv{family}", more=underlay)
    more = "".join(
        f"  - {{from: client, to: web, rate: 1 Mbit/s, size: {size} B, start: 6 s, "
        "stop: 6001 ms}\n"
        for size in range(100, 116)
    )
    outcome = run(text + more)
    spines = {
        link.name for link in outcome.measurements.links
        if link.name.startswith("spine-") and any(c.kind == "data" for c in link.frames)
    }  # fmt: skip
    assert len({link.partition("->")[0] for link in spines}) == paths
