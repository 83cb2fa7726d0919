"""ns-3 in C++ (``ns3/udp.cc``): UDP sockets, IPv4, point-to-point devices, drop-tail queues.

    python ns3_udp.py FOLDER W1|W2|W3 [PACKETS [SEED]]

FOLDER is where ``ns3_build.py`` has put the wheel and the programs. The program is told the network
and the flows, and measures its own event loop; the calibration is made here, before and after it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ns3_build import program, version
from paths import links_of
from peer import main

from overlaysim.bench.answers import Result
from overlaysim.bench.workloads import Flow, Workload


class Player:
    """Plays workloads by the program in a folder."""

    def __init__(self, folder: Path) -> None:
        self._program = program(folder, "udp")
        self._peak = 0

    def play(self, workload: Workload, seed: int) -> Result:
        """Have the program play a workload."""
        said = subprocess.run(
            [self._program], input=description(workload, seed), capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        fields = json.loads(said.stdout)
        self._peak = fields.pop("peak_rss")
        return Result(**fields)

    def peak(self) -> int:
        """Bytes that the program has needed at most."""
        return self._peak


def description(workload: Workload, seed: int) -> str:
    """A workload in the numbers that ``udp.cc`` reads."""
    paths = {flow: _nodes(workload, flow) for flow in workload.flows}
    nodes = [f"host-{number}" for number in range(workload.hosts)]
    nodes += sorted({node for path in paths.values() for node in path} - set(nodes))
    number = {node: place for place, node in enumerate(nodes)}
    links = sorted(
        {tuple(sorted(link)) for flow in workload.flows for link in links_of(workload, flow)}
    )

    def lines() -> Iterator[str]:
        queue = -1 if workload.queue is None else workload.queue
        yield f"{seed} {len(nodes)} {workload.hosts} {workload.rate} {workload.delay} {queue}"
        yield f"{workload.frame} {workload.gap} {workload.poisson:d} {workload.echo:d}"
        yield f"{len(links)}"
        yield from (f"{number[a]} {number[b]}" for a, b in links)
        yield f"{len(paths)}"
        for flow, path in paths.items():
            way = " ".join(str(number[node]) for node in path)
            yield f"{flow.packets} {flow.start} {len(path)} {way}"

    return "\n".join(lines())


def _nodes(workload: Workload, flow: Flow) -> list[str]:
    links = links_of(workload, flow)
    return [links[0][0], *(link[1] for link in links)]


if __name__ == "__main__":
    where = Path(sys.argv[1])
    player = Player(where)
    main("ns-3, C++", version(where), player.play, sys.argv[2:], player.peak)
