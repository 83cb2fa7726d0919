"""What iperf3's client and server say on the control connection (esnet/iperf ``src/iperf_api.h``).

States are one byte, a cookie 37; parameters and results are JSON behind a length of four bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from overlaysim.units import SECOND


class State(Enum):
    """The states that one side tells the other."""

    TEST_START = 1
    TEST_RUNNING = 2
    TEST_END = 4
    PARAM_EXCHANGE = 9
    CREATE_STREAMS = 10
    EXCHANGE_RESULTS = 13
    DISPLAY_RESULTS = 14
    IPERF_DONE = 16
    ACCESS_DENIED = -1

    @property
    def length(self) -> int:
        """Bytes on the wire."""
        return 1


@dataclass(frozen=True, slots=True)
class Cookie:
    """The first that a connection says: which test it belongs to."""

    test: str

    @property
    def length(self) -> int:
        """Bytes on the wire."""
        return 37


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the client wants done; names as in :class:`~overlaysim.traffic.iperf.options`."""

    time: int
    size: int
    block: int
    streams: int
    reverse: bool
    window: int | None
    mss: int | None
    congestion: str
    rate: int = 0
    """Bit/s of a UDP test; 0 for TCP."""

    @property
    def length(self) -> int:
        """Bytes on the wire."""
        words: dict[str, Any] = {
            "udp" if self.rate else "tcp": True, "omit": 0,
            "time": 0 if self.size else self.time // SECOND,
            "num": self.size, "blockcount": 0, "parallel": self.streams, "len": self.block,
            "pacing_timer": 1000, "client_version": "3.12",
        }  # fmt: skip
        given = {
            "MSS": self.mss, "window": self.window, "congestion": self.congestion,
            "reverse": self.reverse, "bandwidth": self.rate,
        }  # fmt: skip
        return _json_length({**words, **{key: value for key, value in given.items() if value}})


@dataclass(frozen=True, slots=True)
class Datagrams:
    """What became of the datagrams of a stream; ``jitter`` is in picoseconds."""

    jitter: int
    lost: int
    total: int


@dataclass(frozen=True, slots=True)
class Results:
    """What one side has counted.

    Attributes:
        lasted: picoseconds from the beginning of its test to the end.
        sizes: bytes of each stream.
        retransmissions: of each stream; -1 at a receiver.
        datagrams: of each stream of a UDP test; none of TCP.
    """

    lasted: int
    sizes: tuple[int, ...]
    retransmissions: tuple[int, ...]
    datagrams: tuple[Datagrams, ...] = ()

    @property
    def length(self) -> int:
        """Bytes on the wire."""
        none = (Datagrams(0, 0, 0),) * len(self.sizes)
        rows = zip(self.sizes, self.retransmissions, self.datagrams or none, strict=True)
        streams = [
            {
                "id": number, "bytes": size, "retransmits": again,
                "jitter": told.jitter / SECOND, "errors": told.lost, "packets": told.total,
                "start_time": 0, "end_time": self.lasted / SECOND,
            }
            for number, (size, again, told) in enumerate(rows, 1)
        ]  # fmt: skip
        return _json_length({
            "cpu_util_total": 0, "cpu_util_user": 0, "cpu_util_system": 0,
            "sender_has_retransmits": int(max(self.retransmissions) >= 0), "streams": streams,
        })  # fmt: skip


Said = State | Cookie | Parameters | Results
"""Everything that is said on the control connection."""


def _json_length(words: Mapping[str, Any]) -> int:
    return 4 + len(json.dumps(words, separators=(",", ":")))
