"""What an encapsulation adds to a packet, in bytes, without packing one."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import lru_cache

from overlaysim.overlay.encapsulation.tunnel import Tunnel
from overlaysim.wire import Header

_IP = {4: 20, 6: 40}
_ETHERNET, _UDP = 14, 8

Part = tuple[str, int]
"""A header, or what a header puts behind its body, and its bytes."""


class Carries(Enum):
    """What stands behind the headers of an encapsulation; the value is the word for people."""

    FRAME = "an Ethernet frame"
    PACKET = "an IP packet"
    SEGMENT = "what an IP packet carries, behind its own IP header"
    DATAGRAM = "what a UDP datagram carries"


Shim = Callable[[Tunnel, int], tuple[Header, ...]]
"""Makes the headers for a tunnel and a number of carried bytes."""


@lru_cache(maxsize=64)
def example_tunnel(family: int, mtu: int = 1500) -> Tunnel:
    """Return some tunnel over this IP version: the lengths of headers are the same in all."""
    source, target = ("fd00::1", "fd00::2") if family == 6 else ("192.0.2.1", "192.0.2.2")
    mac = "02:00:00:00:00:01"
    return Tunnel(source, target, mac, mac, network=1, mtu=mtu)


@lru_cache(maxsize=65_536)
def added_parts(
    shim: Shim, carries: Carries, link: bool, length: int, family: int, mtu: int
) -> tuple[Part, ...]:
    """Return what is added to an inner IP packet of ``length`` bytes, outermost first.

    Args:
        shim, carries, link: as of :class:`~overlaysim.overlay.encapsulation.Encapsulation`.
        family: outer IP version.
        mtu: of the underlay, bytes.
    """
    left_out = 0
    if carries is Carries.SEGMENT:
        left_out = _IP[family]
    elif carries is Carries.DATAGRAM:
        left_out = _IP[4] + _UDP
    frame = carries is Carries.FRAME and not link
    carried = max(0, length - left_out) + (_ETHERNET if frame else 0)
    parts = []
    if not link and carries is not Carries.SEGMENT:
        parts.append((f"IPv{family}", _IP[family]))
    trailers = []
    for header in shim(example_tunnel(family, mtu), carried):
        parts.append((type(header).__name__, header.header_length))
        if header.tail_length:
            trailers.append((f"{type(header).__name__} trailer", header.tail_length))
    if frame:
        parts.append(("inner Ethernet", _ETHERNET))
    if carries is Carries.DATAGRAM:
        parts.append(("inner IP and UDP, left out", -left_out))
    return (*parts, *reversed(trailers))


@lru_cache(maxsize=4096)
def largest_inner(shim: Shim, carries: Carries, link: bool, family: int, mtu: int, tag: int) -> int:
    """Return the longest inner IP packet that fits into one outer packet of ``mtu`` bytes.

    Padding makes the outer length rise in steps, so the search goes down from the most that could
    fit. ``tag`` are added bytes that do not count; the rest as for :func:`added_parts`. 0 if not
    even an empty packet fits.
    """

    def outer(length: int) -> int:
        parts = added_parts(shim, carries, link, length, family, mtu)
        return length + sum(size for _, size in parts) - tag

    start = max(0, mtu - min(outer(mtu - cut) - (mtu - cut) for cut in range(16)))
    return next((length for length in range(start, 0, -1) if outer(length) <= mtu), 0)
