"""Proportional rate reduction (RFC 6937): how a window shrinks while losses are repaired.

Cutting the window at once silences the sender for half a round trip, and lets it burst when many
losses are found together. Here what is sent follows what arrives: less than that while more is in
the network than should be, and never more (the RFC's slow start reduction bound).
"""

from __future__ import annotations


class RateReduction:
    """One fast recovery; bytes.

    Args:
        flight: outstanding when it began (``RecoverFS``).
        ssthresh: the window to end with.
        mss: payload of a full segment.
        sent: bytes sent in all until then.
    """

    __slots__ = ("_began", "_delivered", "_flight", "_mss", "_ssthresh")

    def __init__(self, flight: int, ssthresh: int, mss: int, sent: int) -> None:
        self._flight = flight
        self._ssthresh = ssthresh
        self._mss = mss
        self._began = sent
        self._delivered = 0

    def window(self, delivered: int, pipe: int, sent: int, *, safe: bool) -> int:
        """The window after an acknowledgement (section 3.1).

        Args:
            delivered: bytes that it tells of, selectively or not.
            pipe: bytes in the network now.
            sent: bytes sent in all, copies counted.
            safe: whether it moved forward and nothing more turned out to be lost; then slow start
                is allowed (``net/ipv4/tcp_input.c:tcp_cwnd_reduction`` of torvalds/linux).
        """
        self._delivered += delivered
        out = sent - self._began
        if pipe > self._ssthresh:
            allowed = -(-self._delivered * self._ssthresh // self._flight) - out
        else:
            allowed = max(self._delivered - out, delivered) + (self._mss if safe else 0)
            allowed = min(allowed, self._ssthresh - pipe)
        return pipe + max(allowed, 0 if out else self._mss)
