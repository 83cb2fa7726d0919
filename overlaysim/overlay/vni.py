"""VXLAN network identifiers."""

from __future__ import annotations

from overlaysim.errors import InputError, ModelError
from overlaysim.overlay.pool_errors import AddressInUse, PoolExhausted
from overlaysim.overlay.serial import SerialPool


class VniPool:
    """Hands out VNIs one after the other.

    They begin at 4096 so that they cannot be taken for VLAN identifiers (moby
    ``daemon/libnetwork/drivers/overlay/ovmanager/ovmanager.go``).
    """

    def __init__(self, first: int = 4096, last: int = 16_777_215) -> None:
        self._pool = SerialPool(first, last)

    def allocate(self) -> int:
        """Return the next free VNI; raises :class:`PoolExhausted`."""
        vni = self._pool.allocate()
        if vni is None:
            raise PoolExhausted(f"all VNIs from {self._pool.first} to {self._pool.last} are in use")
        return vni

    def request(self, vni: int) -> int:
        """Take a certain VNI (network option ``…vxlanid_list``) and return it.

        Raises :class:`InputError` if it has more than 24 bits, :class:`AddressInUse` if taken.
        """
        if not 0 <= vni < 1 << 24:
            raise InputError(f"{vni} is not a VNI; write a number from 0 to {(1 << 24) - 1}")
        if not self._pool.take(vni):
            raise AddressInUse(f"the VNI {vni} is in use")
        return vni

    def release(self, vni: int) -> None:
        """Give a VNI back; raises :class:`ModelError` if nobody had it."""
        if not self._pool.release(vni):
            raise ModelError(f"the VNI {vni} was released but nobody had it")
