"""What the manager checks in the ports that a service publishes; they have no further effect.

Source: moby/swarmkit ``manager/controlapi/service.go`` (validateEndpointSpec,
checkPortConflicts).
"""

from __future__ import annotations

from collections.abc import Iterable

from overlaysim.cluster.records import Service
from overlaysim.docker.api import ApiError, Json

_INVALID = "rpc error: code = InvalidArgument desc = "
Key = tuple[int, str]
"""Number and protocol of a published port."""


def check_ports(endpoint: Json, others: Iterable[Service]) -> None:
    """Check the ports of a service's ``EndpointSpec`` against those of the other services.

    Raises:
        ApiError: 400, a port goes through the routing mesh although the service has no virtual IP,
            or two services want the same one.
    """
    by_mode = {mode: _published(endpoint, mode) for mode in ("ingress", "host")}
    meshed = any(_mode(port) == "ingress" for port in endpoint.get("Ports") or ())
    if meshed and endpoint.get("Mode") == "dnsrr":
        raise ApiError(
            400,
            f"{_INVALID}EndpointSpec: port published with ingress mode can't be used with dnsrr "
            "mode",
        )
    for service in others:
        theirs = service.spec.document.get("EndpointSpec") or {}
        # Two services may publish one port on the hosts; the scheduler keeps them apart.
        _refuse(by_mode["ingress"], theirs, "ingress", service)
        _refuse(by_mode["ingress"], theirs, "host", service)
        _refuse(by_mode["host"], theirs, "ingress", service)


def _refuse(wanted: set[Key], theirs: Json, mode: str, service: Service) -> None:
    taken = min(wanted & _published(theirs, mode), default=None)
    if taken is not None:
        article = "an ingress" if mode == "ingress" else "a host-published"
        raise ApiError(
            400,
            f"{_INVALID}port '{taken[0]}' is already in use by service '{service.spec.name}' "
            f"({service.id}) as {article} port",
        )


def _published(endpoint: Json, mode: str) -> set[Key]:
    return {
        (port["PublishedPort"], port.get("Protocol") or "tcp")
        for port in endpoint.get("Ports") or ()
        if _mode(port) == mode and port.get("PublishedPort")
    }


def _mode(port: Json) -> str:
    return port.get("PublishMode") or "ingress"
