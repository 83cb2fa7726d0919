"""Network namespaces from Python: made and removed, entered for a moment, their links and sockets.

Traffic never leaves them: they are joined to each other by veth pairs and to nothing else.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count

_CLONE_NEWNET = 0x4000_0000
_ETH_P_ALL = 3
_SIOCETHTOOL = 0x8946
_OFFLOADS = (0x15, 0x17, 0x1F, 0x24, 0x2C)
"""``ethtool`` commands that set: checksums in and out, TCP segmentation, GSO, GRO."""

_numbers = count()


@cache
def missing() -> str:
    """Why this machine cannot have a VXLAN device in a namespace; empty if it can."""
    if sys.platform != "linux":
        return "network namespaces are Linux's"
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "iproute2 (ip) is not installed"
    try:
        with namespaces(1) as (only,):
            only.ip("link add vx0 type vxlan id 1 dstport 4789")
    except subprocess.CalledProcessError as error:
        return f"no VXLAN device in a namespace: {error.stderr.strip()}"
    return ""


class Namespace:
    """One network namespace, by name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def ip(self, command: str) -> str:
        """Run an ``ip`` command here and return what it prints."""
        return _run("ip", "-n", self.name, *command.split())

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let this thread be here for a moment: what sockets it opens stay here."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.name}") as here:
            _setns(libc, here.fileno())
            try:
                yield
            finally:
                _setns(libc, home.fileno())

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """Open a socket here; it gives up waiting after five seconds."""
        with self.entered():
            opened = socket.socket(family, kind, protocol)
        opened.settimeout(5)
        return opened

    def wire(self, device: str) -> socket.socket:
        """Open a socket that hears and sends whole frames at a device."""
        raw = self.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        raw.bind((device, _ETH_P_ALL))
        return raw

    def plain(self, device: str) -> None:
        """Turn a device's offloads off: frames then carry what they would on a wire."""
        import fcntl  # not everywhere; where it is missing, no test comes this far

        with self.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            for command in _OFFLOADS:
                value = ctypes.create_string_buffer(struct.pack("II", command, 0))
                request = struct.pack("16sP", device.encode(), ctypes.addressof(value))
                try:
                    fcntl.ioctl(control, _SIOCETHTOOL, request)
                except OSError:
                    continue  # the device never had it


@contextmanager
def namespaces(number: int) -> Iterator[list[Namespace]]:
    """Make namespaces with names of their own, and remove them with all that is in them."""
    made: list[Namespace] = []
    try:
        for _ in range(number):
            name = f"overlaysim-{os.getpid()}-{next(_numbers)}"
            _run("ip", "netns", "add", name)
            made.append(Namespace(name))
            made[-1].ip("link set lo up")
        yield made
    finally:
        for namespace in made:
            _run("ip", "netns", "delete", namespace.name)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _setns(libc: ctypes.CDLL, descriptor: int) -> None:
    if libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
