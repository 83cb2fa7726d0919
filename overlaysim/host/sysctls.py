"""The ``net.ipv4.tcp_*`` settings of a container, as ``docker run --sysctl`` gives them.

Linux ``net/ipv4/sysctl_net_ipv4.c``; those that are not here are not simulated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from overlaysim.errors import InputError, nearest
from overlaysim.traffic.socket_messages import ALGORITHMS
from overlaysim.traffic.tcp import TcpSettings
from overlaysim.units import SECOND

_LARGEST = 2**31 - 1


class SysctlError(ValueError):
    """A setting that does not exist, or a value that it cannot have; with runc's words."""


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > _LARGEST:
        raise ValueError
    return int(text)


def _switch(text: str) -> bool:
    return _number(text) != 0


def _seconds(text: str) -> int:
    return _number(text) * SECOND


def _algorithm(text: str) -> str:
    return ALGORITHMS[text]


def _largest_buffer(text: str) -> int:
    """The third of ``min default max``; the buffer of a connection grows up to it."""
    numbers = [_number(word) for word in text.split()]
    if len(numbers) != 3:
        raise ValueError
    return numbers[2]


_SETTINGS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "tcp_base_mss": ("base_mss", _number),
    "tcp_congestion_control": ("congestion_control", _algorithm),
    "tcp_keepalive_intvl": ("keepalive_interval", _seconds),
    "tcp_keepalive_probes": ("keepalive_probes", _number),
    "tcp_keepalive_time": ("keepalive_time", _seconds),
    "tcp_mtu_probing": ("black_hole_detection", _switch),
    "tcp_recovery": ("rack", _switch),
    "tcp_retries1": ("black_hole_after", _number),
    "tcp_retries2": ("retries", _number),
    "tcp_rmem": ("receive_buffer", _largest_buffer),
    "tcp_sack": ("sack", _switch),
    "tcp_slow_start_after_idle": ("slow_start_after_idle", _switch),
    "tcp_syn_retries": ("syn_retries", _number),
    "tcp_synack_retries": ("syn_ack_retries", _number),
    "tcp_timestamps": ("time_stamps", _switch),
    "tcp_window_scaling": ("window_scaling", _switch),
}
"""Name behind ``net.ipv4.`` -> attribute of :class:`TcpSettings`, and how its value is read."""
_PREFIX = "net.ipv4."


def read_sysctls(values: Mapping[str, str]) -> TcpSettings:
    """Return the TCP settings that these make.

    Raises:
        SysctlError: there is no such setting here, or it cannot have that value.
    """
    changes: dict[str, Any] = {}
    for name, value in values.items():
        known = _SETTINGS.get(name.removeprefix(_PREFIX)) if name.startswith(_PREFIX) else None
        if known is None:
            names = [f"{_PREFIX}{each}" for each in _SETTINGS]
            hint = nearest(name, names) or f"; simulated are {', '.join(names)}"
            raise SysctlError(f"open {_path(name)}: no such file or directory{hint}")
        field, read = known
        try:
            changes[field] = read(value)
            replace(TcpSettings(), **{field: changes[field]})
        except KeyError:
            choices = ", ".join(ALGORITHMS)
            raise SysctlError(
                f"write {_path(name)}: no such file or directory{nearest(value, ALGORITHMS)}; "
                f"simulated are {choices}"
            ) from None
        except (ValueError, InputError):
            raise SysctlError(f"write {_path(name)}: invalid argument") from None
    return replace(TcpSettings(), **changes)


def _path(name: str) -> str:
    return f"/proc/sys/{name.replace('.', '/')}"
