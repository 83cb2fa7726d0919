"""``iperf3`` as it is typed."""

from __future__ import annotations

from collections.abc import Sequence

from overlaysim.traffic.idle import Print
from overlaysim.traffic.iperf.client import IperfClient
from overlaysim.traffic.iperf.options import SHORT_USAGE, USAGE, parse_arguments
from overlaysim.traffic.iperf.server import IperfServer
from overlaysim.traffic.options import UsageError
from overlaysim.traffic.program import Program


def iperf3(arguments: Sequence[str], cookie: str) -> Program:
    """Make the program of a command line; ``cookie`` tells a client's test from others."""
    try:
        options = parse_arguments(arguments)
    except UsageError as error:
        usage = SHORT_USAGE if error.show_usage else ()
        return Print((), (f"iperf3: {error}", *usage), 1)
    if options is None:
        return Print(USAGE)
    return IperfClient(options, cookie) if options.host else IperfServer(options)
