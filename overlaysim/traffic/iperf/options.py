"""The command line of iperf3 (esnet/iperf ``src/iperf_api.c``, iperf_parse_arguments)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from overlaysim.errors import nearest
from overlaysim.traffic.options import (
    UsageError,
    duration,
    parse_options,
    port_number,
    shorten,
    whole_number,
)
from overlaysim.traffic.socket_messages import ALGORITHMS
from overlaysim.units import SECOND

PORT = 5201
BLOCK = 128 * 1024
"""Bytes of one write (DEFAULT_TCP_BLKSIZE)."""
LONGEST_DATAGRAM = 65_507
MOST_STREAMS = 128
LONGEST = 86_400
SHORT_USAGE = (
    "",
    "Usage: iperf3 [-s|-c host] [options]",
    "Try `iperf3 --help' for more information.",
)
USAGE = (
    "Usage: iperf3 [-s|-c host] [options]",
    "",
    "Server or Client:",
    "  -p, --port      #         server port to listen on/connect to",
    "  -i, --interval  #         seconds between periodic throughput reports",
    "Server specific:",
    "  -s, --server              run in server mode",
    "  -D, --daemon              run the server as a daemon",
    "  -1, --one-off             handle one client connection then exit",
    "Client specific:",
    "  -c, --client    <host>    run in client mode, connecting to <host>",
    "  -t, --time      #         time in seconds to transmit for (default 10 secs)",
    "  -n, --bytes     #[KMG]    number of bytes to transmit (instead of -t)",
    "  -u, --udp                 use UDP rather than TCP",
    "  -b, --bitrate   #[KMG]    target bitrate of UDP in bits/sec (default 1 Mbit/sec)",
    "  -l, --length    #[KMG]    length of buffer to write (default 128 KB, for UDP the MSS)",
    "  -P, --parallel  #         number of parallel client streams to run",
    "  -R, --reverse             run in reverse mode (server sends, client receives)",
    "  -w, --window    #[KMG]    set the receiver's socket buffer size",
    "  -C, --congestion <algo>   set TCP congestion control algorithm (cubic or reno)",
    "  -M, --set-mss   #         set TCP maximum segment size (MTU - 40 bytes)",
)
_LONG = {
    "--port": "-p", "--interval": "-i", "--server": "-s", "--daemon": "-D", "--one-off": "-1",
    "--client": "-c", "--time": "-t", "--bytes": "-n", "--length": "-l", "--parallel": "-P",
    "--reverse": "-R", "--window": "-w", "--congestion": "-C", "--set-mss": "-M", "--help": "-h",
    "--udp": "-u", "--json": "-J", "--bitrate": "-b", "--version4": "-4", "--format": "-f",
    "--forceflush": "-q", "--no-delay": "-N",
}  # fmt: skip
_SERVER_ONLY, _CLIENT_ONLY = "D1", "tnlPRwCMub"


@dataclass(frozen=True, slots=True)
class IperfOptions:
    """What the command line said.

    Attributes:
        host: of the server; empty for a server.
        time: how long to send, picoseconds; not used with ``size``.
        size: how many bytes to send instead; 0 for none.
        interval: between reports, picoseconds; 0 for none.
        block: bytes of one write or datagram; 0 for the default.
        window: bytes of the receivers' buffers; None for the default.
        mss: payload bytes of a segment at most; None for what the path carries.
        congestion: empty for the container's own algorithm.
        rate: bit/s of each stream of a UDP test; 0 for TCP.
    """

    host: str = ""
    port: int = PORT
    interval: int = SECOND
    one_off: bool = False
    daemon: bool = False
    time: int = 10 * SECOND
    size: int = 0
    block: int = 0
    streams: int = 1
    reverse: bool = False
    window: int | None = None
    mss: int | None = None
    congestion: str = ""
    rate: int = 0


def parse_arguments(arguments: Sequence[str]) -> IperfOptions | None:
    """Read iperf3's arguments; None if they ask for help. Raises :class:`UsageError`."""
    options, operands = parse_options(
        shorten(arguments, _LONG), "p:i:sD1c:t:n:l:P:Rw:C:M:hu4f:Nb:JVq"
    )
    if "h" in options:
        return None
    _check(options, operands)
    return IperfOptions(
        host=options.get("c", ""),
        port=port_number(options.get("p", str(PORT))),
        interval=_interval(options.get("i", "1")),
        one_off="1" in options,
        daemon="D" in options,
        time=_time(options.get("t", "10")),
        size=size(options["n"]) if "n" in options else 0,
        block=min(size(options.get("l", "0")), LONGEST_DATAGRAM if "u" in options else 2**20),
        streams=_streams(options.get("P", "1")),
        reverse="R" in options,
        window=size(options["w"]) if "w" in options else None,
        mss=_mss(options["M"]) if "M" in options else None,
        congestion=_algorithm(options.get("C", "")),
        rate=_rate(options.get("b", "1M")) if "u" in options else 0,
    )


def _check(options: dict[str, str], operands: list[str]) -> None:
    if "J" in options:
        raise UsageError("-J: JSON output is not simulated")
    if "b" in options and "u" not in options:
        raise UsageError("-b: a target bitrate is simulated for UDP only")
    if operands:
        raise UsageError(show_usage=True)
    if "s" in options and "c" in options:
        raise UsageError("parameter error - cannot be both server and client", show_usage=True)
    if not options.keys() & {"s", "c"}:
        text = "parameter error - must either be a client (-c) or server (-s)"
        raise UsageError(text, show_usage=True)
    if "s" in options and options.keys() & set(_CLIENT_ONLY):
        text = "parameter error - some option you are trying to set is client only"
        raise UsageError(text, show_usage=True)
    if "c" in options and options.keys() & set(_SERVER_ONLY):
        text = "parameter error - some option you are trying to set is server only"
        raise UsageError(text, show_usage=True)
    if options.keys() >= {"t", "n"}:
        text = "parameter error - only one test end condition (-t, -n, -k) may be specified"
        raise UsageError(text, show_usage=True)


def size(text: str) -> int:
    """Read bytes with a suffix K, M, G of 1024 (``src/units.c``, unit_atoi)."""
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([kKmMgG]?)", text)
    if match is None:
        raise UsageError(f"invalid number '{text}'; write bytes, with K, M or G for 1024 and so on")
    return int(Decimal(match[1]) * 1024 ** " KMG".index(match[2].upper() or " "))


def _rate(text: str) -> int:
    """Read bit/s with a suffix K, M, G of 1000 (``src/units.c``, unit_atof_rate)."""
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([kKmMgG]?)", text)
    rate = int(Decimal(match[1]) * 1000 ** " KMG".index(match[2].upper() or " ")) if match else 0
    if not rate:
        raise UsageError(f"invalid rate '{text}'; write bit/s, with K, M or G for 1000 and so on")
    return rate


def _time(text: str) -> int:
    seconds = duration(text)
    if not 0 < seconds <= LONGEST * SECOND:
        raise UsageError(f"parameter error - test duration valid values are 1 to {LONGEST} seconds")
    return seconds


def _interval(text: str) -> int:
    interval = duration(text)
    if interval and not SECOND // 10 <= interval <= 60 * SECOND:
        text = "parameter error - invalid report interval (min = 0.1, max = 60 seconds)"
        raise UsageError(text, show_usage=True)
    return interval


def _streams(text: str) -> int:
    number = whole_number(text, 10**9)
    if not 0 < number <= MOST_STREAMS:
        raise UsageError(
            f"parameter error - number of parallel streams too large (maximum = {MOST_STREAMS})"
        )
    return number


def _mss(text: str) -> int:
    number = whole_number(text, 9 * 1024)
    if number < 88:  # Linux TCP_MIN_MSS
        raise UsageError("unable to set TCP/SCTP MSS: Invalid argument")
    return number


def _algorithm(name: str) -> str:
    if name and name not in ALGORITHMS:
        raise UsageError(
            "unable to set TCP_CONGESTION: Supplied congestion control algorithm not supported on "
            f"this host{nearest(name, ALGORITHMS)}; there are {', '.join(ALGORITHMS)}"
        )
    return ALGORITHMS.get(name, "")
