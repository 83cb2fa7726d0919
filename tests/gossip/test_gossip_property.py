"""Long random walks, also over lossy links; the short ones are conformance scenario G35."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from gossip_walk import Walk


def step(walk: Walk, rng: random.Random) -> None:
    """Do one of the things that can be done now, or wait for a moment."""
    actions: dict[Callable[..., None], list[Any]] = {
        walk.join: walk.outside(),
        walk.leave: walk.inside(),
        walk.create: walk.inside() * 2,
        walk.update: walk.entries(),
        walk.delete: walk.entries(),
    }
    action = rng.choice([*actions, walk.create, None, None])
    if action is None:
        walk.cluster.run(rng.randint(10, 500) / 1000)
    elif actions[action]:
        action(*rng.choice(actions[action]))


@pytest.mark.parametrize("loss", [0.0, 0.05])
@pytest.mark.parametrize("seed", range(20))
def test_all_tables_agree_after_long_walks(seed: int, loss: float) -> None:
    rng = random.Random(seed)
    walk = Walk(rng.randint(2, 12), rng.randint(1, 5), seed)
    walk.cluster.loss = loss
    for _ in range(200):
        step(walk, rng)
    walk.settle(120)
