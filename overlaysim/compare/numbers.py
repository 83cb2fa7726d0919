"""How the numbers of a comparison are written in tables."""

from __future__ import annotations

from fractions import Fraction

from overlaysim.compare.pair import Pair
from overlaysim.units import MS, NS, SECOND, US

_PREFIXES = ((10**9, "G"), (10**6, "M"), (10**3, "k"), (1, ""))
_TIMES = ((SECOND, "s"), (MS, "ms"), (US, "us"), (NS, "ns"))
NOTHING = "-"


def prefix_for(largest: float) -> tuple[int, str]:
    """Return the factor and the letter of the unit in which a number has 1 to 3 digits."""
    return next((pair for pair in _PREFIXES if largest >= pair[0]), _PREFIXES[-1])


def time_unit_for(seconds: float) -> tuple[float, str]:
    """Return the unit, in seconds, in which a time has 1 to 3 digits, and its name."""
    known = next((pair for pair in _TIMES if seconds * SECOND >= pair[0]), _TIMES[-1])
    return known[0] / SECOND, known[1]


def significant(value: float | None, digits: int = 5) -> str:
    """A number with so many digits that count, as far as they stand behind the point."""
    if value is None:
        return NOTHING
    before = len(str(int(abs(value)))) if abs(value) >= 1 else 1
    return f"{value:.{max(0, digits - before)}f}"


def percent(share: float | Fraction | None, decimals: int = 2) -> str:
    """A share as a percentage."""
    return NOTHING if share is None else f"{float(100 * share):.{decimals}f} %"


def span(least: int, most: int) -> str:
    """One number, or the range from the least to the most."""
    return str(least) if least == most else f"{least}-{most}"


def exact_difference(pair: Pair) -> str:
    """How far a deterministic pair is apart, as a share; marked if rounding cannot explain it."""
    if pair.difference is None:
        return NOTHING
    text = "0" if pair.difference == 0 else f"{pair.difference:+.0e}"
    return text if pair.agrees else f"{text} WRONG"


def random_difference(pair: Pair) -> str:
    """How far an estimate is from the analytic value, in percent."""
    return NOTHING if pair.difference is None else f"{100 * pair.difference:+.1f} %"


def estimate(pair: Pair, unit: float) -> str:
    """A simulated mean with half its interval."""
    if pair.simulated is None:
        return NOTHING
    if pair.interval is None:
        return significant(pair.simulated / unit, 4)
    mean = significant(pair.simulated / unit, 4)
    decimals = len(mean.partition(".")[2])
    return f"{mean} ± {pair.interval.half / unit:.{decimals}f}"


def verdict(pair: Pair) -> str:
    """What the simulated value says about the analytic one."""
    if pair.agrees is None:
        return NOTHING
    if pair.is_random:
        return "inside" if pair.agrees else "OUTSIDE"
    return "equal" if pair.agrees else "WRONG"
