"""Whatever is too long for whom: every packet has an end, and every part of its time a name."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mtu_lab import SMALL_MTU, MtuLab, outcomes

from overlaysim.units import MS, SECOND

SCENARIO = """\
name: test
seed: {seed}
underlay:
  nodes: {{host-a: host, host-b: host, x1: {kind}, x2: router}}
  links:
    - {{between: [host-b, x1]}}
    - {{between: [x1, x2]}}
    - {{between: [x2, host-a]}}
overlay: {{bridge_nf: {nf}}}
"""
MTUS = st.sampled_from([600, 900, 1280, 1400, 1450, 1500, 1550, 9000])


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(
    mtus=st.tuples(MTUS, MTUS, MTUS),
    kind=st.sampled_from(["router", "switch"]),
    loss=st.sampled_from([0.0, 0.1]),
    nf=st.sampled_from(["on", "off"]),
    overlay=st.sampled_from([900, 1500, 1550, 4000]),
    attach=st.sampled_from(["bridge", "device"]),
    df=st.sampled_from(["unset", "set", "inherit"]),
    raised=st.booleans(),
    pings=st.lists(
        st.tuples(st.sampled_from(["do", "dont", "want"]), st.integers(0, 4000)),
        min_size=1, max_size=4,
    ),
    seed=st.integers(0, 1000),
)  # fmt: skip
def test_the_books_balance(
    mtus: tuple[int, int, int], kind: str, loss: float, nf: str, overlay: int, attach: str, df: str,
    raised: bool, pings: list[tuple[str, int]], seed: int,
) -> None:  # fmt: skip
    scenario = SCENARIO.format(seed=seed, kind=kind, nf=nf)
    lab = MtuLab(
        scenario, f"{SMALL_MTU}={overlay}", f"overlaysim.attach={attach}", f"overlaysim.df={df}"
    )
    way = ["host-b", "x1", "x2", "host-a"]
    for ends, mtu in zip(pairwise(way), mtus, strict=True):
        lab.world.underlay.change_link(*ends, mtu=mtu, loss=loss)
    if raised:
        lab.exec("client", f"ip link set eth0 mtu {overlay + 500}")
    for mode, size in pings:
        lab.ping(f"-c 2 -i 0.01 -W 1 -M {mode} -s {size}")
        lab.step_through(20 * MS)
    lab.step_through(35 * SECOND, SECOND)
    for journey in lab.ended:
        assert journey.ended is not None
        assert sum(journey.parts) == journey.ended - journey.born
    if not loss and kind == "router" and attach == "bridge" and df == "unset" and not raised:
        # everybody on the way tells or cuts, so in the end every packet gets through
        assert outcomes(lab.ping("-c 4 -M want -s 1400"))[-1] == "reply"
