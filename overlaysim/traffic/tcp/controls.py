"""The congestion controls by name."""

from __future__ import annotations

from overlaysim.traffic.tcp.congestion import CongestionControl
from overlaysim.traffic.tcp.cubic import Cubic
from overlaysim.traffic.tcp.newreno import NewReno
from overlaysim.traffic.tcp.settings import TcpSettings


def congestion_control(settings: TcpSettings, mss: int) -> CongestionControl:
    """Make the congestion control that the settings name."""
    if settings.congestion_control == "newreno":
        return NewReno(mss, settings.initial_window)
    return Cubic(mss, settings.initial_window, hystart=settings.hystart)
