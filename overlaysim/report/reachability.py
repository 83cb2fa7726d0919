"""Who can resolve whom and who can reach whom, at one instant: a table per network.

A row stands for the hosts with the same answers, a column for a name (or, where there are too many
for the width, for the names that all hosts see alike).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from overlaysim.errors import InputError, nearest, quote, visible
from overlaysim.measure import Snapshot, snapshot
from overlaysim.measure.failures import FAILED
from overlaysim.measure.snapshot import NO_ENTRY, REACHES, WRONG_HOST
from overlaysim.report.table import WIDTH, cut, wrap
from overlaysim.report.telling import listing, most_telling, natural
from overlaysim.units import format_seconds

MOST_ROWS = 16
_HEAD_WIDTH, _LABEL_WIDTH, _GAP = 18, 24, 2
_VERDICTS = {
    "right": "the answer is the truth",
    "missing": "a live address is not in it",
    "stale": "a dead address is in it",
    "wrong": "an address of somebody else is in it",
}
_NOTHING = "-"

Cell = tuple[str, str]
"""How a host resolves a name, and whether its frames reach what the name really means."""


@dataclass(frozen=True)
class _Column:
    """One name, or several alike, as every host of the network sees them."""

    names: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def head(self) -> str:
        more = f" +{len(self.names) - 1}" if len(self.names) > 1 else ""
        return cut(visible(self.names[0]), _HEAD_WIDTH - len(more)) + more

    @property
    def width(self) -> int:
        return max(len(word) for word in (self.head, *(w for cell in self.cells for w in cell)))

    @property
    def trouble(self) -> int:
        """Hosts that do not both resolve and reach it."""
        return sum(cell[0] not in ("right", _NOTHING) or cell[1] not in ("yes", _NOTHING)
                   for cell in self.cells)  # fmt: skip


def render_reachability(
    events: Iterable[Any], at: int, *, network: str | None = None, width: int = WIDTH
) -> str:
    """Tell from trace events who could resolve and reach whom at an instant.

    Args:
        events: trace events in time order.
        at: the instant, picoseconds; what happened at it is included.
        network: only this network; None for all but the local ones (``name@host``).
        width: columns of text that may be used.

    Returns:
        Lines of text, ending in a newline.

    Raises:
        InputError: there was no such network by then.
    """
    state = snapshot(events, at)
    networks = [_known(network, state)] if network is not None else _overlays(state)
    lines = []
    words: dict[str, None] = {}
    for label in networks:
        lines += [*_network_lines(state, label, at, width, words), ""]
    if not networks:
        lines += [f"no name in any network at {format_seconds(at)}", ""]
    for line in (*_legend(words), *_gossip_lines(state), *_fault_lines(state, at)):
        lines += wrap(visible(line), width, indent="    ")
    return "\n".join(lines).rstrip("\n") + "\n"


def _overlays(state: Snapshot) -> list[str]:
    """The networks with names, without those that exist on one host only."""
    return [label for label in state.names if "@" not in label]


def _known(network: str, state: Snapshot) -> str:
    labels = [*state.holders, *(label for label in state.names if label not in state.holders)]
    if network not in labels:
        hint = nearest(network, labels) or f"; there are {', '.join(labels) or 'none'}"
        raise InputError(f"there is no network {quote(network)} at that time{hint}")
    return network


# ---- one network ---------------------------------------------------------------------------


def _network_lines(
    state: Snapshot, network: str, at: int, width: int, words: dict[str, None]
) -> list[str]:
    """Title, head and rows; ``words`` collects what the cells say, for the legend."""
    hosts = sorted(state.holders.get(network, ()), key=natural)
    title = f"{visible(network)} at {format_seconds(at)}"
    if not hosts:
        return [f"{title}: held by no host"]
    rest = sorted({*state.members, *_all_holders(state)} - {*hosts}, key=natural)
    columns = _columns(state, network, hosts)
    if not columns:
        return [f"{title}: held by {listing(hosts)}, no names"]
    shown, hidden = _fitting(columns, width)
    taken = sum(column.width + _GAP for column in shown) + len("resolves") + _GAP
    rows = _rows(hosts, shown, max(_LABEL_WIDTH, min(width - taken, 2 * _LABEL_WIDTH)))
    words.update(dict.fromkeys(w for _, cells in rows for cell in cells for w in cell))
    table = [
        (title, "", *(column.head for column in shown)),
        *(line for label, cells in rows[:MOST_ROWS] for line in _pair(label, cells)),
    ]
    lines = _aligned(table, width)
    if len(rows) > MOST_ROWS:
        lines.append(f"and {len(rows) - MOST_ROWS} more rows of other hosts")
    if hidden:
        names = sum(len(column.names) for column in hidden)
        lines.append(f"and {names} names that fewer hosts have trouble with")
    if rest:
        lines += wrap(visible(f"not in this network: {listing(rest, 8)}"), width)
    return lines


def _all_holders(state: Snapshot) -> list[str]:
    return [host for holders in state.holders.values() for host in holders]


def _columns(state: Snapshot, network: str, hosts: Sequence[str]) -> list[_Column]:
    """A column per endpoint or virtual address: its other names, such as its id, say the same."""
    alike: dict[tuple[object, object, tuple[Cell, ...]], list[str]] = {}
    for name in state.names.get(network, {}).values():
        cells = tuple(_cell(state, host, network, name) for host in hosts)
        if all(cell[0] == _NOTHING for cell in cells):
            continue  # a name of the past that everybody has forgotten
        believed = tuple(state.beliefs(host, network, name) for host in hosts)
        meant = state.truth.addresses(network, name)
        alike.setdefault((meant, () if meant else believed, cells), []).append(name)
    return [_Column((most_telling(names),), cells) for (_, _, cells), names in alike.items()]


def _cell(state: Snapshot, host: str, network: str, name: str) -> Cell:
    verdict = state.verdict(host, network, name)
    words = {"correct": "right", "absent": _NOTHING}
    resolves = "+".join(words.get(word, word) for word in verdict)
    obstacles = [
        obstacle
        for address in state.truth.addresses(network, name)
        if (obstacle := state.obstacle(host, network, address)) is not None
    ]
    if not obstacles:
        return resolves, _NOTHING
    if len({*obstacles}) > 1:
        return resolves, f"{obstacles.count(REACHES)} of {len(obstacles)}"
    return resolves, visible(obstacles[0]) or "yes"


def _fitting(columns: list[_Column], width: int) -> tuple[list[_Column], list[_Column]]:
    """The columns to show, and those for which there is no room.

    Names that all hosts see alike are put together first; then the least troubled are left out.
    """
    room = width - _LABEL_WIDTH - len("resolves") - 2 * _GAP
    if not _fit(columns, room):
        alike: dict[tuple[Cell, ...], list[str]] = {}
        for column in columns:
            alike.setdefault(column.cells, []).extend(column.names)
        columns = [_Column(_telling_first(names), cells) for cells, names in alike.items()]
    ranked = sorted(columns, key=lambda column: -column.trouble)
    while len(ranked) > 1 and not _fit(ranked, room):
        ranked.pop()
    return (
        [column for column in columns if column in ranked],
        [column for column in columns if column not in ranked],
    )


def _telling_first(names: Sequence[str]) -> tuple[str, ...]:
    first = most_telling(names)
    return (first, *(name for name in names if name != first))


def _fit(columns: Sequence[_Column], room: int) -> bool:
    return sum(column.width + _GAP for column in columns) <= room


def _rows(
    hosts: Sequence[str], columns: Sequence[_Column], room: int
) -> list[tuple[str, tuple[Cell, ...]]]:  # fmt: skip
    """What to call the hosts that see everything alike, and what they see."""
    alike: dict[tuple[Cell, ...], list[str]] = {}
    for index, host in enumerate(hosts):
        alike.setdefault(tuple(column.cells[index] for column in columns), []).append(host)
    return [(_together(names, len(hosts), room), cells) for cells, names in alike.items()]


def _together(names: Sequence[str], all_hosts: int, room: int) -> str:
    """As many names as there is room for, and the number of the others."""
    if len(names) == all_hosts > 2:
        return f"all {all_hosts} hosts"
    texts = (visible(listing(names, most)) for most in range(min(len(names), 8), 1, -1))
    first = visible(listing(names, 2)) if len(names) > 1 else visible(names[0])
    return next((text for text in texts if len(text) <= room), cut(first, room))


def _pair(label: str, cells: Sequence[Cell]) -> list[tuple[str, ...]]:
    """The two lines of a row."""
    return [
        (label, "resolves", *(resolves for resolves, _ in cells)),
        ("", "reaches", *(reaches for _, reaches in cells)),
    ]


def _aligned(table: Sequence[tuple[str, ...]], width: int) -> list[str]:
    """Columns below one another; the title, which stands in the first line, may be longer."""
    columns = range(len(table[0]))
    widths = [max(len(row[i]) for row in table[bool(i < 2) :]) for i in columns]
    widths[1] = max(widths[1], len(table[0][0]) - widths[0] - _GAP)
    title, _, *heads = table[0]
    first = " " * _GAP
    start = title.ljust(widths[0] + _GAP + widths[1])
    lines = [first.join([start, *(h.ljust(w) for h, w in zip(heads, widths[2:], strict=True))])]
    for row in table[1:]:
        lines.append(first.join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)))
    return [cut(line.rstrip(), width) for line in lines]


# ---- below the tables ----------------------------------------------------------------------


def _legend(words: Iterable[str]) -> list[str]:
    """What the words in the cells mean; nothing where everything is right."""
    used = {part for word in words for part in word.split("+")}
    verdicts = [f"{word}: {text}" for word, text in _VERDICTS.items() if word in used]
    reaches: list[str] = []
    if NO_ENTRY in used:
        reaches.append(f"{NO_ENTRY}: no forwarding entry")
    if any(word.startswith(WRONG_HOST) for word in used):
        reaches.append(f"{WRONG_HOST}x: the entry leads to host x, where it is not")
    if any(" of " in word for word in used):
        reaches.append("1 of 2: so many of the name's endpoints")
    if _NOTHING in used:
        reaches.append(f"{_NOTHING}: nothing to know, or no endpoint (a virtual address)")
    if used <= {"right", "yes", _NOTHING}:
        return []
    reaches.insert(0, "yes, or what stops the frames")
    return [f"resolves: {'; '.join(verdicts)}", f"reaches, one way: {'; '.join(reaches)}"]


def _gossip_lines(state: Snapshot) -> list[str]:
    """Whom each host's gossip holds for failed; hosts of one opinion share a line."""
    opinions: dict[tuple[str, ...], list[str]] = {}
    for host in sorted(state.members, key=natural):
        failed = [m for m, verdict in state.members[host].items() if verdict == FAILED]
        opinions.setdefault(tuple(sorted(failed, key=natural)), []).append(host)
    content = opinions.pop((), [])
    if not opinions:
        return ["gossip: nobody holds anybody for failed"] if content else []
    lines = [
        f"gossip: {_hold(hosts)} {listing(failed, 8)} for failed"
        for failed, hosts in opinions.items()
    ]
    return lines + ([f"gossip: {_hold(content)} nobody for failed"] if content else [])


def _hold(hosts: Sequence[str]) -> str:
    return f"{listing(hosts, 8)} {'holds' if len(hosts) == 1 else 'hold'}"


def _fault_lines(state: Snapshot, at: int) -> list[str]:
    lines = [
        f"fault {fault.number}: {fault.what}, since {format_seconds(fault.at)}"
        for fault in state.faults.values()
    ]
    if len(lines) > MOST_ROWS:
        return [*lines[:MOST_ROWS], f"and {len(lines) - MOST_ROWS} more faults"]
    return lines
