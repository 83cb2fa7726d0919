"""Asking a silent peer whether it is still there (RFC 9293 section 3.8.4)."""

from __future__ import annotations

from enum import Enum

from overlaysim.traffic.tcp.sequence import NEVER
from overlaysim.traffic.tcp.settings import TcpSettings


class Silence(Enum):
    """What to do about a silent peer."""

    WAIT = "wait"
    PROBE = "probe"
    GIVE_UP = "give up"


class Keepalive:
    """Counts silence and probes.

    Attributes:
        heard: when the peer was last heard of, picoseconds.
        due: when to look, picoseconds.
    """

    __slots__ = ("_probes", "_settings", "due", "heard")

    def __init__(self, settings: TcpSettings, now: int) -> None:
        self._settings = settings
        self._probes = 0
        self.heard = now
        self.due = now + settings.keepalive_time if settings.keepalive else NEVER

    def on_timer(self, now: int, *, outstanding: bool) -> Silence:
        """:attr:`due` has come; what is ``outstanding`` is the business of retransmission."""
        settings = self._settings
        if now - self.heard < settings.keepalive_time:
            self._probes = 0
            self.due = self.heard + settings.keepalive_time
            return Silence.WAIT
        if outstanding:
            self.due = now + settings.keepalive_time
            return Silence.WAIT
        if self._probes >= settings.keepalive_probes:
            self.due = NEVER
            return Silence.GIVE_UP
        self._probes += 1
        self.due = now + settings.keepalive_interval
        return Silence.PROBE
