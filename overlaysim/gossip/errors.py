"""What a gossip node refuses to do for its host."""

from __future__ import annotations

from overlaysim.errors import OverlaysimError


class GossipError(OverlaysimError):
    """A local call that does not fit the state of the node."""


class NetworkError(GossipError):
    """A network is joined twice, or used without being joined."""


class NodeUnknownError(GossipError):
    """A node is named that was never heard of."""


class EntryError(GossipError):
    """An entry cannot be written; nothing was changed."""


class EntryExistsError(EntryError):
    """Create: somebody holds a live entry under this key."""


class EntryAbsentError(EntryError):
    """Update, delete or read: nothing is known under this key."""


class EntryDeletedError(EntryError):
    """Update, delete or read: only a tombstone is left under this key."""
