"""Frames packed to bytes with all their checksums, and read again: how many in a second.

Each frame is a container's packet in VXLAN, as the registered encapsulation makes it. Addresses,
ports, identifications and real payloads differ from frame to frame, as they do in a capture.

    python tests/benchmarks/frames.py

prints a table and ends with status 1 if a frame was not what it had been.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import eq
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # measure this checkout, not an installed one

from overlaysim.bench.calibrate import cal_ops_per_second
from overlaysim.overlay.encapsulation import Tunnel, encapsulation
from overlaysim.wire import TCP, UDP, Ethernet, IPv4, IPv6, Opaque, Packet, Payload, decode

VXLAN = encapsulation("vxlan")

FRAMES = 20_000
RUNS = 5
PACK_FLOOR, READ_FLOOR = 0.10, 0.05
"""200 000 frames packed and 100 000 read in a second, at 2 million cal ops a second."""


@dataclass(frozen=True)
class Traffic:
    """Frames of one kind; ``inner`` makes the headers of the container's packet from a number."""

    name: str
    inner: Callable[[int], tuple[IPv4 | IPv6, UDP | TCP]]
    payload: Callable[[random.Random], Payload]

    def frames(self, count: int) -> list[Packet]:
        """Return ``count`` frames, the same every time."""
        rng = random.Random(1)
        return [self._frame(number, self.payload(rng)) for number in range(count)]

    def _frame(self, number: int, payload: Payload) -> Packet:
        container, peer = number % 200, number % 16 + 2
        frame = Packet(
            (Ethernet(f"02:42:0a:00:01:{container:02x}", "02:42:0a:00:01:04"), *self.inner(number)),
            payload,
        )
        tunnel = Tunnel(
            "192.168.0.1", f"192.168.0.{peer}", "02:42:c0:a8:00:01", f"02:42:c0:a8:00:{peer:02x}",
            network=4097 + number % 8, flow=number * 2_654_435_761 & 0xFFFFFFFF,
            ident=number & 0xFFFF,
        )  # fmt: skip
        return VXLAN.encapsulate(frame, tunnel)


def _udp(number: int) -> tuple[IPv4, UDP]:
    ip = IPv4("10.0.1.4", f"10.0.1.{number % 200}", ident=number & 0xFFFF)
    return ip, UDP(40_000 + number % 1000, 8080)


def _tcp(number: int) -> tuple[IPv4, TCP]:
    ip = IPv4("10.0.1.4", f"10.0.1.{number % 200}", ident=number & 0xFFFF, df=True)
    return ip, TCP(40_000, 8080, number * 1448, 1, 0x10, 500, options=bytes(12))


def _udp_in_ipv6(number: int) -> tuple[IPv6, UDP]:
    return IPv6("fd00::4", f"fd00::{number % 200 + 5:x}"), UDP(40_000 + number % 1000, 8080)


TRAFFIC = (
    Traffic("UDP, 64 B that nobody looks at", _udp, lambda _: Opaque(64)),
    Traffic("UDP, 1000 B that nobody looks at", _udp, lambda _: Opaque(1000)),
    Traffic("UDP, 64 B, each different", _udp, lambda rng: rng.randbytes(64)),
    Traffic("UDP, 1000 B, each different", _udp, lambda rng: rng.randbytes(1000)),
    Traffic("UDP over IPv6, 1000 B", _udp_in_ipv6, lambda _: Opaque(1000)),
    Traffic("TCP with time stamps, 1448 B", _tcp, lambda _: Opaque(1448)),
)


def _score(work: Callable[[Any], object], items: Sequence[Any]) -> float:
    """Items per CPU second over cal ops per CPU second, of the moment before and after.

    What comes of an item is dropped at once, as by what writes or reads a capture.
    """
    before = cal_ops_per_second(300_000)
    started = time.process_time()
    for item in items:
        work(item)
    cpu = time.process_time() - started
    return len(items) / cpu / ((before + cal_ops_per_second(300_000)) / 2)


def _row(name: str, scores: list[float], floor: float, *, right: bool) -> str:
    score = f"{median(scores):.3f} [{min(scores):.3f}-{max(scores):.3f}]"
    return f"{name:<42}{FRAMES:>10,}  {score:<21}{floor:>6}  {'yes' if right else 'NO'}"


def measure() -> bool:
    """Print how fast frames are packed and read; return whether they stayed what they were."""
    print(f"{'frames in VXLAN':<42}{'frames':>10}  {'score median [range]':<21}{'floor':>6}  ok")
    all_right = True
    for traffic in TRAFFIC:
        packing, reading = [], []
        packets = traffic.frames(FRAMES)
        frames = [packet.pack() for packet in packets]
        for _ in range(RUNS):
            packing.append(_score(Packet.pack, packets))
            reading.append(_score(decode, frames))
        again = (decode(frame).recomputed().layers for frame in frames)
        right = all(map(eq, again, (packet.layers for packet in packets)))
        print(_row(f"pack  {traffic.name}", packing, PACK_FLOOR, right=right))
        print(_row(f"read  {traffic.name}", reading, READ_FLOOR, right=right))
        all_right = all_right and right
    return all_right


if __name__ == "__main__":
    sys.exit(0 if measure() else 1)
