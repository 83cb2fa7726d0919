"""The one exception of this room."""

from __future__ import annotations

from overlaysim.errors import OverlaysimError


class MalformedPacket(OverlaysimError):  # noqa: N818 - reads as what it is, a state of data
    """Bytes that are not the packet they claim to be, or header values that no wire can carry."""
