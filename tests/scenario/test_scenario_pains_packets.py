"""Pains of packets and sizes: what fails in each scenario, and the change that repairs it."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from pain_files import FOLDER, failing, path, repair, text

import overlaysim
from overlaysim.measure.packets import PacketRow
from overlaysim.scenario.result import Result
from overlaysim.sim.events import BlackHoleFound
from overlaysim.wire import UDP, IPv4

CREATE = "      docker network create --driver overlay --attachable {}app-overlay"
RUN = "      docker run -d --network app-overlay --name client {}alpine sleep 1000"
MTU_OPTION = "--opt com.docker.network.driver.mtu={} "

BROKEN = {
    "01-mtu-black-hole": {
        "messages(client, web, protocol=udp).lost == 0",
        "transfer(shop, web).bytes > 100 kB",
        "transfer(shop, web).stalled == 0",
        "dropped(reason=mtu) == 0",
    },
    "01-mtu-shrinks": {
        "transfer(client, perf).stalled == 0",
        "transfer(client, perf).bytes > 1 MB",
    },
    "02-jumbo-ignored": {
        "messages(client, web, protocol=udp).loss < 0.1 %",
        "dropped(reason=backlog-full) == 0",
    },
    "03-checksum-offload": {
        "messages(client, web, protocol=udp).lost == 0",
        "dropped(reason=bad-checksum) == 0",
    },
    "04-encrypted-blocked": {"ping(secret-client, secret-web).received == 10"},
    "04-encrypted-slow": {"messages(secret-client, secret-web, protocol=udp).loss < 0.1 %"},
    "05-port-taken": {"ping(client, web).received == 10"},
}  # fmt: skip
"""The expectations that fail in the broken variant, and no others."""

REPAIRS = {
    "01-mtu-black-hole": ([CREATE.format("")], [CREATE.format(MTU_OPTION.format(1400))]),
    "01-mtu-shrinks": (
        [RUN.format("")], [RUN.format("--sysctl net.ipv4.tcp_mtu_probing=1 ")],
    ),
    "02-jumbo-ignored": ([CREATE.format("")], [CREATE.format(MTU_OPTION.format(9000))]),
    "03-checksum-offload": (
        [],
        ["  - at: 8 s",
         "    fault: {heal: host-b}            # ethtool -K eth0 tx-checksum-ip-generic off"],
    ),
    "04-encrypted-blocked": (
        ["  - fault: {block: [esp, gre], at: host-b}"], ["  - fault: {block: gre, at: host-b}"],
    ),
    "04-encrypted-slow": (["  crypt_byte: 40 ns"], ["  crypt_byte: 1 ns"]),
    "05-port-taken": (
        ["      docker swarm init"], ["      docker swarm init --data-path-port 14789"],
    ),
}  # fmt: skip

TEXTS = sorted({name.removesuffix("-blocked").removesuffix("-slow") for name in BROKEN})


@cache
def result(name: str, variant: str, seed: int | None = None) -> Result:
    return overlaysim.run(path(name, variant), seed=seed)


def rows(name: str, variant: str, *, reason: str) -> list[PacketRow]:
    return [r for r in result(name, variant).measurements.packets if r.reason == reason]


def test_each_broken_file_is_judged_here() -> None:
    files = {file.name.split(".")[0] for file in FOLDER.glob("0[1-5]-*.broken.overlay.yml")}
    assert files == BROKEN.keys() == REPAIRS.keys()


@pytest.mark.parametrize("name", BROKEN)
def test_broken_variants_fail_where_they_should(name: str) -> None:
    for seed in (None, 12):
        assert failing(result(name, "broken", seed)) == BROKEN[name]
        assert result(name, "broken", seed).status == 1


@pytest.mark.parametrize("name", BROKEN)
def test_fixed_variants_hold(name: str) -> None:
    for seed in (None, 12):
        fixed = result(name, "fixed", seed)
        assert failing(fixed) == set()
        assert fixed.status == 0
        assert BROKEN[name] <= {expectation.text for expectation in fixed.expectations}


@pytest.mark.parametrize("name", REPAIRS)
def test_the_repair_is_one_change(name: str) -> None:
    assert repair(name) == REPAIRS[name]


@pytest.mark.parametrize("name", TEXTS)
def test_texts_ask_before_they_answer(name: str) -> None:
    page = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    parts = ["What people see", "Run and observe", "Predict before", "Repair by one", "## Solution"]
    assert [page.index(part) for part in parts] == sorted(page.index(part) for part in parts)
    for variant in ("broken", "fixed"):
        assert f".{variant}.overlay.yml" in page


# ---- what the texts say besides ---------------------------------------------------------------


def test_the_link_of_the_black_hole_is_named() -> None:
    assert {row.where for row in rows("01-mtu-black-hole", "broken", reason="mtu")} == {
        "switch->host-b"
    }


def test_the_report_names_the_stalled_connection() -> None:
    said = result("01-mtu-black-hole", "broken").report()
    line = next(line for line in said.splitlines() if line.startswith("shop:80 -> web"))
    assert line.split()[3:] == [
        "FIN-WAIT-1", "2.372", "s", "161", "100", "161", "B", "switch->host-b", "mtu"
    ]  # fmt: skip
    pair = next(line for line in said.splitlines() if line.startswith("shop -> web"))
    assert pair.split()[3:6] == ["2", "0", "919"]  # connections, failed, bytes
    assert "stalled connection" not in result("01-mtu-black-hole", "fixed").report()


def test_tcp_finds_the_black_hole_and_goes_on() -> None:
    events = result("01-mtu-shrinks", "fixed").measurements.events
    found = [event for event in events if isinstance(event, BlackHoleFound)]
    assert [(event.endpoint, event.mtu) for event in found] == [("client@host-a", 1450)]
    lost = rows("01-mtu-shrinks", "fixed", reason="mtu")
    assert {row.length for row in lost} == {1514}
    assert max(row.ended for row in lost) < found[0].at


@pytest.mark.parametrize(("size", "passes"), [(1322, True), (1323, False), (1423, False)])
def test_which_datagrams_pass_a_link_of_1400(size: int, passes: bool) -> None:
    scenario = text("01-mtu-black-hole", "broken").replace("size: 1400 B", f"size: {size} B")
    run = overlaysim.run(scenario)
    late = [r for r in run.measurements.packets if r.kind == "data" and r.born > 20 * 10**12
            and r.protocol == "udp"]  # fmt: skip
    lost = {row.message for row in late if row.reason}
    assert lost == (set() if passes else {row.message for row in late})


def test_fragments_amplify_the_loss() -> None:
    pieces = [
        row for row in result("02-jumbo-ignored", "broken").measurements.packets
        if row.kind == "data" and row.protocol == "udp"
    ]  # fmt: skip
    arrived = sum(not row.reason for row in pieces) / len(pieces)
    whole = 1 - len({row.message for row in pieces if row.reason}) / len(
        {row.message for row in pieces}
    )
    assert 0.24 < arrived < 0.27
    assert whole == pytest.approx(0.054, abs=0.005)


def test_only_the_inner_checksum_is_wrong() -> None:
    run = overlaysim.run(path("03-checksum-offload", "broken"), capture=True)
    assert run.capture is not None
    frames = [frame.packet for frame in run.capture.frames
              if frame.journey.reason == "bad checksum" and frame.outgoing]  # fmt: skip
    assert len(frames) == 100
    for packet in frames[:5]:
        right = packet.recomputed().resolved()
        inner = next(i for i in range(4, 8) if isinstance(packet.layers[i], UDP))
        assert packet.layer(inner, UDP).checksum != right.layer(inner, UDP).checksum
        seen = packet.resolved()
        assert seen.layer(1, IPv4).checksum == right.layer(1, IPv4).checksum
    stack = {row.where for row in rows("03-checksum-offload", "broken", reason="bad checksum")}
    assert stack == {"web@host-a"}


def test_a_ping_in_the_encrypted_network_is_26_bytes_longer() -> None:
    run = overlaysim.run(path("04-encrypted-blocked", "fixed"), capture=True)
    assert run.capture is not None
    lengths = {
        frame.journey.source.partition("-")[0]: frame.packet.length
        for frame in run.capture.frames if frame.journey.protocol == "icmp"
    }  # fmt: skip
    assert lengths == {"plain": 148, "secret": 174}


def test_what_a_host_can_encrypt() -> None:
    ended = [
        row.ended for row in result("04-encrypted-slow", "broken").measurements.packets
        if row.kind == "data" and row.source.startswith("secret") and not row.reason
    ]  # fmt: skip
    steady = [later - earlier for earlier, later in pairwise(ended)]
    assert max(set(steady), key=steady.count) == 1318 * 40_000  # picoseconds
