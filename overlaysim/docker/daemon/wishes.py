"""What a container was made for: the networks that it joins at every start, and its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from overlaysim.docker.api import Json


@dataclass(frozen=True, slots=True)
class EndpointWish:
    """How a container wants to be in one network; empty fields are left to the network.

    Attributes:
        address, mac: as in ``--ip`` and ``--mac-address``.
    """

    aliases: tuple[str, ...] = ()
    address: str = ""
    mac: str = ""

    @staticmethod
    def read(settings: Json | None) -> EndpointWish:
        """Read an EndpointSettings object of the API."""
        given = settings or {}
        addresses = given.get("IPAMConfig") or {}
        return EndpointWish(
            tuple(given.get("Aliases") or ()),
            addresses.get("IPv4Address") or "",
            given.get("MacAddress") or "",
        )


@dataclass(slots=True)
class Wish:
    """What a container was made for.

    Attributes:
        mode: the network it was created for; ``bridge`` unless it names one.
        endpoints: its networks, in the order of joining; connect and disconnect change them.
        auto_remove: whether it disappears when it ends.
        sysctls: settings of its kernel namespace by name.
    """

    mode: str = "bridge"
    endpoints: dict[str, EndpointWish] = field(default_factory=dict)
    auto_remove: bool = False
    sysctls: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def read(body: Json) -> Wish:
        """Read the body of POST /containers/create."""
        host = body.get("HostConfig") or {}
        mode = host.get("NetworkMode") or "bridge"
        if mode == "default":
            mode = "bridge"
        settings: Json = (body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
        names = dict.fromkeys((mode, *settings))
        endpoints = {name: EndpointWish.read(settings.get(name)) for name in names}
        endpoints.pop("none", None)
        return Wish(mode, endpoints, bool(host.get("AutoRemove")), host.get("Sysctls") or {})

    def rename(self, old: str, new: str) -> None:
        """A network was asked for by its id: keep it by its name, in its place."""
        self.endpoints = {
            new if name == old else name: wish for name, wish in self.endpoints.items()
        }
