"""A fault as somebody types it: ``link host-b switch down for 10s``.

The words become the keys of a scenario file and are read by the same table and the same reader, so
that both ways in know the same faults, limits and messages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from overlaysim.errors import InputError, nearest, quote
from overlaysim.scenario.fault_keys import ALL, CHURN, FAULT
from overlaysim.scenario.faults import FaultReader
from overlaysim.scenario.model import Break, Heal
from overlaysim.scenario.nodes import ProblemLog, TooManyProblemsError, from_values
from overlaysim.scenario.places import Places

USAGE: Mapping[str, str] = {
    "link": "fault link A B down|up|loss 5%|delay 20ms|… [for 10s]",
    "partition": "fault partition host-a,host-b host-c [for 10s]",
    "host": "fault host HOST crashed|frozen|stopped|left|joined|running|delay 800ms|offload broken "
    "[for 10s]",
    "block": "fault block 7946/udp at HOST [for 10s], or at A B for a link",
    "churn": "fault churn starts 2/s|stops 2/s|joins 1/min|leaves 1/min… [network NET] "
    "[hosts host-a,host-b] [for 60s]",
    "heal": "fault heal [all|link|partition|host|block|churn|HOST|A B]",
}
"""How each kind of fault is typed."""


def read_fault(words: Sequence[str], places: Places) -> Break | Heal:
    """Read a fault from its words.

    Raises:
        InputError: it is none; one message for each problem.
    """
    log = ProblemLog("fault")
    try:
        record = FAULT.read(from_values(_keys(words)), "", log)
        order = FaultReader(places, log).read(record) if record else None
    except TooManyProblemsError:
        order = None
    if order is None or len(log):
        raise log.error()
    return order


def _keys(words: Sequence[str]) -> dict[str, Any]:
    """Turn words into the keys and values that a scenario file would have."""
    kind = words[0] if words else ""
    if kind not in FAULT.sections:
        kinds = [*FAULT.sections, "list", "end"]
        message = f"{quote(kind)} is not one of {', '.join(kinds)}" if kind else "write a kind"
        raise InputError(f"fault: {message}{nearest(kind, kinds)}; for example {USAGE['link']}")
    head, options = _split(words[1:], kind)
    return _SHAPES[kind](head, options)


def _options(kind: str) -> list[str]:
    """The keys of a fault that have a word of their own at the prompt."""
    fields = FAULT.sections[kind].fields + (CHURN.fields if kind == "churn" else ())
    return [field.key for field in fields if field.key != kind]


def _split(words: Sequence[str], kind: str) -> tuple[list[str], dict[str, str]]:
    """Take words up to the first known key as they are, and from there on as keys with values."""
    head: list[str] = []
    options: dict[str, list[str]] = {}
    values = head
    for word in words:
        if word in _options(kind):
            if word in options:
                raise InputError(f"fault: {word} is there twice; write {USAGE[kind]}")
            values = options[word] = []
        else:
            values.append(word)
    return head, {key: " ".join(value) for key, value in options.items()}


def _link(head: list[str], options: dict[str, str]) -> dict[str, Any]:
    _need(len(head) >= 2, "link")
    return {"link": head[:2]} | _state(head[2:], "link") | options


def _host(head: list[str], options: dict[str, str]) -> dict[str, Any]:
    _need(len(head) > 1 or (bool(head) and bool(options.keys() - {"for"})), "host")
    return {"host": head[0]} | _state(head[1:], "host") | options


def _need(complete: bool, kind: str) -> None:
    """Refuse words that are too few or too many to mean anything."""
    if not complete:
        raise InputError(f"fault: write {USAGE[kind]}")


def _state(words: list[str], kind: str) -> dict[str, str]:
    """The one word that needs no key before it."""
    if len(words) > 1:
        hint = nearest(words[0], _options(kind)) or nearest(words[1], _options(kind))
        raise InputError(f"fault: write {USAGE[kind]}{hint}")
    return {"state": words[0]} if words else {}


def _partition(head: list[str], options: dict[str, str]) -> dict[str, Any]:
    _need(bool(head), "partition")
    return {"partition": [group.strip(",").split(",") for group in head]} | options


def _block(head: list[str], options: dict[str, str]) -> dict[str, Any]:
    ports = [port for word in head for port in word.split(",") if port]
    where = options.get("at", "").split()
    _need(bool(ports) and len(where) in (1, 2), "block")
    return {"block": ports} | options | {"at": where if len(where) == 2 else where[0]}


def _churn(head: list[str], options: dict[str, str]) -> dict[str, Any]:
    inner: dict[str, Any] = {key: value for key, value in options.items() if key != "for"}
    _need(not head and bool(inner), "churn")
    if "hosts" in inner:
        inner["hosts"] = inner["hosts"].replace(",", " ").split()
    return {"churn": inner} | {key: value for key, value in options.items() if key == "for"}


def _heal(head: list[str], options: dict[str, str]) -> dict[str, Any]:
    _need(len(head) <= 2, "heal")
    return {"heal": head if len(head) == 2 else "".join(head) or ALL} | options


_SHAPES: Mapping[str, Callable[[list[str], dict[str, str]], dict[str, Any]]] = {
    "link": _link,
    "partition": _partition,
    "host": _host,
    "block": _block,
    "churn": _churn,
    "heal": _heal,
}
"""What the words before the first key mean, by kind."""
