"""What queueing theory says of one server with Poisson arrivals.

Loads are those offered, arrival rate times mean service; times are in the unit of the services.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, factorial, floor

import numpy as np


def mg1_mean_wait(load: float, services: Sequence[float], weights: Sequence[float]) -> float:
    """lambda E[S^2] / (2 (1 - rho)): Pollaczek and Khinchine.

    Kleinrock, "Queueing Systems" I, section 5.6. Services have the given weights.
    """
    total = sum(weights)
    mean = sum(s * w for s, w in zip(services, weights, strict=True)) / total
    square = sum(s * s * w for s, w in zip(services, weights, strict=True)) / total
    return load / mean * square / (2 * (1 - load))


def md1_wait_at_most(load: float, wait: float) -> float:
    """P(W <= wait) for services of 1, first come first served.

    (1 - rho) times the sum over k <= wait of (rho (k - wait))^k / k! * exp(-rho (k - wait)): Erlang
    1909 (Iversen and Staalhagen, "Waiting time distribution in M/D/1 queueing systems", 1999). The
    terms alternate, so it is for short waits only.
    """
    terms = (
        (load * (k - wait)) ** k / factorial(k) * exp(-load * (k - wait))
        for k in range(floor(wait) + 1)
    )
    return (1 - load) * sum(terms)


def md1k_loss(load: float, places: int) -> float:
    """Probability that an arrival finds all places taken, that of the server included.

    The chain embedded at departures: between two of them, Poisson(load) arrivals; it never leaves
    more than places - 1 behind. With pi_0 its probability of leaving nobody behind, a share
    1 / (pi_0 + load) of arrivals is taken (Gross and Harris, "Fundamentals of Queueing Theory",
    M/G/1/K).
    """
    arrivals = [exp(-load) * load**k / factorial(k) for k in range(places)]
    chain = np.zeros((places, places))
    for left in range(places):
        first = max(left, 1) - 1
        chain[left, first:] = arrivals[: places - first]
        chain[left, -1] += 1 - chain[left].sum()
    # pi (chain - 1) = 0, one equation of it replaced by the sum of all.
    equations = chain.T - np.eye(places)
    equations[-1] = 1
    pi = np.linalg.solve(equations, np.eye(places)[-1])
    return float(1 - 1 / (pi[0] + load))
