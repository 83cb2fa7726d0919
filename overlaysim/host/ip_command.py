"""The ``ip`` command of a container: addresses, routes and neighbours as they are now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network

from overlaysim.host.container import Container
from overlaysim.host.interface import Interface
from overlaysim.host.ip_verbs import get_route, set_link
from overlaysim.traffic.idle import Print

USAGE = (
    "Usage: ip { address | link | route | neigh } [ show ] [ [ dev ] NAME ]",
    "       ip link set [ dev ] NAME mtu BYTES",
    "       ip route get ADDRESS",
)
_OPTIONS = ("-4", "-o")
_IGNORED = ("show", "list", "ls", "dev")
_LINK, _ROUTE = ("link", "l"), ("route", "r")


def ip_command(container: Container, arguments: Sequence[str], now: int) -> Print:
    """Run ``ip``; an interface's name at the end limits what is shown to it."""
    words = [word for word in arguments if word not in _OPTIONS]
    topic, verb = [*words, "", ""][:2]
    if topic in _LINK and verb == "set":
        return set_link(container, words[2:])
    if topic in _ROUTE and verb == "get":
        return get_route(container, words[2:], now)
    show = _TOPICS.get(topic)
    if show is None:
        errors = (f'ip: unknown object "{topic}"', *USAGE) if topic else USAGE
        return Print((), errors, 1)
    names = [word for word in words[1:] if word not in _IGNORED]
    interfaces = container.stack.interfaces
    for name in names:
        if name not in ("lo", *(interface.name for interface in interfaces)):
            return Print((), (f"ip: can't find device '{name}'",), 1)
    return Print(show(container, now, lambda name: not names or name in names))


Wanted = Callable[[str], bool]
"""Whether the interface of this name is to be shown."""


def _addresses(container: Container, now: int, wanted: Wanted) -> list[str]:
    loopback = [
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN qlen 1000",
        "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00",
        "    inet 127.0.0.1/8 scope host lo",
        "       valid_lft forever preferred_lft forever",
    ]
    lines = loopback if wanted("lo") else []
    for number, interface in enumerate(container.stack.interfaces, start=2):
        if wanted(interface.name):
            lines += _address(number, interface)
    return lines


def _links(container: Container, now: int, wanted: Wanted) -> list[str]:
    """The same without what an address adds: two lines for each interface."""
    lines = _addresses(container, now, wanted)
    return [line for line in lines if not line.startswith(("    inet ", "       valid_lft "))]


def _address(number: int, interface: Interface) -> list[str]:
    info = interface.segment.info
    own = f"{interface.address}/{info.prefix_length}"
    broadcast = IPv4Network(info.subnet).broadcast_address
    # busybox prints M-DOWN for a veth whose other end is in another namespace.
    return [
        f"{number}: {interface.name}@if{number}: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> "
        f"mtu {interface.mtu} qdisc noqueue state UP",
        f"    link/ether {interface.mac} brd ff:ff:ff:ff:ff:ff",
        f"    inet {own} brd {broadcast} scope global {interface.name}",
        "       valid_lft forever preferred_lft forever",
    ]


def _routes(container: Container, now: int, wanted: Wanted) -> list[str]:
    lines = []
    if container.stack.default is not None:
        interface, gateway = container.stack.default
        if wanted(interface.name):
            lines.append(f"default via {gateway} dev {interface.name}")
    lines += [
        f"{interface.segment.info.subnet} dev {interface.name} scope link  src {interface.address}"
        for interface in container.stack.interfaces
        if wanted(interface.name)
    ]
    return lines


def _neighbours(container: Container, now: int, wanted: Wanted) -> list[str]:
    lines = []
    for interface in container.stack.interfaces:
        for address, mac, state in interface.neighbours.rows(now):
            if wanted(interface.name):
                at = f" lladdr {mac}" if mac else ""
                lines.append(f"{address} dev {interface.name}{at} {state}")
    return lines


_TOPICS = {
    **dict.fromkeys(("address", "addr", "a"), _addresses),
    **dict.fromkeys(_LINK, _links),
    **dict.fromkeys(_ROUTE, _routes),
    **dict.fromkeys(("neighbour", "neighbor", "neigh", "n"), _neighbours),
}
