"""What an encapsulation is, as a declaration, and everything that follows from it.

A declaration says which headers stand between the outer IP header and what is carried, and what is
carried; from that follow the bytes, the length without packing, the inner MTU, and the way back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from overlaysim.errors import OverlaysimError
from overlaysim.overlay.encapsulation.lengths import (
    Carries,
    Part,
    Shim,
    added_parts,
    example_tunnel,
    largest_inner,
)
from overlaysim.overlay.encapsulation.tunnel import (
    CE,
    NOT_ECT,
    Tunnel,
    ecn_of,
    ip_of,
)
from overlaysim.overlay.fragments import IP
from overlaysim.wire import (
    HEADERS,
    TCP,
    UDP,
    Ethernet,
    Header,
    IPv4,
    IPv6,
    OpenESP,
    OpenWireGuard,
    Packet,
    QuicDatagram,
    decode,
)
from overlaysim.wire.decode import bindings_of

_ALL_BITS = 0xFFFFFFFF  # more packets than any run sends


class NotDelivered(ValueError):  # noqa: N818 - says what becomes of the packet
    """The receiving end drops this packet; the text says why."""


class CannotCarry(OverlaysimError):  # noqa: N818 - says what becomes of the packet
    """The encapsulation has no way to carry this packet; the text says why."""


@dataclass(frozen=True, eq=False)
class Encapsulation:
    """One encapsulation.

    Attributes:
        name: as users write it.
        shim: the headers behind the outer IP header (behind the outer Ethernet header if ``link``),
            made from the tunnel and the length of what is carried.
        carries: what stands behind them.
        spec: where it is specified.
        entropy: what of a flow the underlay can tell apart, in words.
        layer: the layer of what is carried, in words.
        link: whether there is no outer IP header: the packet itself travels, perhaps tagged.
        tag: bytes of the shim that do not count against a link's MTU (VLAN tags).
        families: outer IP versions that it is specified for.
        inner: versions of IP that it can carry.
        df: outer DF bit, one of :data:`~overlaysim.overlay.encapsulation.tunnel.DF_RULES`.
        checksum: which checksum protects the carried bytes, in words.
        network: header class, field and bits of the network's identifier; None without one.
        flow_label: whether an outer IPv6 header carries the flow's hash in its flow label.
        accept: looks at an arriving packet's shim; raises :class:`NotDelivered`.
    """

    name: str
    shim: Shim
    carries: Carries = Carries.FRAME
    spec: str = ""
    entropy: str = "none"
    layer: str = "L2"
    link: bool = False
    tag: int = 0
    families: tuple[int, ...] = (4, 6)
    inner: tuple[int, ...] = (4, 6)
    df: str = "unset"
    checksum: str = "none"
    network: tuple[type[Header], str, int] | None = None
    flow_label: bool = False
    accept: Callable[[tuple[Header, ...]], None] | None = None

    # ---- into the tunnel ------------------------------------------------------------------

    def encapsulate(self, frame: Packet, tunnel: Tunnel) -> Packet:
        """Return the frame on the underlay that carries ``frame``, a frame of a container.

        Raises:
            CannotCarry: the frame holds nothing that this encapsulation carries.
        """
        carried = self.cut(frame)
        shim = self.shim(tunnel, carried.length)
        link = Ethernet(tunnel.target_mac, tunnel.source_mac)
        if self.link:
            return carried.wrap(link, *shim)
        if self.carries is Carries.SEGMENT:
            own = frame.layers[1]
            first = _announcing(shim[0], _next_of(own))
            return carried.wrap(link, _announcing(own, None), first, *shim[1:])
        label = tunnel.flow & 0xFFFFF if self.flow_label else 0
        return carried.wrap(link, tunnel.ip(frame, self.df, label), *shim)

    def identifier(self, network: int) -> int:
        """What stands on the wire for a network: the lower bits of its number."""
        return network & ((1 << self.network[2]) - 1) if self.network else 0

    def cut(self, frame: Packet) -> Packet:
        """Return what of a frame is carried.

        Raises:
            CannotCarry: as :meth:`encapsulate` does.
        """
        if self._inside == "Ethernet":
            return frame
        ip = frame.layers[1] if len(frame.layers) > 1 else None
        if not isinstance(ip, IP):
            raise CannotCarry(f"{self.name} carries IP packets only")
        version = 4 if isinstance(ip, IPv4) else 6
        if version not in self.inner:
            raise CannotCarry(f"{self.name} carries IPv{self.inner[0]} packets only")
        if self.carries is Carries.SEGMENT:
            if isinstance(ip, IPv4) and ip.is_fragment:
                raise CannotCarry(f"{self.name} protects whole packets, not fragments")
            return frame.inner(2)
        if self.carries is Carries.DATAGRAM:
            udp = frame.layers[2] if len(frame.layers) > 2 else None
            if not isinstance(udp, UDP) or ip.is_fragment:
                raise CannotCarry(f"{self.name} carries whole UDP datagrams only")
            return frame.inner(3)
        return frame.inner(1)

    # ---- and out of it --------------------------------------------------------------------

    @property
    def port(self) -> tuple[str, int]:
        """What a packet filter sees: ``udp`` or ``tcp`` and a port, or ``ip`` and a protocol.

        Where a container's own packets cross the underlay there is no one answer: ``ip`` and 255.
        """
        first = self._example[0] if self._example else None
        if isinstance(first, UDP | TCP):
            return ("udp" if isinstance(first, UDP) else "tcp"), first.dst_port
        if self.link:
            return "ip", 255
        kinds = IPv4 if 4 in self.inner else IPv6
        number = (kinds if first is None else first).BINDINGS.get("protocol")
        return "ip", 255 if number is None else number

    @cached_property
    def joins_hosts(self) -> bool:
        """Whether the outer addresses are the hosts' and not the containers'."""
        return not self.link and self.carries is not Carries.SEGMENT

    @cached_property
    def has_ports(self) -> bool:
        """Whether the underlay sees UDP or TCP ports."""
        return bool(self._example) and isinstance(self._example[0], UDP | TCP)

    @cached_property
    def encrypts(self) -> bool:
        """Whether what is carried is encrypted."""
        return any(isinstance(layer, OpenESP | OpenWireGuard | QuicDatagram)
                   for layer in self._example)  # fmt: skip

    def has_port(self, port: int) -> bool:
        """Whether the underlay sees this UDP or TCP destination port."""
        first = self._example[0] if self._example else None
        return isinstance(first, UDP | TCP) and first.dst_port == port

    def claims(self, outer: Packet, port: int | None = None) -> bool:
        """Whether a packet has the headers of this encapsulation, ports included.

        ``port`` is the UDP destination port if it is not the usual one. Of two that
        look alike (such as ``vxlan`` and ``evpn-vxlan``) both claim it.
        """
        shim = self._shim_of(outer)
        if shim is None:
            return False
        for place, (kind, usual) in self._ports.items():
            right = usual if port is None or place or kind is TCP else port
            if shim[place].dst_port != right:  # type: ignore[attr-defined]
                return False
        return self._may_carry(outer)

    def decapsulate(self, outer: Packet) -> tuple[int | None, Packet]:
        """Return the network's identifier and what was carried; the identifier may be None.

        What was carried is a frame, or an IP packet where the encapsulation holds no frame, or
        bare payload (CONNECT-UDP).

        Raises:
            NotDelivered: for what a receiver drops: other headers, values it does not take, a
                congestion mark for a packet that cannot tell (RFC 6040 section 4.2), no UDP
                checksum over IPv6.
        """
        shim = self._shim_of(outer)
        if shim is None:
            raise NotDelivered(f"there is no {self.name} packet")
        if self.accept is not None:
            self.accept(shim)
        if not self._may_carry(outer):
            raise NotDelivered(f"there is no whole {self._inside} header inside")
        inner = outer.inner(self._first + len(shim))
        if self._inside == "IP" and inner.trailers:  # behind the packet is the tunnel's padding
            inner = Packet(inner.layers, inner.payload, tuple(t for t in inner.trailers if t[0]))
        if self.carries is Carries.SEGMENT:
            own = _announcing(outer.layers[1], _next_of(shim[0]))
            return self._network_of(shim), inner.wrap(own)
        if not self.link:
            _check_congestion(outer.layers[1], inner)
            _check_checksum(outer.layers[1], shim)
        return self._network_of(shim), inner

    def _network_of(self, shim: tuple[Header, ...]) -> int | None:
        if self.network is None:
            return None
        kind, field, _ = self.network
        # A subclass may stand in front: a service tag is a tag, too.
        return int(getattr(shim[self._kinds.index(kind)], field))

    def _shim_of(self, outer: Packet) -> tuple[Header, ...] | None:
        """The shim of a packet, if it has the classes of headers that it should."""
        first, kinds = self._first, self._kinds
        shim = outer.layers[first : first + len(kinds)]
        return shim if tuple(map(type, shim)) == kinds else None

    def decode(self, data: bytes) -> Packet:
        """Read a frame from the underlay as one of this encapsulation's.

        What only the two ends know (lengths of cookies, ciphers) is known here. Raises
        :class:`~overlaysim.wire.MalformedPacket`.
        """
        return decode(data, bindings=self._bindings)

    # ---- lengths --------------------------------------------------------------------------

    def added(self, length: int, family: int = 4, mtu: int = 1500) -> int:
        """Bytes beyond plain Ethernet and IP for an inner IP packet of ``length`` bytes.

        Args:
            family: outer IP version.
            mtu: of the underlay, bytes; only padding that stops there depends on it.

        Raises:
            CannotCarry: not over this outer IP version.
        """
        return sum(size for _, size in self.parts(length, family, mtu))

    def parts(self, length: int, family: int = 4, mtu: int = 1500) -> tuple[Part, ...]:
        """What the added bytes are, outermost first: pairs of header and bytes.

        Arguments and errors as for :meth:`added`. CONNECT-UDP leaves inner headers out, which
        counts against the others.
        """
        self._check_family(family)
        return added_parts(self.shim, self.carries, self.link, length, family, mtu)

    def inner_mtu(self, mtu: int, family: int = 4) -> int:
        """The largest inner IP packet that fits into one outer packet of ``mtu`` bytes.

        0 if not even an empty one fits. Arguments and errors as for :meth:`added`.
        """
        self._check_family(family)
        return largest_inner(self.shim, self.carries, self.link, family, mtu, self.tag)

    def _check_family(self, family: int) -> None:
        if family not in self.families:
            known = " and ".join(f"IPv{version}" for version in self.families)
            raise CannotCarry(f"{self.name} is specified over {known} only")

    @cached_property
    def _inside(self) -> str:
        """What header the carried bytes begin with; empty if that may be any or none."""
        if self.carries is Carries.FRAME and not self.link:
            return "Ethernet"
        return "IP" if self.link or self.carries is Carries.PACKET else ""

    def _may_carry(self, outer: Packet) -> bool:
        """Whether the header behind the shim is what the carried bytes can begin with."""
        inside, place = self._inside, self._first + len(self._kinds)
        if not inside:
            return True
        if place >= len(outer.layers):
            return False
        return isinstance(outer.layers[place], Ethernet if inside == "Ethernet" else IP)

    @cached_property
    def _first(self) -> int:
        """Index of the shim's first header in a frame on the underlay."""
        return 1 if self.link else 2

    @cached_property
    def _example(self) -> tuple[Header, ...]:
        """The headers of some packet: their classes and ports are those of all."""
        return self.shim(example_tunnel(self.families[0]), 64)

    @cached_property
    def _kinds(self) -> tuple[type[Header], ...]:
        return tuple(map(type, self._example))

    @cached_property
    def _ports(self) -> dict[int, tuple[type[Header], int]]:
        """Places of shim headers that have ports, with their class and usual destination port."""
        return {
            place: (type(layer), layer.dst_port)
            for place, layer in enumerate(self._example)
            if isinstance(layer, UDP | TCP)
        }

    @cached_property
    def counts(self) -> bool:
        """Whether the shims of one flow's packets of one length differ: sequence numbers, say.

        Seen from two packets whose numbers have no bit in common.
        """
        first = example_tunnel(self.families[0])
        last = replace(first, number=_ALL_BITS, ident=0xFFFF)
        return self.shim(first, 64) != self.shim(last, 64)

    @cached_property
    def _bindings(self) -> dict[tuple[str, int], type[Header]]:
        return bindings_of((*HEADERS, *self._kinds))


def _next_of(header: Header) -> int | None:
    """The protocol number that a header gives what follows; None if it is still to be computed."""
    assert header.NEXT is not None or isinstance(header, IPv4 | IPv6)
    return header.protocol if isinstance(header, IPv4) else header.next_header  # type: ignore[attr-defined]


def _announcing(header: Header, number: int | None) -> Header:
    """The header with another protocol number behind it, lengths and checksums computed anew."""
    if isinstance(header, IPv4):
        return header.replace(protocol=number, total_length=None, checksum=None)
    if isinstance(header, IPv6):
        return header.replace(next_header=number, payload_length=None)
    return header.replace(next_header=number)


def _check_congestion(outer: Header, inner: Packet) -> None:
    if not isinstance(outer, IP) or ecn_of(outer) != CE:
        return
    ip = ip_of(inner)
    if ip is not None and ecn_of(ip) == NOT_ECT:
        raise NotDelivered("congestion was marked, but the inner packet does not take part in ECN")


def _check_checksum(outer: Header, shim: tuple[Header, ...]) -> None:
    """RFC 8200 section 8.1; RFC 6935 would let tunnels agree on less, Linux does not by default."""
    udp = shim[0] if shim else None
    if isinstance(outer, IPv6) and isinstance(udp, UDP) and udp.checksum == 0:
        raise NotDelivered("there is no UDP checksum, which IPv6 does not allow")
