"""iperf3: how fast a connection is (esnet/iperf ``src/``, 3.12 and later).

The client and the server speak over a control connection, as the originals do: parameters, the
streams, start and end of the test, and at the end each tells the other what it has counted.
"""

from overlaysim.traffic.iperf.client import IperfClient
from overlaysim.traffic.iperf.command import iperf3
from overlaysim.traffic.iperf.server import IperfServer

__all__ = ["IperfClient", "IperfServer", "iperf3"]
