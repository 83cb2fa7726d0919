"""Watching a service until its tasks run: what the client does without --detach.

It asks for the service, its up-to-date tasks and the nodes again and again; when all tasks run it
goes on for the monitor time, and ends if they still do (docker/cli,
``cli/command/service/progress/progress.go``). On a terminal the genuine client redraws one
screen; here the last state of that screen is printed.
"""

from __future__ import annotations

from collections.abc import Iterable

from overlaysim.docker.api import Engine, Json
from overlaysim.docker.client.call import CommandError
from overlaysim.sim import Steps
from overlaysim.units import MS, NS, SECOND

POLL_INTERVAL = 290 * MS
"""Measured time between two rounds of questions (200 ms of pause and three round trips)."""

MONITOR = 5 * SECOND
"""How long all tasks must have been running, unless the service says otherwise."""

PATIENCE = 300 * SECOND
"""Simulated time after which the watching ends; the genuine client waits for Ctrl-C."""

_MOST_BARS = 20
_LIVE_STATES = (
    "new", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running",
    "complete", "shutdown", "failed", "rejected",
)  # fmt: skip
_ORDER = {state: number for number, state in enumerate(_LIVE_STATES, start=1)}
_TERMINAL = _ORDER["running"] + 1


def wait_on_service(engine: Engine, ref: str) -> Steps:
    """Wait until a service has converged; returns the lines to print.

    Raises:
        CommandError: if an update or rollback pauses, or nothing comes of it for PATIENCE.
    """
    started, running_since = engine.now, -1
    while True:
        service = yield from engine.service(ref)
        monitor = ((service["Spec"].get("UpdateConfig") or {}).get("Monitor") or 0) * NS or MONITOR
        status = service.get("UpdateStatus") or {}
        _refuse_pause(status)
        tasks = yield from engine.tasks({"service": [service["ID"]], "_up-to-date": ["true"]})
        if running_since >= 0 and engine.now - running_since >= monitor:
            return _screen(service, tasks, ref)
        nodes = yield from engine.nodes()
        running, wanted = _count(service, _by_slot(tasks, _active(nodes)))
        if wanted is None or running != wanted:
            running_since = -1
        elif running_since < 0:
            running_since = engine.now
        if running_since < 0 and engine.now - started >= PATIENCE:
            raise CommandError(_gave_up(service, tasks, ref))
        yield from engine.sleep(POLL_INTERVAL)


def _refuse_pause(status: Json) -> None:
    what = {"paused": "update", "rollback_paused": "rollback"}.get(status.get("State", ""))
    if what:
        raise CommandError(f"service {what} paused: {status.get('Message', '')}")


def _active(nodes: Iterable[Json]) -> list[str]:
    return [node["ID"] for node in nodes if node["Status"]["State"] != "down"]


def _by_slot(tasks: Iterable[Json], active: list[str]) -> dict[int | str, Json]:
    """Choose the task that speaks for each slot (for each node, in a global service)."""
    chosen: dict[int | str, Json] = {}
    for task in tasks:
        desired, state = task["DesiredState"], task["Status"]["State"]
        if desired not in _ORDER or state not in _ORDER:
            continue
        if task.get("NodeID") and task["NodeID"] not in active:
            continue
        slot = task.get("Slot") or task["NodeID"]
        other = chosen.get(slot)
        # The task that is meant to run counts; of two such, the one that has come less far.
        if other is None or (_ORDER[desired], _ORDER[state]) < (
            _ORDER[other["DesiredState"]],
            _ORDER[other["Status"]["State"]],
        ):
            chosen[slot] = task
    return chosen


def _count(service: Json, slots: dict[int | str, Json]) -> tuple[int, int | None]:
    """How many tasks run, and how many should; None while a global service has no tasks yet."""
    running = sum(
        task["Status"]["State"] == "running" and _ORDER[task["DesiredState"]] < _TERMINAL
        for task in slots.values()
    )
    if "Replicated" in service["Spec"]["Mode"]:
        return running, service["Spec"]["Mode"]["Replicated"].get("Replicas", 1)
    return running, len(slots) or None


def _overall(service: Json, tasks: Iterable[Json]) -> list[str]:
    active = [task["NodeID"] for task in tasks if task.get("NodeID")]
    slots = _by_slot(tasks, active)
    running, wanted = _count(service, slots)
    if wanted is None:
        return ["overall progress: waiting for new tasks"]
    lines = [f"overall progress: {running} out of {wanted} tasks"]
    if wanted <= _MOST_BARS:
        ordered = sorted(slots.items(), key=lambda item: str(item[0]).zfill(8))
        states = [task["Status"].get("Err") or task["Status"]["State"] for _, task in ordered]
        states += [""] * (wanted - len(states))
        lines += [f"{n}/{wanted}: {state}".rstrip() for n, state in enumerate(states, start=1)]
    return lines


def _screen(service: Json, tasks: Iterable[Json], ref: str) -> str:
    lines = _overall(service, tasks)
    state = (service.get("UpdateStatus") or {}).get("State", "")
    if state == "rollback_completed":
        lines.insert(0, f"rollback: {service['UpdateStatus'].get('Message', '')}")
    return "\n".join([*lines, f"verify: Service {ref} converged", ""])


def _gave_up(service: Json, tasks: Iterable[Json], ref: str) -> str:
    return "\n".join([
        *_overall(service, tasks),
        f"(no longer watched after {PATIENCE // SECOND} s of simulated time)",
        "Operation continuing in background.",
        f"Use `docker service ps {ref}` to check progress.",
    ])  # fmt: skip
