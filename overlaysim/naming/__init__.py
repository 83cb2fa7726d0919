"""Names on overlay networks: records, what they mean, and what the resolver answers."""

from overlaysim.naming.records import EndpointRecord
from overlaysim.naming.resolver import Resolution, resolve
from overlaysim.naming.view import Change, NameView

__all__ = ["Change", "EndpointRecord", "NameView", "Resolution", "resolve"]
