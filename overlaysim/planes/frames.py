"""The real frames of a flow of datagrams that an encapsulation carries from host to host."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from overlaysim.overlay.addresses import mac_for
from overlaysim.overlay.encapsulation import Carries, Encapsulation, Tunnel
from overlaysim.overlay.encapsulation.tunnel import DEFAULT, DeviceSettings
from overlaysim.overlay.flow import flow_hash
from overlaysim.wire import UDP, Ethernet, IPv4, IPv6, Opaque, Packet

Pair = tuple[str, str]
"""Something of the sender and of the receiver."""


@dataclass(frozen=True)
class Flow:
    """Who sends to whom: two VTEPs, two containers, their ports, and the network they are in.

    The defaults are addresses for documentation (RFC 5737, RFC 3849) and of private networks.

    Attributes:
        vteps, containers: addresses by IP version.
        macs: of the hosts.
        key: the sending host's, for the hashes of its flows.
    """

    network: int = 4097
    vteps: dict[int, Pair] = field(
        default_factory=lambda: {
            4: ("192.0.2.1", "192.0.2.2"), 6: ("2001:db8::1", "2001:db8::2"),
        }
    )  # fmt: skip
    containers: dict[int, Pair] = field(
        default_factory=lambda: {4: ("10.0.1.2", "10.0.1.3"), 6: ("fd01::2", "fd01::3")}
    )
    ports: tuple[int, int] = (49_152, 5001)
    macs: Pair = ("02:00:00:00:00:01", "02:00:00:00:00:02")
    key: int = 0x6F7665726C61792E

    def reversed(self, key: int) -> Flow:
        """The same the other way round; ``key`` is that of the host which sends then."""
        return replace(
            self,
            vteps={version: pair[::-1] for version, pair in self.vteps.items()},
            containers={version: pair[::-1] for version, pair in self.containers.items()},
            ports=self.ports[::-1],
            macs=self.macs[::-1],
            key=key,
        )

    def frame(self, known: Encapsulation, payload: int, *, inner: int) -> Packet:
        """The frame that the sending container puts out.

        ESP in transport mode protects packets of the hosts themselves.

        Args:
            inner: version of the IP packet that is carried.
        """
        own = known.carries is Carries.SEGMENT
        source, target = (self.vteps if own else self.containers)[inner]
        ip = IPv6(source, target) if inner == 6 else IPv4(source, target)
        sender, receiver = map(mac_for, self.containers[4])
        return Packet((Ethernet(receiver, sender), ip, UDP(*self.ports)), Opaque(payload))

    def tunnel(
        self, frame: Packet, *, family: int, number: int = 0, mtu: int = 1500,
        settings: DeviceSettings = DEFAULT,
    ) -> Tunnel:  # fmt: skip
        """What the tunnel's device knows when it gets ``frame``, the ``number``-th one.

        Args:
            family: outer IP version.
            mtu: of the underlay, bytes.
        """
        return Tunnel(
            *self.vteps[family], *self.macs, self.network, flow=flow_hash(frame, self.key),
            number=number, ident=number & 0xFFFF, mtu=mtu, settings=settings,
        )  # fmt: skip
