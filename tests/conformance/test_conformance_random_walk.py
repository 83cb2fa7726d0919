"""G35: whatever happens, the tables agree in the end.

In the spirit of TestNetworkDBAlwaysConverges (``networkdb_property_test.go`` in moby/moby): joins,
leaves and writes with no waiting in between, keys never used twice, two minutes to settle.
``HYPOTHESIS_PROFILE=nightly`` runs many more of them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from gossip_walk import Walk
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"

WALKS = settings(
    max_examples=400 if NIGHTLY else 50,
    stateful_step_count=100 if NIGHTLY else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

SETTLED = 120
"""Seconds within which joins, leaves and writes must have reached everybody."""

HEALED = 240
"""Seconds within which that must be so again after all cuts are mended.

A dial begun before lasts up to 10 s; a node tries one of those it holds failed each second, so that
24 of them have all been drawn after some 90 s; membership that gossip missed comes with a push/pull
after 30 s, and entries with a bulk sync, every 30 s with a random partner who may not have them
either the first times. A host that found nobody to join tries again after a minute, in the shadow
of all that. Of some hundred walks the slowest takes 95 s.
"""


class RandomWalk(RuleBasedStateMachine):
    """Each rule draws one of those hosts, networks and keys for which it makes sense."""

    walk: Walk

    @initialize(count=st.integers(2, 25), networks=st.integers(1, 5), seed=st.integers(0, 1000))
    def form(self, count: int, networks: int, seed: int) -> None:
        self.walk = Walk(count, networks, seed)

    @rule(data=st.data())
    @precondition(lambda self: self.walk.outside())
    def join(self, data: st.DataObject) -> None:
        self.walk.join(*pick(data, self.walk.outside()))

    @rule(data=st.data())
    @precondition(lambda self: self.walk.inside())
    def leave(self, data: st.DataObject) -> None:
        self.walk.leave(*pick(data, self.walk.inside()))

    @rule(data=st.data())
    @precondition(lambda self: self.walk.inside())
    def create(self, data: st.DataObject) -> None:
        self.walk.create(*pick(data, self.walk.inside()))

    @rule(data=st.data())
    @precondition(lambda self: self.walk.entries())
    def update(self, data: st.DataObject) -> None:
        self.walk.update(*pick(data, self.walk.entries()))

    @rule(data=st.data())
    @precondition(lambda self: self.walk.entries())
    def delete(self, data: st.DataObject) -> None:
        self.walk.delete(*pick(data, self.walk.entries()))

    @rule(milliseconds=st.integers(10, 500))
    def sleep(self, milliseconds: int) -> None:
        self.walk.cluster.run(milliseconds / 1000)

    def teardown(self) -> None:
        if hasattr(self, "walk"):
            self.walk.settle(SETTLED)


def pick(data: st.DataObject, options: Sequence[Any]) -> Any:
    return data.draw(st.sampled_from(options))


class FaultyWalk(RandomWalk):
    """The same, while hosts die, come back under new names, or are cut off for a while."""

    @rule(data=st.data())
    @precondition(lambda self: len(self.walk.up()) > 2)
    def crash(self, data: st.DataObject) -> None:
        self.walk.crash(pick(data, self.walk.up()))

    @rule(data=st.data())
    @precondition(lambda self: self.walk.forgotten())
    def restart(self, data: st.DataObject) -> None:
        self.walk.restart(pick(data, self.walk.forgotten()))

    @rule(data=st.data())
    @precondition(lambda self: self.walk.up())
    def cut_off(self, data: st.DataObject) -> None:
        up = self.walk.up()
        hosts = data.draw(st.lists(st.sampled_from(up), min_size=1, max_size=12, unique=True))
        self.walk.cut_off(hosts)

    @rule()
    @precondition(lambda self: self.walk.cluster.divided)
    def heal(self) -> None:
        self.walk.cluster.heal()

    @rule(seconds=st.integers(1, 60))
    def wait(self, seconds: int) -> None:
        self.walk.cluster.run(seconds)

    def teardown(self) -> None:
        if hasattr(self, "walk"):
            self.walk.cluster.heal()
            self.walk.settle(HEALED)


def test_g35_random_walk() -> None:
    run_state_machine_as_test(RandomWalk, settings=WALKS)


def test_g35_random_walk_with_faults() -> None:
    run_state_machine_as_test(FaultyWalk, settings=WALKS)
