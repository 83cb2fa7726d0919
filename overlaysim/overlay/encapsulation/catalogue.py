"""All encapsulations that come with the simulator, in the order of tables."""

from __future__ import annotations

from overlaysim.overlay.encapsulation import carriers, ciphers, geneve, gre, ip, plain, vxlan
from overlaysim.overlay.encapsulation.registry import register

register(
    *plain.ALL,
    vxlan.VXLAN_LINUX, vxlan.GBP, vxlan.GPE_ETHERNET, vxlan.GPE_IP,
    *geneve.ALL,
    gre.NVGRE_FRAME, *gre.ALL,
    *ip.ALL,
    carriers.STT_SINGLE, carriers.L2TP_IP, carriers.L2TP_IP_COOKIE, carriers.L2TP_UDP,
    carriers.GTP, carriers.GTP_SESSION,
    plain.MPLS_1, carriers.MPLS_UDP, carriers.MPLS_UDP_ETHERNET,
    vxlan.EVPN,
    *ciphers.ALL,
)  # fmt: skip
