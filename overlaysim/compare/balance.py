"""How evenly flows spread over equal paths when a hash of their outer headers decides."""

from __future__ import annotations

from functools import lru_cache
from math import exp, lgamma, log
from typing import Any

from overlaysim.overlay.encapsulation import Carries, Encapsulation, Tunnel
from overlaysim.wire import NVGRE, TCP, UDP

MANY = None
"""More values than flows: as good as one per flow."""
FLOW_IDS = 256
"""Values of NVGRE's FlowID (RFC 7637 section 3.2)."""

_CERTAIN = 1 - 1e-13


def visible_values(known: Encapsulation, family: int, *, keys: bool) -> int | None:
    """Return how many values an underlay switch can see in the flows between two tunnel ends.

    Looks at the declaration: what of the outer headers depends on the flow?

    Args:
        known: the encapsulation.
        family: outer IP version.
        keys: whether switches also hash what identifies a tunnel: GRE key, SPI, session, TEID.

    Returns:
        The number of values; :data:`MANY` for one per flow (a UDP or TCP source port, a flow label,
        or the flow's own addresses and ports).
    """
    if known.link:
        return MANY
    if known.carries is Carries.SEGMENT:
        return 1
    if family == 6 and known.flow_label:
        return MANY
    first, other = (known.shim(_tunnel(family, flow), 64)[:1] for flow in (0, 0xFFFFFFFF))
    if not first:
        return 1
    if isinstance(first[0], UDP | TCP):
        return MANY if first != other else 1
    return FLOW_IDS if keys and isinstance(first[0], NVGRE) and first != other else 1


def _tunnel(family: int, flow: int) -> Tunnel:
    source, target = ("fd00::1", "fd00::2") if family == 6 else ("192.0.2.1", "192.0.2.2")
    mac = "02:00:00:00:00:01"
    return Tunnel(source, target, mac, mac, network=1, flow=flow)


@lru_cache(maxsize=64)
def expected_busiest(flows: int, paths: int, values: int | None = MANY) -> float:
    """Expected share of the flows that the busiest path has.

    Exact: the expectation of the largest count of a multinomial distribution,
    ``E[max] = sum over m >= 0 of 1 - P(max <= m)``. With few values a flow first takes one of them
    at random, each value a path: flows with the same value stay together.

    Args:
        flows: how many.
        paths: how many, equally likely.
        values: what the switches can see; :data:`MANY` for one per flow.
    """
    if paths == 1 or values == 1:
        return 1.0
    expected, largest, at_most = 0.0, 0, 0.0
    while largest < flows and at_most < _CERTAIN:
        if largest * paths >= flows:
            at_most = _at_most(largest, flows, paths, values)
        expected += 1 - at_most
        largest += 1
    return expected / flows


def _at_most(largest: int, flows: int, paths: int, values: int | None) -> float:
    """The probability that no path has more than ``largest`` flows.

    Counts of independent Poisson variables are multinomial once their sum is known. So this is the
    coefficient of a power of truncated Poisson distributions, divided by the probability of the
    sum; with few values the same for the values of a path and for the flows of these.
    """
    one_path = _one_path(flows, paths, values).copy()
    one_path[..., largest + 1 :] = 0
    joint = _last_coefficient(one_path, paths) / _poisson_at(flows, flows)
    return joint if values is MANY else joint / _poisson_at(values, values)


@lru_cache(maxsize=1)
def _one_path(flows: int, paths: int, values: int | None) -> Any:
    """Probabilities of the flows of one path, with few values by the number of its values."""
    import numpy as np  # noqa: PLC0415 (late: it is slow to import)

    def poisson(most: int, mean: float) -> Any:
        return np.array([_poisson_at(count, mean) for count in range(most + 1)])

    if values is MANY:
        return poisson(flows, flows / paths)
    of_flows = [poisson(flows, flows * count / values) for count in range(values + 1)]
    return poisson(values, values / paths)[:, None] * np.stack(of_flows)


def _poisson_at(count: int, mean: float) -> float:
    return exp(count * log(mean) - mean - lgamma(count + 1)) if mean else float(count == 0)


def _last_coefficient(polynomial: Any, exponent: int) -> float:
    """The coefficient of a polynomial's power at its own degree, in one or more variables."""
    import numpy as np  # noqa: PLC0415 (late)

    half = _power(polynomial, exponent // 2)
    other = _times(half, polynomial) if exponent % 2 else half
    return float((half * np.flip(other)).sum())


def _power(polynomial: Any, exponent: int) -> Any:
    """A power of a polynomial, without what exceeds its own degree."""
    if exponent == 1:
        return polynomial
    half = _power(polynomial, exponent // 2)
    square = _times(half, half)
    return _times(square, polynomial) if exponent % 2 else square


def _times(a: Any, b: Any) -> Any:
    import numpy as np  # noqa: PLC0415 (late)

    shape, axes = [2 * size for size in a.shape], list(range(a.ndim))
    first = np.fft.rfftn(a, shape, axes)
    product = first * (first if a is b else np.fft.rfftn(b, shape, axes))
    return np.fft.irfftn(product, shape, axes)[tuple(slice(size) for size in a.shape)]
