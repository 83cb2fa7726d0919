"""What the ``ip`` command of a container does besides showing tables.

The messages of ``ip link set`` are busybox's; ``ip route get`` is as in iproute2, for busybox does
not show what a route remembers.
"""

from __future__ import annotations

from collections.abc import Sequence

from overlaysim.host.container import Container
from overlaysim.traffic.idle import Print
from overlaysim.traffic.options import UsageError
from overlaysim.traffic.program import is_address
from overlaysim.units import SECOND

SMALLEST_MTU, LARGEST_MTU = 68, 65_535
"""Of a veth device (Linux ``drivers/net/veth.c``: ``ETH_MIN_MTU``, ``ETH_MAX_MTU``)."""


def set_link(container: Container, words: Sequence[str]) -> Print:
    """``ip link set [dev] NAME mtu BYTES``, as with the capability NET_ADMIN."""
    try:
        name, mtu = _read_link(words)
        interface = next((i for i in container.stack.interfaces if i.name == name), None)
        if interface is None:
            raise UsageError("SIOCSIFMTU: No such device")
        if not SMALLEST_MTU <= mtu <= LARGEST_MTU:
            raise UsageError("SIOCSIFMTU: Invalid argument")
    except UsageError as error:
        return _failed(str(error))
    interface.mtu = mtu
    return Print(())


def _read_link(words: Sequence[str]) -> tuple[str, int]:
    rest = [word for word in words if word != "dev"]
    name, mtu = "", None
    while rest:
        word = rest.pop(0)
        if word != "mtu":
            if name:
                raise UsageError(f"'{word}' cannot be set here, only mtu")
            name = word
        elif not rest:
            raise UsageError('command line is not complete, try "help"')
        else:
            mtu = rest.pop(0)
    if not name:
        raise UsageError('"dev" requires an argument')
    if mtu is None:
        raise UsageError('command line is not complete, try "help"')
    if not (mtu.isascii() and mtu.isdecimal()) or len(mtu) > 9:
        raise UsageError(f"invalid argument '{mtu}' to 'mtu'")
    return name, int(mtu)


def get_route(container: Container, words: Sequence[str], now: int) -> Print:
    """``ip route get ADDRESS``: the way, and the path MTU that is remembered for it."""
    if not words:
        return _failed("need at least a destination address", 1)
    destination = words[0]
    if not is_address(destination):
        return _failed(f'any valid prefix is expected rather than "{destination}"', 1)
    stack = container.stack
    route = stack.route(destination)
    if route is None:
        return _failed("RTNETLINK answers: Network is unreachable")
    interface, next_hop = route
    if stack.is_own(interface, destination):
        return Print(
            (f"local {destination} dev lo src {destination} uid 0", "    cache <local>")
        )  # fmt: skip
    via = "" if next_hop == destination else f" via {next_hop}"
    way = f"{destination}{via} dev {interface.name} src {interface.address} uid 0"
    learned = stack.paths.learned(destination, now)
    if learned is None:
        return Print((way, "    cache"))
    seconds = (learned.expires - now) // SECOND
    lock = "lock " if learned.locked else ""
    return Print((way, f"    cache expires {seconds}sec mtu {lock}{learned.mtu}"))


def _failed(message: str, status: int = 2) -> Print:
    return Print((), (f"ip: {message}",), status)
