"""The small files that Docker writes into a container, and what programs look up in them."""

from __future__ import annotations

from overlaysim.host.container import Container

HOSTS_HEADER = (
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::\tip6-localnet",
    "ff00::\tip6-mcastprefix",
    "ff02::1\tip6-allnodes",
    "ff02::2\tip6-allrouters",
)


def hosts_file(container: Container) -> list[str]:
    """``/etc/hosts``: the usual lines, extra hosts, and its own addresses except the gateway's."""
    extra = [
        f"{address}\t{name}"
        for name, _, address in (entry.partition(":") for entry in container.extra_hosts)
    ]
    own = [
        f"{attachment.interface.address}\t{container.hostname}"
        for attachment in container.attachments
        if attachment.info.name != "docker_gwbridge"
    ]
    return [*HOSTS_HEADER, *extra, *own]


def listed_address(container: Container, name: str) -> str | None:
    """Return the first IPv4 address that ``/etc/hosts`` gives a name; None if it has none.

    Programs look there before they ask the resolver, as C libraries do.
    """
    wanted = name.removesuffix(".").lower()
    for line in hosts_file(container):
        address, *names = line.lower().split()
        if wanted in names and ":" not in address:
            return address
    return None


def resolv_conf(container: Container) -> list[str]:
    """``/etc/resolv.conf``: the embedded server, except on the default bridge network."""
    if any(a.info.name not in ("bridge", "docker_gwbridge") for a in container.attachments):
        return ["nameserver 127.0.0.11", "options ndots:0"]
    return ["# the default bridge network has no embedded DNS server"]


def read(container: Container, path: str) -> list[str] | None:
    """Return the lines of a file; None if the container has no such file."""
    if path == "/etc/hosts":
        return hosts_file(container)
    if path == "/etc/resolv.conf":
        return resolv_conf(container)
    return [container.hostname] if path == "/etc/hostname" else None
