"""The overlay network itself: addresses, peers, the tunnel device, flows and fragments."""

from overlaysim.overlay.addresses import mac_for
from overlaysim.overlay.flow import flow_hash, source_port, underlay_hash
from overlaysim.overlay.fragments import fragment
from overlaysim.overlay.ipam import AddressPool, SubnetPool
from overlaysim.overlay.mtu import overlay_mtu
from overlaysim.overlay.peers import PeerRecord
from overlaysim.overlay.pool_errors import AddressInUse, PoolExhausted
from overlaysim.overlay.reassembly import Reassembler
from overlaysim.overlay.vni import VniPool
from overlaysim.overlay.vtep import Vtep

__all__ = [
    "AddressInUse", "AddressPool", "PeerRecord", "PoolExhausted", "Reassembler",
    "SubnetPool", "VniPool", "Vtep", "flow_hash", "fragment",
    "mac_for", "overlay_mtu", "source_port", "underlay_hash",
]  # fmt: skip
