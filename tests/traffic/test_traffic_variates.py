"""Exponential variates: as exact as a logarithm can be, and the same everywhere."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest

from overlaysim.sim import Streams
from overlaysim.traffic.schedule import exponential

TINY = 2.0**-53
EDGES = [0.0, 0.5, 0.25, 0.75, 1 - math.sqrt(0.5), 1 - TINY]
EDGES += [k * TINY for k in range(1, 500)] + [1 - k * TINY for k in range(1, 500)]


def test_it_is_the_logarithm_to_the_last_place_but_one() -> None:
    uniform = np.concatenate([Streams(1).uniforms("x").take(20_000), np.array(EDGES)])
    exact = np.array([0.0 - math.log(1.0 - number) for number in uniform.tolist()])
    off = np.abs(exponential(uniform) - exact)
    assert (off <= np.spacing(exact)).all()  # math.log is itself half a unit off, and so are we
    assert exponential(np.array([0.0])).tolist() == [0.0]


def test_the_argument_is_left_alone() -> None:
    uniform = Streams(1).uniforms("x").take(10)
    before = uniform.copy()
    exponential(uniform[::2])
    assert (uniform == before).all()


def test_the_bits_are_the_same_on_every_machine() -> None:
    drawn = exponential(Streams(1).uniforms("x").take(10_000))
    assert hashlib.sha256(drawn.astype("<f8").tobytes()).hexdigest()[:16] == "420a1d5a7d1f5bb9"


def test_a_piece_has_the_bits_of_the_whole() -> None:
    """Vector units do the last few numbers of an array in another way; it must not show."""
    uniform = Streams(1).uniforms("x").take(100)
    singly = [exponential(uniform[k : k + 1])[0] for k in range(100)]
    assert exponential(uniform).tolist() == singly


def test_mean_and_deviation() -> None:
    drawn = exponential(Streams(1).uniforms("y").take(100_000))
    # Standard errors 0.3 % and about 0.5 %.
    assert drawn.mean() == pytest.approx(1, rel=0.01)
    assert drawn.std() == pytest.approx(1, rel=0.02)
