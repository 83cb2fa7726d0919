"""Encapsulations: one declaration each, in one registry.

A new one is a few lines, in any module that is imported before it is used, or that an installed
package names (:mod:`overlaysim.overlay.encapsulation.installed`)::

    from overlaysim.overlay.encapsulation import Encapsulation, register
    from overlaysim.wire import Header

    class Tiny(Header, udp_port=7777):
        WIRE = "version=1:8 tenant:24"
        tenant: int

        def inner_binding(self):
            return "ethertype", 0x6558  # an Ethernet frame follows

    register(
        Encapsulation(
            "tiny", lambda tunnel, length: (tunnel.udp(7777), Tiny(tunnel.network)),
            entropy="UDP source port", network=(Tiny, "tenant", 24),
        )
    )
"""

from overlaysim.overlay.encapsulation import catalogue as _catalogue  # noqa: F401 (registers)
from overlaysim.overlay.encapsulation.choice import TunnelChoice, read_options
from overlaysim.overlay.encapsulation.declaration import (
    CannotCarry,
    Encapsulation,
    NotDelivered,
)
from overlaysim.overlay.encapsulation.example import Example, example
from overlaysim.overlay.encapsulation.lengths import Carries
from overlaysim.overlay.encapsulation.registry import encapsulation, encapsulations, register
from overlaysim.overlay.encapsulation.summary import Summary, summarise
from overlaysim.overlay.encapsulation.tunnel import DF_RULES, DeviceSettings, Tunnel
from overlaysim.overlay.encapsulation.way import Way

__all__ = [
    "DF_RULES", "CannotCarry", "Carries", "DeviceSettings", "Encapsulation", "Example",
    "NotDelivered", "Summary", "Tunnel", "TunnelChoice", "Way", "encapsulation",
    "encapsulations", "example", "read_options", "register", "summarise",
]  # fmt: skip
