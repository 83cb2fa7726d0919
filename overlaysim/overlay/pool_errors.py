"""What can go wrong when something is handed out."""

from __future__ import annotations

from overlaysim.errors import OverlaysimError


class PoolExhausted(OverlaysimError):  # noqa: N818 - the state of a pool
    """Nothing is left to hand out."""


class AddressInUse(OverlaysimError):  # noqa: N818 - the state of an address
    """The address, subnet or VNI that was asked for is taken or reserved."""
