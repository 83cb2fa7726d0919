"""docker network: create, ls, connect, disconnect, rm, prune."""

from __future__ import annotations

import ipaddress

from overlaysim.docker.api import ApiError, Json
from overlaysim.docker.client.ages import date_text
from overlaysim.docker.client.call import Call, CommandError
from overlaysim.docker.client.filters import contains, has_label, select
from overlaysim.docker.client.flags import FlagValues
from overlaysim.docker.client.tables import Listing, Row, natural_key, short_id
from overlaysim.sim import Steps

_LISTING = Listing(
    {"NETWORK ID": "ID", "NAME": "Name", "DRIVER": "Driver", "SCOPE": "Scope"},
    type_name="*network.networkContext",
)
_PREDEFINED = ("bridge", "host", "none")


def create(call: Call) -> Steps:
    """Create a network and print its id."""
    flags = call.flags
    body: Json = {
        "Name": call.arguments[0],
        "Driver": flags.text("driver"),
        "Scope": flags.text("scope"),
        "IPAM": {"Driver": flags.text("ipam-driver"), "Options": flags.pairs("ipam-opt"),
                 "Config": _ipam_config(flags)},
        "Internal": flags.on("internal"),
        "Attachable": flags.on("attachable"),
        "Ingress": flags.on("ingress"),
        "ConfigOnly": flags.on("config-only"),
        "ConfigFrom": None,
        "Options": flags.pairs("opt"),
        "Labels": flags.pairs("label"),
    }  # fmt: skip
    for family in ("4", "6"):
        if flags.changed(f"ipv{family}"):
            body[f"EnableIPv{family}"] = flags.on(f"ipv{family}")
    answer = yield from call.engine.network_create(body)
    if answer.get("Warning"):
        call.warn(f"WARNING: {answer['Warning']}")
    call.print(answer["Id"])
    return 0


def _ipam_config(flags: FlagValues) -> list[Json]:
    """Sort ranges and gateways to the subnets they lie in.

    Raises:
        CommandError: for overlapping subnets, or a range or gateway outside all of them
            (docker/cli, ``cli/command/network/create.go``, ``createIPAMConfig``).
    """
    subnets = flags.items("subnet")
    ranges, gateways = flags.items("ip-range"), flags.items("gateway")
    if len(subnets) < max(len(ranges), len(gateways)):
        raise CommandError("every ip-range or gateway must have a corresponding subnet")
    configs: dict[str, Json] = {}
    for subnet in subnets:
        if any(_overlap(subnet, other) for other in configs):
            raise CommandError("multiple overlapping subnet configuration is not supported")
        configs[subnet] = {"Subnet": subnet}
    for key, what, tie, values in (
        ("IPRange", "range", "on", ranges),
        ("Gateway", "gateway", "for", gateways),
    ):
        for value in values:
            home = next((subnet for subnet in subnets if _overlap(subnet, value)), None)
            if home is None:
                raise CommandError(f"no matching subnet for {what} {value}")
            if key in configs[home]:
                raise CommandError(
                    f"cannot configure multiple {what}s ({value}, {configs[home][key]})"
                    f" {tie} the same subnet ({home})"
                )
            configs[home][key] = value
    return list(configs.values())


def _overlap(first: str, second: str) -> bool:
    try:
        one, other = (ipaddress.ip_network(text, strict=False) for text in (first, second))
    except ValueError:
        return False  # The daemon says what is wrong with it.
    return one.version == other.version and one.overlaps(other)


def list_networks(call: Call) -> Steps:
    """List the networks that this host knows."""
    networks = yield from call.engine.networks()
    chosen = select(call, networks, {
        "id": lambda network, value: contains(network["Id"], value),
        "name": lambda network, value: contains(network["Name"], value),
        "driver": lambda network, value: network["Driver"] == value,
        "scope": lambda network, value: network["Scope"] == value,
        "label": lambda network, value: has_label(network.get("Labels"), value),
        "type": lambda network, value: (network["Name"] in _PREDEFINED) == (value == "builtin"),
    })  # fmt: skip
    full = call.flags.on("no-trunc")
    ordered = sorted(chosen, key=lambda network: natural_key(network["Name"]))
    _LISTING.show(call, [_row(network, full) for network in ordered])
    return 0


def _row(network: Json, full: bool) -> Row:
    labels = network.get("Labels") or {}
    return {
        "CreatedAt": date_text(network["Created"]),
        "Driver": network["Driver"],
        "ID": short_id(network["Id"], full),
        "IPv4": str(network.get("EnableIPv4", True)).lower(),
        "IPv6": str(network.get("EnableIPv6", False)).lower(),
        "Internal": str(network.get("Internal", False)).lower(),
        "Labels": ",".join(f"{key}={value}" for key, value in labels.items()),
        "Name": network["Name"],
        "Scope": network["Scope"],
    }


def connect(call: Call) -> Steps:
    """Attach a container to one more network."""
    flags = call.flags
    network, container = call.arguments
    addresses = {
        "IPv4Address": flags.text("ip"),
        "IPv6Address": flags.text("ip6"),
        "LinkLocalIPs": flags.items("link-local-ip"),
    }
    endpoint = {
        "IPAMConfig": {key: value for key, value in addresses.items() if value},
        "Aliases": flags.items("alias"),
        "Links": flags.items("link") or None,
        "DriverOpts": flags.pairs("driver-opt"),
        "GwPriority": flags.number("gw-priority"),
    }
    yield from call.engine.network_connect(
        network, {"Container": container, "EndpointConfig": endpoint}
    )
    return 0


def disconnect(call: Call) -> Steps:
    """Detach a container from a network."""
    network, container = call.arguments
    yield from call.engine.network_disconnect(
        network, {"Container": container, "Force": call.flags.on("force")}
    )
    return 0


def remove(call: Call) -> Steps:
    """Remove networks."""
    status = 0
    for ref in call.arguments:
        try:
            yield from call.engine.network_remove(ref)
            call.print(ref)
        except ApiError as error:
            if not (error.not_found and call.flags.on("force")):
                status = call.refuse(error)
    return status


def prune(call: Call) -> Steps:
    """Remove all networks that nothing uses."""
    if not call.flags.on("force"):
        call.print(
            "WARNING! This will remove all custom networks not used by at least one container."
        )
        call.warn("(nobody is there to ask; nothing was removed, -f removes without asking)")
        return 0
    answer = yield from call.engine.networks_prune()
    deleted = answer.get("NetworksDeleted") or []
    if deleted:
        call.print("\n".join(["Deleted Networks:", *deleted, ""]))
    return 0
