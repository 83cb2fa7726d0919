"""The random numbers of a link on the vector plane."""

from __future__ import annotations

from overlaysim.planes.vector.draws import Draws
from overlaysim.sim import Streams


def test_looking_at_numbers_does_not_use_them_up() -> None:
    stream = Streams(5)("link", "a->b", "loss")
    expected = [stream.random() for _ in range(3000)]
    draws = Draws(Streams(5), "link", "a->b", "loss")
    assert draws.first(4).tolist() == draws.first(4).tolist() == expected[:4]
    draws.use(3)
    assert draws.first(2000).tolist() == expected[3:2003]
    draws.use(2500)
    assert draws.first(1).tolist() == expected[2503:2504]
