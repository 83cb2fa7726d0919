"""What charts for papers show, as data; :mod:`overlaysim.report.figures.charts` draws them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Stack(NamedTuple):
    """One stacked bar: its name, the size of each part, and what is written at its end."""

    name: str
    parts: Mapping[str, float]
    total: str


@dataclass(frozen=True)
class StackChart:
    """Stacked bars from the shortest to the longest, one panel beside the other.

    Attributes:
        panels: bars by the title of their panel; those of the first panel give the order.
        unit: what is on the horizontal axis.
    """

    panels: Mapping[str, Sequence[Stack]]
    unit: str


class Dot(NamedTuple):
    """A calculated value, the measured one (None: not measured), and half its interval."""

    name: str
    value: float
    measured: float | None = None
    half: float = 0.0


@dataclass(frozen=True)
class DotChart:
    """Bars of calculated values from the longest to the shortest, with measured ones as dots.

    Attributes:
        panels: values by the title of their panel; those of the first panel give the order.
        unit: what is on the horizontal axis.
        reference: a vertical line, and what it stands for.
    """

    panels: Mapping[str, Sequence[Dot]]
    unit: str
    reference: tuple[float, str] | None = None


class Mark(NamedTuple):
    """A measured point and half its confidence interval (0 where nothing is random)."""

    x: float
    y: float
    half: float = 0.0


class Curve(NamedTuple):
    """A calculated curve, and what was measured."""

    name: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Scale:
    """The axes of curves.

    Attributes:
        x, y: what they show, with units.
        ticks: of a logarithmic horizontal axis; without any the axis is linear.
        limits: of the vertical axis; None for those that suit the curves.
        lowest_first: whether legends begin with the lowest curve.
    """

    x: str
    y: str
    ticks: tuple[float, ...] = ()
    limits: tuple[float, float] | None = None
    lowest_first: bool = False


@dataclass(frozen=True)
class CurveChart:
    """Curves, those that coincide as one, in as many panels as it takes to tell them apart.

    Attributes:
        curves: in any order.
        baseline: the name of the curve that all panels show.
    """

    curves: Sequence[Curve]
    baseline: str
    scale: Scale


Chart = StackChart | DotChart | CurveChart
