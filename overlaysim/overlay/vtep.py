"""The VXLAN device of one network on one host: who is where.

Its tables are filled from the peer table alone; nothing is flooded and nobody listens for misses.
Sources: moby ``daemon/libnetwork/drivers/overlay/{peerdb,ov_network}.go``; Linux
``drivers/net/vxlan/vxlan_core.c`` (``vxlan_snoop``, ``vxlan_find_mac``, ``vxlan_cleanup``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address

from overlaysim.overlay.peers import PeerRecord
from overlaysim.units import SECOND

AGEING = 300 * SECOND
"""A learned entry is forgotten after this long without a frame (the 10 s sweep is left out).

Sent frames count as well as received ones, as in Linux before 6.15 ("vxlan: Age FDB entries based
on Rx traffic", 2025).
"""


@dataclass(slots=True)
class _Entry:
    vtep: str
    used: int | None
    """When a learned entry was last used; None for a permanent one."""


class Vtep:
    """Neighbour and forwarding table of one VXLAN device.

    The caller leaves out records whose VTEP is the host's own address: local containers are never
    entered.

    Attributes:
        on_learned: called with the address of a known container after a frame has taught the
            device where its MAC is, for the first time or anew.

    Args:
        vni: the network's identifier.
        address: the host's own VTEP address.
        replaces: whether a record's forwarding entry takes the place of one that was learned for
            the same MAC. Before moby pull request 53663 of 2026-09-14 it was added with
            ``NLM_F_EXCL``, which failed then (``daemon/libnetwork/osl/neigh_linux.go``).
    """

    def __init__(self, vni: int, address: str, *, replaces: bool = False) -> None:
        self.vni = vni
        self.address = address
        self.on_learned: Callable[[str], None] | None = None
        self._replaces = replaces
        self._peers: dict[str, PeerRecord] = {}
        self._programmed: dict[str, str] = {}  # address of a container -> key of its record
        self._forwarding: dict[str, _Entry] = {}

    def add_peer(self, key: str, record: PeerRecord, now: int) -> None:
        """Enter a record, or replace the one under ``key``.

        While another record for the same IP address stands, this one only waits for its turn.
        """
        if self._peers.get(key) == record:
            return
        self.remove_peer(key, now)
        self._peers[key] = record
        if record.endpoint_ip not in self._programmed:
            self._program(key, now)

    def remove_peer(self, key: str, now: int) -> None:
        """Remove the record under ``key``, if there is one, and program who waited behind it."""
        record = self._peers.pop(key, None)
        if record is None or self._programmed.get(record.endpoint_ip) != key:
            return
        del self._programmed[record.endpoint_ip]
        entry = self._forwarding.get(record.mac)
        if entry is not None and entry.vtep == record.vtep:
            del self._forwarding[record.mac]  # the kernel matches MAC and VTEP, learned or not
        for other, waiting in self._peers.items():
            if waiting.endpoint_ip == record.endpoint_ip:
                self._program(other, now)
                return

    def neighbour(self, ip: str) -> str | None:
        """Return the MAC address with which the device answers ARP for ``ip``; None: silence."""
        key = self._programmed.get(ip)
        return None if key is None else self._peers[key].mac

    def way(self, ip: str, now: int) -> str | None:
        """Return the VTEP that frames for ``ip`` go to; None without neighbour or forwarding entry.

        Only looks: it does not count as a use of the entry.
        """
        mac = self.neighbour(ip)
        entry = None if mac is None else self._entry(mac, now)
        return None if entry is None else entry.vtep

    def way_ends(self, ip: str, now: int) -> int | None:
        """Return when :meth:`way` will lose a learned entry that nobody uses until then.

        None if there is no way, or none that ages.
        """
        mac = self.neighbour(ip)
        entry = None if mac is None else self._entry(mac, now)
        return None if entry is None or entry.used is None else entry.used + AGEING

    def forward(self, mac: str, now: int) -> str | None:
        """Return the VTEP to send a frame for ``mac`` to; None means that it is dropped."""
        entry = self._entry(mac, now)
        if entry is None:
            return None
        if entry.used is not None:
            entry.used = now
        return entry.vtep

    def admit(self, mac: str, vtep: str, now: int) -> bool:
        """Whether a frame from ``mac`` that came from ``vtep`` may pass; learns where ``mac`` is.

        A permanent entry for another VTEP, or a multicast source, has it dropped; a learned entry
        moves.
        """
        if int(mac[:2], 16) & 1:
            return False
        entry = self._entry(mac, now)
        if entry is not None and entry.used is None:
            return entry.vtep == vtep
        self._forwarding[mac] = _Entry(vtep, now)
        if entry is None or entry.vtep != vtep:
            self._tell_learned(mac)
        return True

    def _tell_learned(self, mac: str) -> None:
        if self.on_learned is not None:
            for ip in [ip for ip, key in self._programmed.items() if self._peers[key].mac == mac]:
                self.on_learned(ip)

    def neighbours(self) -> list[tuple[str, str]]:
        """Return the neighbour table as rows (IP address, MAC), sorted by address."""
        rows = [(ip, self._peers[key].mac) for ip, key in self._programmed.items()]
        return sorted(rows, key=lambda row: IPv4Address(row[0]))

    def forwarding(self, now: int) -> list[tuple[str, str, str]]:
        """Return the forwarding table as sorted rows (MAC, VTEP, ``permanent`` or ``learned``)."""
        rows = []
        for mac in sorted(self._forwarding):
            entry = self._entry(mac, now)
            if entry is not None:
                rows.append((mac, entry.vtep, "permanent" if entry.used is None else "learned"))
        return rows

    def _entry(self, mac: str, now: int) -> _Entry | None:
        """The entry for ``mac``, unless it is too old."""
        entry = self._forwarding.get(mac)
        if entry is not None and entry.used is not None and now - entry.used >= AGEING:
            del self._forwarding[mac]
            return None
        return entry

    def _program(self, key: str, now: int) -> None:
        """Make a record effective, as far as the kernel lets one.

        Unless it is replaced, an entry for the MAC that is there already, such as one learned from
        a frame that was faster than the record, stays: adding the permanent one fails, and nobody
        tries again.
        """
        record = self._peers[key]
        self._programmed[record.endpoint_ip] = key
        if self._replaces or self._entry(record.mac, now) is None:
            self._forwarding[record.mac] = _Entry(record.vtep, None)
