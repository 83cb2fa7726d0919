"""Encapsulations side by side: calculated, simulated, and shown as tables and figures.

from overlaysim.compare import compare

result = compare("vxlan", "wireguard", sizes=[64, 512, 1400])
"""

from overlaysim.compare.comparison import Comparison
from overlaysim.compare.run import carry_out, compare
from overlaysim.compare.settings import Settings, read_settings

__all__ = ["Comparison", "Settings", "carry_out", "compare", "read_settings"]
