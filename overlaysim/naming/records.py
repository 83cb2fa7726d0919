"""What hosts tell each other about names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from overlaysim.gossip.protobuf import embedded_field, integer_field, text_field

_NO_ADDRESS = "<nil>"
"""How Go prints an empty address, which is what travels for want of a virtual IP."""


@dataclass(frozen=True, slots=True)
class EndpointRecord:
    """One entry of ``endpoint_table``; its key is the endpoint's id.

    Attributes:
        name: the container's name; the first of its DNS names.
        endpoint_ip: its address on the network.
        service_name: of the service it is a task of; empty for a standalone container.
        service_id: likewise.
        virtual_ip: of the service; empty in dnsrr mode and for standalone containers.
        aliases: further names of the service.
        task_aliases: further names of the container: network aliases, short id, hostname.
        disabled: whether the task is about to go and shall get no new connections.
    """

    name: str
    endpoint_ip: str
    service_name: str = ""
    service_id: str = ""
    virtual_ip: str = ""
    aliases: tuple[str, ...] = ()
    task_aliases: tuple[str, ...] = ()
    disabled: bool = False

    def answers(self) -> Iterator[tuple[str, str]]:
        """Yield every (name, address) that this record alone makes its network answer.

        The virtual IP stays while the task exists, disabled or not; all else goes when it is
        disabled, the container's own names included (moby
        ``daemon/libnetwork/service_common.go``: deleteEndpointNameResolution).
        """
        if not self.disabled:
            for name in (self.name, *self.task_aliases):
                yield name, self.endpoint_ip
        if not self.service_name:
            return
        for name in (self.service_name, *self.aliases):
            if self.virtual_ip:
                yield name, self.virtual_ip
            if not self.disabled:
                yield f"tasks.{name}", self.endpoint_ip
                if not self.virtual_ip:
                    yield name, self.endpoint_ip

    def encode(self) -> bytes:
        """Its bytes in the table (moby ``daemon/libnetwork/agent.proto``, EndpointRecord).

        Field 6 holds published ports, which only the ingress network has.
        """
        return (
            text_field(1, self.name)
            + text_field(2, self.service_name)
            + text_field(3, self.service_id)
            + text_field(4, self.virtual_ip or _NO_ADDRESS)
            + text_field(5, self.endpoint_ip)
            + b"".join(embedded_field(7, alias.encode()) for alias in self.aliases)
            + b"".join(embedded_field(8, alias.encode()) for alias in self.task_aliases)
            + integer_field(9, self.disabled)
        )
