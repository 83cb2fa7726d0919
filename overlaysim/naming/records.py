"""What hosts tell each other about names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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

    def size(self) -> int:
        """Bytes as protobuf (moby ``daemon/libnetwork/agent.proto``, EndpointRecord).

        Fields 1 to 5 and 7 to 9: one byte of tag each. Of the single ones, empty strings and a
        false flag are left out. Field 6 holds published ports, which only the ingress network has.
        """
        single = (
            self.name, self.service_name, self.service_id, self.virtual_ip or _NO_ADDRESS,
            self.endpoint_ip,
        )  # fmt: skip
        strings = [text for text in single if text] + [*self.aliases, *self.task_aliases]
        return sum(map(_string_size, strings)) + 2 * self.disabled


def _string_size(text: str) -> int:
    """Tag, length as a varint of seven bits to the byte, and the text."""
    length = len(text.encode())
    return 1 + max(1, (length.bit_length() + 6) // 7) + length
