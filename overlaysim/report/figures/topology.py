"""The underlay: hosts with their containers, what joins them, and how busy the links were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from overlaysim.measure import LinkUse
from overlaysim.report.figures.style import BLUE, GREY, ORANGE, SKY, VERMILION, label, new_figure
from overlaysim.report.layout import LinkView, Positions, TopologyView, place
from overlaysim.units import format_duration, format_rate

_MOST_CONTAINERS = 4
_MOST_LABELLED_LINKS = 24
_MOST_LABELLED_NODES = 40

_CLASSES = (
    (0.5, "50 % and more", VERMILION, 4.5),
    (0.1, "10 % to 50 %", ORANGE, 3.5),
    (0.01, "1 % to 10 %", SKY, 2.7),
    (0.0, "below 1 %", BLUE, 1.8),
    (None, "nothing sent", GREY, 1.0),
)
"""Least share of the time busy (None: never), words, colour, line width."""


_BACKGROUND = {
    "boxstyle": "square,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.85,
}  # fmt: skip
"""Behind text that may stand on a line."""


def topology_figure(view: TopologyView, links: Sequence[LinkUse], simulated: int) -> Figure:
    """Draw the underlay.

    Args:
        view: nodes, links, containers, places.
        links: use of each direction; the busier one of a link gives its colour and width.
        simulated: length of the run, picoseconds.
    """
    places = place(view)
    xs, ys = [x for x, _ in places.values()], [y for _, y in places.values()]
    width = min(18.0, max(7.0, 2.0 * (max(xs) - min(xs) + 1.4)))
    height = min(13.0, 2.6 + 1.8 * (max(ys) - min(ys)))
    figure = new_figure(width, height)
    axes = figure.add_axes((0.02, 0.65 / height, 0.96, 1 - 1.15 / height))
    axes.set_axis_off()
    axes.set_xlim(min(xs) - 0.7, max(xs) + 0.7)
    axes.set_ylim(min(ys) - 0.5, max(ys) + 0.2)
    use = {link.name: link.busy / simulated if simulated else 0.0 for link in links}
    usual = _usual(view.links)
    for link in view.links:
        busy = max(use.get(f"{link.a}->{link.b}", 0.0), use.get(f"{link.b}->{link.a}", 0.0))
        _draw_link(axes, link, places, busy)
        if len(view.links) <= _MOST_LABELLED_LINKS:
            _label_link(axes, link, places, busy, usual)
    _draw_nodes(axes, view, places)
    figure.text(0.02, 1 - 0.35 / height, _title(view, usual), fontsize=12, fontweight="bold")
    _legend(figure)
    return figure


def _usual(links: Sequence[LinkView]) -> str:
    """The properties that most links have; the title says them once, for all of these."""
    counts = Counter(map(_properties, links))
    return counts.most_common(1)[0][0] if counts else ""


def _title(view: TopologyView, usual: str) -> str:
    counts = [_count(len(view.hosts), "host")]
    if view.switches or not view.routers:
        counts.append(_count(len(view.switches), "switch", "switches"))
    if view.routers:
        counts.append(_count(len(view.routers), "router"))
    nodes = ", ".join((*counts, _count(len(view.links), "link")))
    others = any(_properties(link) != usual for link in view.links)
    return f"{nodes} of {usual}{' unless stated' if others else ''}" if usual else nodes


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _properties(link: LinkView) -> str:
    """Rate, delay without zeros that say nothing, and an MTU that is not Ethernet's."""
    number, unit = format_duration(link.delay).split(" ")
    mtu = "" if link.mtu == 1500 else f", MTU {link.mtu} B"
    return f"{format_rate(link.rate)}, {float(number):g} {unit}{mtu}"


def _class_of(busy: float) -> tuple[str, float]:
    """Colour and width of a link that was busy for this share of the time."""
    for least, _, colour, width in _CLASSES:
        if least is not None and busy >= least and busy > 0:
            return colour, width
    return _CLASSES[-1][2], _CLASSES[-1][3]


def _draw_link(axes: Axes, link: LinkView, places: Positions, busy: float) -> None:
    colour, width = _class_of(busy)
    (x0, y0), (x1, y1) = places[link.a], places[link.b]
    axes.plot((x0, x1), (y0, y1), color=colour, linewidth=width, solid_capstyle="round", zorder=1)


def _label_link(axes: Axes, link: LinkView, places: Positions, busy: float, usual: str) -> None:
    """Write use and unusual properties on the line, nearer its lower end, where lines are apart."""
    lower, upper = sorted((places[link.a], places[link.b]), key=lambda p: (p[1], p[0]))
    x, y = (lower[i] + (upper[i] - lower[i]) * 0.26 for i in (0, 1))
    properties = [_properties(link)] if _properties(link) != usual else []
    text = "\n".join([*properties, f"busy {_percent(busy)}"])
    axes.text(x, y, text, fontsize=7.5, ha="center", va="center", bbox=_BACKGROUND, zorder=2)


def _percent(share: float) -> str:
    """Two significant digits, so that a nearly idle link does not read as 0.0 %."""
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"


def _draw_nodes(axes: Axes, view: TopologyView, places: Positions) -> None:
    hosts = {"boxstyle": "round,pad=0.45", "facecolor": "#E8F4FB", "edgecolor": BLUE}
    switches = {"boxstyle": "square,pad=0.45", "facecolor": "#F3F3F3", "edgecolor": "#555555"}
    routers = switches | {"boxstyle": "circle,pad=0.45"}
    many = len(places) > _MOST_LABELLED_NODES
    for node in view.between:
        text = "" if many else label(node, 14)
        box = routers if node in view.routers else switches
        axes.text(*places[node], text, bbox=box, fontsize=9, ha="center", va="center",
                  zorder=3)  # fmt: skip
    for node in view.hosts:
        text = "" if many else label(node, 16)
        axes.text(*places[node], text, bbox=hosts, fontsize=9, ha="center", va="center",
                  fontweight="bold", zorder=3)  # fmt: skip
        if not many:
            axes.annotate(
                _containers(view.containers, node), places[node], xytext=(0, -17),
                textcoords="offset points", fontsize=8, ha="center", va="top", color="#333333",
                linespacing=1.35, zorder=3, bbox=_BACKGROUND,
            )  # fmt: skip


def _containers(containers: Mapping[str, Sequence[str]], host: str) -> str:
    """The containers of a host, one per line, at most a few."""
    names = containers.get(host, ())
    lines = [label(name, 22) for name in names[:_MOST_CONTAINERS]]
    if len(names) > _MOST_CONTAINERS:
        lines.append(f"and {len(names) - _MOST_CONTAINERS} more")
    return "\n".join(lines)


def _legend(figure: Figure) -> None:
    handles = [
        Line2D([], [], color=colour, linewidth=width, label=words)
        for _, words, colour, width in reversed(_CLASSES)
    ]
    figure.legend(
        handles=handles, loc="lower center", ncols=len(handles), fontsize=8,
        title="share of the time that the busier direction was transmitting", title_fontsize=8,
    )  # fmt: skip
