"""ns-3 in C++ (``ns3/tcp.cc``) plays the variants of W5 with its own TCP.

    python ns3_tcp.py FOLDER W5 PACKETS SEED

FOLDER is as for ``ns3_udp.py``; the number of packets is not of use.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ns3_build import program, version

from overlaysim.bench.calibrate import cal_ops_per_second
from overlaysim.bench.measurement import Measurement
from overlaysim.bench.workloads import INCAST_BYTES, INCAST_SENDERS, INCASTS


def play(folder: Path, variant: str, seed: int) -> Measurement:
    """Have the program play a variant, with a calibration just before and just after."""
    control, loss = INCASTS[variant]
    before = cal_ops_per_second()
    said = subprocess.run(
        [program(folder, "tcp"), control, str(loss), str(seed)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    calibration = (before + cal_ops_per_second()) / 2
    fields = json.loads(said.stdout)
    hops, cpu = fields["packet_hops"], fields["cpu"]
    return Measurement(
        "ns-3, C++", version(folder), variant, INCAST_SENDERS * INCAST_BYTES, INCAST_SENDERS + 1,
        seed, hops, hops / cpu / calibration, cpu,
        {"bytes": fields["bytes"], "last byte s": fields["last_byte"]}, fields["peak_rss"],
    )  # fmt: skip


if __name__ == "__main__":
    where, _, _, number = sys.argv[1:]
    for name in INCASTS:
        print(json.dumps(play(Path(where), name, int(number)).as_json()), flush=True)
