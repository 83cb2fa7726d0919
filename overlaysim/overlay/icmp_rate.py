"""How often a host sends ICMP errors: to each other host once a second, after a few at once."""

from __future__ import annotations

from overlaysim.units import SECOND

INTERVAL = SECOND
"""``net.ipv4.icmp_ratelimit``, 1000 ms."""
BURST = 6
"""How many may follow one another at once (Linux ``net/ipv4/inetpeer.c``, XRLIM_BURST_FACTOR)."""


class ErrorLimit:
    """One token bucket for each peer (``inet_peer_xrlim_allow``); it is full at first."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[int, int]] = {}  # what is in it (picoseconds), since when

    def allows(self, peer: str, now: int) -> bool:
        """Whether an error may be sent to ``peer`` now; if so, it counts as sent."""
        tokens, last = self._buckets.get(peer, (BURST * INTERVAL, now))
        tokens = min(tokens + now - last, BURST * INTERVAL)
        allowed = tokens >= INTERVAL
        self._buckets[peer] = (tokens - INTERVAL * allowed, now)
        return allowed
