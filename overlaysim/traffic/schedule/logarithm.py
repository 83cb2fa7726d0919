"""Exponential variates that are the same on every machine, to the last bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_HALF_ROOT = 0x3FE6_A09E_667F_3BCD
"""The bits of sqrt(1/2) as a float64; mantissas are taken from there up to sqrt(2)."""
_FRACTION = 52
"""Bits of a float64 below its exponent."""

_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
"""ln 2 in two parts, the first so short that its product with an exponent is exact."""
_ODD = (6.666666666666735130e-01, 2.857142874366239149e-01,
        1.818357216161805012e-01, 1.479819860511658591e-01)  # fmt: skip
_EVEN = (3.999999999940941908e-01, 2.222219843214978396e-01, 1.531383769920937332e-01)
"""Coefficients of Lg1 + Lg2 z + ..., a minimax polynomial (fdlibm, ``e_log.c``)."""


def exponential(uniform: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``-ln(1 - u)`` for numbers from 0 up to but not including 1: exponential, mean one.

    The method and coefficients are those of fdlibm's ``log`` (``e_log.c``; error below one unit in
    the last place), by operations alone that IEEE 754 defines exactly, each rounded once. numpy's
    own ``log`` is as good, but its last bit depends on the vector unit it finds.
    """
    rest = 1.0 - uniform  # exact for multiples of 2^-53
    bits = rest.view(np.int64)
    exponent = (bits - _HALF_ROOT) >> _FRACTION
    bits -= exponent << _FRACTION  # what is left in ``rest`` is the mantissa
    f = rest
    f -= 1.0
    s = f / (f + 2.0)
    z = s * s
    r = _polynomial(z)
    r *= z
    half = f * f
    half *= 0.5
    # ln = exponent ln2 + f - (half - s (half + r)), the large terms last
    r += half
    r *= s
    k = exponent.astype(np.float64)
    r += k * _LN2_LOW
    half -= r
    half -= f
    half -= k * _LN2_HIGH
    return half


def _polynomial(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Lg1 + Lg2 z + ... + Lg7 z^6, odd and even terms apart as fdlibm adds them."""
    w = z * z
    odd = _horner(_ODD, w)
    even = _horner(_EVEN, w)
    even *= z
    odd += even
    return odd


def _horner(coefficients: tuple[float, ...], x: NDArray[np.float64]) -> NDArray[np.float64]:
    total = x * coefficients[-1]
    for coefficient in coefficients[-2:0:-1]:
        total += coefficient
        total *= x
    total += coefficients[0]
    return total
