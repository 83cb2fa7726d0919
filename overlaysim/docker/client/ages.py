"""How long ago: durations in words, from simulated instants.

The words are those of docker/go-units (``duration.go``, ``HumanDuration``).
"""

from __future__ import annotations

from overlaysim.docker.api import START, Json, epoch_ps
from overlaysim.units import SECOND

_HOUR = 3600


def human_duration(duration: int) -> str:
    """Write a duration in picoseconds in words: "About a minute"."""
    seconds = max(duration, 0) // SECOND
    if seconds < 1:
        return "Less than a second"
    if seconds < 60:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    if seconds < _HOUR:
        return "About a minute" if seconds < 120 else f"{seconds // 60} minutes"
    hours = (seconds + _HOUR // 2) // _HOUR
    if hours < 48:
        return "About an hour" if hours == 1 else f"{hours} hours"
    for unit, size, limit in (
        ("days", 24, 24 * 14),
        ("weeks", 168, 24 * 60),
        ("months", 720, 17520),
    ):
        if hours < limit:
            return f"{hours // size} {unit}"
    return f"{hours // 8760} years"


def since_text(text: str, now: int) -> str:
    """Write how long ago an instant of the API was: "5 seconds ago"."""
    return f"{human_duration(now - epoch_ps(text))} ago"


def since_unix(seconds: int, now: int) -> str:
    """Write how long ago a Unix time was."""
    return f"{human_duration(now - (seconds - START) * SECOND)} ago"


def date_text(text: str) -> str:
    """Write an instant of the API as lists do: "2026-01-01 00:00:05.5 +0000 UTC"."""
    return f"{text[:10]} {text[11:].rstrip('Z')} +0000 UTC"


def container_status(state: Json, now: int) -> str:
    """Write the STATUS of ``docker ps`` from the State object of a container.

    The daemon makes this text (moby/moby, ``daemon/container/state.go``, ``State.String``).
    """
    if state.get("Running"):
        up = f"Up {human_duration(now - epoch_ps(state['StartedAt']))}"
        health = (state.get("Health") or {}).get("Status", "none")
        shown = "health: starting" if health == "starting" else health
        return up if health == "none" else f"{up} ({shown})"
    if state.get("Status") == "created":
        return "Created"
    ago = since_text(state["FinishedAt"], now)
    return f"Exited ({state.get('ExitCode', 0)}) {ago}"
