"""The lines that iperf3 prints (esnet/iperf ``src/iperf_locale.c``, ``src/units.c``)."""

from __future__ import annotations

from dataclasses import dataclass

from overlaysim.traffic.iperf.control import Datagrams
from overlaysim.units import MS, SECOND

DASHES = "-" * 59
SEPARATOR = "- " * 24 + "-"
HEAD = "[ ID] Interval           Transfer     Bitrate"
HEAD_RETR = f"{HEAD}         Retr"
HEAD_CWND = f"{HEAD_RETR}  Cwnd"
HEAD_UDP = f"{HEAD}         Jitter    Lost/Total Datagrams"
HEAD_UDP_SENT = f"{HEAD}         Total Datagrams"


@dataclass(frozen=True, slots=True)
class Span:
    """What one stream, or all of them, did in a part of the test.

    Attributes:
        name: ``[  5]`` or ``[SUM]``.
        start, end: picoseconds since the beginning of the test.
        size: bytes.
        retransmissions: of the sender; None at a receiver.
        window: the congestion window in bytes at the end; None if it is not to be shown.
        datagrams: of a UDP test.
    """

    name: str
    start: int
    end: int
    size: int
    retransmissions: int | None = None
    window: int | None = None
    datagrams: Datagrams | None = None

    def line(self, role: str = "") -> str:
        """The line of an interval, or with ``role`` (sender, receiver) of the summary."""
        line = self._start_of_line
        if self.datagrams is not None:
            lost, total = self.datagrams.lost, self.datagrams.total
            share = f"{100 * lost / total if total else 0:.2g}"
            jitter = self.datagrams.jitter / MS
            return f"{line}  {jitter:5.3f} ms  {lost}/{total} ({share}%)  {role}"
        if self.retransmissions is None:
            return f"{line}                  {role}"
        if self.window is None:
            return f"{line}  {self.retransmissions:3}             {role}"
        return f"{line}  {self.retransmissions:3}   {_bytes(self.window)}       {role}"

    def sent_line(self) -> str:
        """The line of an interval at the sender of a UDP test."""
        total = 0 if self.datagrams is None else self.datagrams.total
        return f"{self._start_of_line}  {total}  "

    @property
    def _start_of_line(self) -> str:
        lasted = self.end - self.start
        rate = self.size * 8 * SECOND / lasted if lasted else 0.0
        begin = f"{self.name} {self.start / SECOND:6.2f}-{f'{self.end / SECOND:.2f}':<6} sec"
        return f"{begin}  {_bytes(self.size)}  {_bits(rate)}/sec"


def stream_name(index: int) -> str:
    """What a stream is called: its socket, the first 5, with a number of its own in between."""
    return f"[{5 + 2 * index:3}]"


def _bytes(number: float) -> str:
    return _scaled(number, 1024, ("Bytes", "KBytes", "MBytes", "GBytes", "TBytes"))


def _bits(number: float) -> str:
    return _scaled(number, 1000, ("bits", "Kbits", "Mbits", "Gbits", "Tbits"))


def _scaled(number: float, base: int, units: tuple[str, ...]) -> str:
    """A number with three digits and its unit (``unit_snprintf`` with format A)."""
    step = 0
    while number >= base and step < len(units) - 1:
        number, step = number / base, step + 1
    digits = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:4.{digits}f} {units[step]}"
