"""docker ps: the containers of this host."""

from __future__ import annotations

from overlaysim.docker.api import START, Json, epoch_text
from overlaysim.docker.client.ages import date_text, since_unix
from overlaysim.docker.client.call import Call
from overlaysim.docker.client.filters import contains, has_label, select
from overlaysim.docker.client.tables import Listing, Row, ellipsis, short_id
from overlaysim.docker.client.values import quoted
from overlaysim.sim import Steps
from overlaysim.units import SECOND

_COMMAND_WIDTH = 20

_LISTING = Listing(
    {
        "CONTAINER ID": "ID",
        "IMAGE": "Image",
        "COMMAND": "Command",
        "CREATED": "RunningFor",
        "STATUS": "Status",
        "PORTS": "Ports",
        "NAMES": "Names",
    },
    type_name="*formatter.ContainerContext",
    unreadable="failed to parse template",
    unfit="failed to execute template",
)


def list_containers(call: Call) -> Steps:
    """List containers, newest first; only running ones unless asked for more."""
    flags = call.flags
    by_state = any(key in ("status", "exited") for key, _ in flags.items("filter"))
    last = 1 if flags.on("latest") else flags.number("last")
    containers = yield from call.engine.containers(flags.on("all") or by_state or last > 0)
    chosen = select(call, containers, {
        "id": lambda item, value: item["Id"].startswith(value),
        "name": lambda item, value: any(contains(name.lstrip("/"), value.replace("/", ""))
                                        for name in item["Names"]),
        "label": lambda item, value: has_label(item.get("Labels"), value),
        "status": lambda item, value: item["State"] == value,
        "exited": lambda item, value: item["Status"].startswith(f"Exited ({value})"),
        "ancestor": lambda item, value: item["Image"] in (value, f"{value}:latest"),
        "network": lambda item, value: value in _networks(item),
    })  # fmt: skip
    if last > 0:
        chosen = chosen[:last]
    _LISTING.show(call, [_row(item, call.engine.now, flags.on("no-trunc")) for item in chosen])
    return 0


def _networks(item: Json) -> Json:
    return (item.get("NetworkSettings") or {}).get("Networks") or {}


def _row(item: Json, now: int, full: bool) -> Row:
    command = item.get("Command") or ""
    labels = item.get("Labels") or {}
    return {
        "Command": quoted(command if full else ellipsis(command, _COMMAND_WIDTH)),
        "CreatedAt": date_text(epoch_text((item["Created"] - START) * SECOND)),
        "ID": short_id(item["Id"], full),
        "Image": item["Image"] or "<no image>",
        "Labels": ",".join(f"{key}={value}" for key, value in labels.items()),
        "LocalVolumes": "0",
        "Mounts": "",
        "Names": ",".join(name.lstrip("/") for name in item["Names"]),
        "Networks": ",".join(sorted(_networks(item))),
        "Platform": None,
        "Ports": ", ".join(_port(port) for port in item.get("Ports") or []),
        "RunningFor": since_unix(item["Created"], now),
        "Size": "0B",
        "State": item["State"],
        "Status": item["Status"],
    }


def _port(port: Json) -> str:
    target = f"{port['PrivatePort']}/{port.get('Type', 'tcp')}"
    if not port.get("PublicPort"):
        return target
    return f"{port.get('IP') or '0.0.0.0'}:{port['PublicPort']}->{target}"
