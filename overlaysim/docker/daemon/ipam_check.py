"""What the daemon checks in the addresses of ``network create``, in its words.

Source: moby ``daemon/network/network.go`` and ``api/types/network/ipam.go`` (ValidateIPAM).
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from overlaysim.docker.api import ApiError, Json

_NO_CIDR = "invalid CIDR block notation"


def check_addresses(config: Json) -> None:
    """Check subnet, gateway and range of ``network create``; all that is wrong is told at once.

    Raises:
        ApiError: 400, one of them is malformed or outside of the subnet.
    """
    subnet, gateway, ip_range = (config.get(key) for key in ("Subnet", "Gateway", "IPRange"))
    if not subnet:
        if gateway or ip_range:
            raise ApiError(400, "invalid network config: a gateway or range needs a subnet")
        return
    mistakes = list(_mistakes(subnet, gateway or "", ip_range or ""))
    if mistakes:
        listed = mistakes if len(mistakes) == 1 else [f"* {text}" for text in mistakes]
        raise ApiError(400, "\n".join(("invalid network config:", *listed)))


def _mistakes(subnet: str, gateway: str, ip_range: str) -> Iterator[str]:
    block = _prefix(subnet)
    if block is None:
        yield f"invalid subnet {subnet}: {_NO_CIDR}"
        return
    if block.ip != block.network.network_address:
        yield f"invalid subnet {subnet}: it should be {block.network}"
    if ip_range:
        yield from _range_mistakes(ip_range, subnet, block.network)
    if gateway:
        try:
            inside = IPv4Address(gateway) in block.network
        except ValueError:
            yield f"invalid gateway {gateway}: invalid address"
            return
        if not inside:
            yield f"invalid gateway {gateway}: parent subnet {subnet} doesn't contain this address"


def _range_mistakes(ip_range: str, subnet: str, parent: IPv4Network) -> Iterator[str]:
    block = _prefix(ip_range)
    title = f"invalid ip-range {ip_range}"
    if block is None:
        yield f"{title}: {_NO_CIDR}"
        return
    if block.network.prefixlen < parent.prefixlen:
        yield f"{title}: CIDR block is bigger than its parent subnet {subnet}"
    if block.ip != block.network.network_address:
        yield f"{title}: it should be {block.network}"
    if not block.network.overlaps(parent):
        yield f"{title}: parent subnet {subnet} doesn't contain ip-range"


def _prefix(text: str) -> IPv4Interface | None:
    """An IPv4 address with the length of its prefix in decimal; None for anything else."""
    _, slash, length = text.partition("/")
    if not slash or not length.isdecimal():
        return None
    try:
        return IPv4Interface(text)
    except ValueError:
        return None
