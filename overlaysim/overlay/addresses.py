"""The MAC address that Docker gives to an address on an overlay network."""

from __future__ import annotations

from overlaysim.wire import ip4_bytes, mac_text


def mac_for(ip: str) -> str:
    """Return 02:42 followed by the four bytes of ``ip``, so 10.0.1.2 gives 02:42:0a:00:01:02.

    Source: moby ``daemon/libnetwork/netutils/utils.go``.
    """
    return mac_text(b"\x02\x42" + ip4_bytes(ip))
