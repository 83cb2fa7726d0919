"""Named random streams: stable and independent."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from overlaysim.sim import Streams
from overlaysim.sim.uniforms import Uniforms

DRAW = "from overlaysim.sim import Streams; print(Streams(7)('gossip', 'host-a').random())"


def test_one_drawn_value_is_pinned_for_ever() -> None:
    """Results that somebody published must come out again: this number may not change."""
    assert Streams(7)("gossip", "host-a").random() == 0.5234660312366533
    assert Streams(7).number("node", bits=32) == 3375638456


def test_draws_do_not_depend_on_the_hash_seed() -> None:
    drawn = {
        subprocess.run(
            [sys.executable, "-c", DRAW],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("0", "1")
    }  # fmt: skip
    assert len(drawn) == 1


def test_a_stream_is_the_same_object_each_time() -> None:
    streams = Streams(1)
    assert streams("a", "b") is streams("a", "b")


def test_other_streams_do_not_shift_a_stream() -> None:
    alone, crowded = Streams(1), Streams(1)
    crowded("other").random()
    crowded("x", "y").random()
    assert crowded("x").random() == alone("x").random()


def test_names_seeds_and_boundaries_between_words_matter() -> None:
    draws = [
        Streams(1)("ab", "c").random(),
        Streams(1)("a", "bc").random(),
        Streams(1)("abc").random(),
        Streams(2)("abc").random(),
        Streams(1)("abc", "").random(),
    ]
    assert len(set(draws)) == len(draws)


def test_numbers_have_the_bits_asked_for() -> None:
    streams = Streams(3)
    numbers = [streams.number("id", str(index), bits=20) for index in range(200)]
    assert max(numbers) < 2**20
    assert max(numbers) > 2**19
    assert len(set(numbers)) == 200


# ---- in arrays --------------------------------------------------------------------------------


def singly(count: int, *name: str, seed: int = 7) -> list[float]:
    stream = Streams(seed)(*name)
    return [stream.random() for _ in range(count)]


@pytest.mark.parametrize("takes", [(1,), (0, 3), (311, 1, 312, 313), (2000, 1, 1)])
def test_arrays_hold_what_single_draws_return(takes: tuple[int, ...]) -> None:
    """The generator makes 624 words, 312 numbers, at a time: takes end before, on and after."""
    uniforms = Streams(7).uniforms("flow", "3", "gaps")
    drawn = [number for count in takes for number in uniforms.take(count).tolist()]
    assert drawn == singly(sum(takes), "flow", "3", "gaps")


def test_arrays_go_on_from_where_a_generator_is() -> None:
    generator = Streams(7)("x")
    generator.random()
    assert Uniforms(generator).take(5).tolist() == singly(6, "x")[1:]


def test_arrays_begin_at_the_first_draw_and_shift_nothing() -> None:
    streams = Streams(7)
    streams("x").random()
    assert streams.uniforms("x").take(2).tolist() == singly(2, "x")
    assert streams.uniforms("x").take(2).tolist() == singly(2, "x")
    assert streams("x").random() == singly(2, "x")[1]
