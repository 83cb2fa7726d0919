"""What can be asked for on the command line; nothing is imported, so that it is quick to offer."""

from __future__ import annotations

EXPERIMENTS = ("create", "delete", "burst", "crash", "join", "partition", "late_join", "idle")
PROFILES = ("lan", "wan", "local")

MOST_NODES = 1000
MOST_RUNS = 10_000
MOST_LOSS = 90.0
"""Percent; with more, hardly any handshake ever gets through."""
LONGEST_LATENCY = 1000.0
"""Milliseconds."""
LARGEST_BURST = 10_000
LONGEST_DURATION = 86_400.0
"""Seconds."""
